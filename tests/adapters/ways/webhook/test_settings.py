"""The settings of a webhook in an agreement: what is wrong is said with its line, what is left out has a default."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from adapters.ways import WAYS
from adapters.ways.webhook.endpoint import Endpoint, Format, endpoint_of
from adapters.ways.webhook.system import WebhookSystem
from hub.agreements import AgreementProblem, read_agreement
from tests.adapters.ways.webhook.sample import land, place
from tests.hub.making import CATALOGUE

ROOT = Path(__file__).parents[4]
SHIPPED = (ROOT / "deploy" / "agreements" / "land.yaml").read_text()


def manifest(folder: Path, *settings: str) -> Path:
    """Write the land agreement with a webhook of these settings."""
    file = folder / "land.yaml"
    lines = "".join(f"  {line}\n" for line in settings)
    file.write_text(SHIPPED.replace("  way: sql\n", f"  way: webhook\n  secrets_env: LAND_SECRETS\n{lines}"))
    return file


def test_a_webhook_is_opened_by_its_way() -> None:
    open_ = WAYS["webhook"].open
    assert open_ is not None
    assert isinstance(open_(land("https://land.example/events"), place()), WebhookSystem)


def test_what_is_left_out_has_a_default(tmp_path: Path) -> None:
    agreement = read_agreement(manifest(tmp_path, "url: https://land.example/events"), CATALOGUE)
    endpoint = endpoint_of(agreement)
    assert endpoint == Endpoint("land", endpoint.url, receiver_id="land")
    assert (endpoint.format, endpoint.connections, endpoint.timeout) == (Format.STRUCTURED, 10, 15.0)
    assert (endpoint.where, endpoint.in_one_request) == ("land.example:443", 1)


def test_everything_can_be_set(tmp_path: Path) -> None:
    file = manifest(
        tmp_path,
        "url: http://10.1.2.3:8080/events?key=1#part",
        "format: batch",
        "batch: 50",
        "connections: 3",
        "timeout: 2.5",
        "allow_private: true",
        "ca_file: /etc/ssl/own.pem",
        "origin: hub.dancu.example",
        "receiver_id: registry",
        "schedule: [30s, 5m]",
    )
    endpoint = endpoint_of(read_agreement(file, CATALOGUE))
    assert str(endpoint.url) == "http://10.1.2.3:8080/events?key=1"
    assert (endpoint.format, endpoint.batch, endpoint.in_one_request) == (Format.BATCH, 50, 50)
    assert (endpoint.connections, endpoint.timeout, endpoint.ca_file) == (3, 2.5, Path("/etc/ssl/own.pem"))
    assert (endpoint.origin, endpoint.receiver_id) == ("hub.dancu.example", "registry")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ([], "delivery: 'url' is a required property"),
        (["url: land.example"], "delivery/url"),
        (["url: https://user:pass@land.example/"], "delivery/url"),
        (["url: https://land.example/", "format: xml"], "delivery/format: 'xml' is not one of"),
        (["url: https://land.example/", "connections: 0"], "delivery/connections: 0 is less than the minimum of 1"),
        (["url: https://land.example/", "connections: 100000"], "delivery/connections"),
        (["url: https://land.example/", "timeout: 0"], "delivery/timeout"),
        (["url: https://land.example/", "secret: whsec_x"], "delivery/secret"),
        (["url: https://land.example/", 'origin: "a b"'], "delivery/origin"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, settings: list[str], words: str) -> None:
    file = manifest(tmp_path, *settings)
    with pytest.raises(AgreementProblem) as problem:
        read_agreement(file, CATALOGUE)
    assert words in str(problem.value)
    assert f"{file}:" in str(problem.value)


def test_the_guide_names_every_setting() -> None:
    schema = orjson.loads((ROOT / "schemas" / "ways" / "webhook.schema.json").read_bytes())
    guide = (ROOT / "docs" / "receive-webhook.md").read_text("utf-8")
    assert [name for name in schema["properties"] if f"`{name}`" not in guide] == []
