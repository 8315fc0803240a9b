"""`dancu agency verify`, and a whole hub that delivers by webhook."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import orjson
import pytest
from typer.testing import CliRunner, Result

import deploy
from deploy.cli import app
from tests.adapters.ways.webhook.receiver import Reply, receiver
from tests.adapters.ways.webhook.sample import SECRET
from tests.commands import Dancu, terminate, wait_for
from tests.deploy.sample import death, lines

SHIPPED = Path(deploy.__file__).parent / "agreements"
NAME = "LAND_WEBHOOK_SECRETS"


class Home(NamedTuple):
    """A hub whose land agency has a webhook."""

    folder: Path
    settings: dict[str, str]

    def agency(self, *words: str) -> Result:
        """Call `dancu agency` in this process."""
        return CliRunner().invoke(app, ["--home", str(self.folder), "agency", *words], env=self.settings)


def hub_with(url: str, folder: Path) -> Home:
    """Write the agreements of the hub."""
    agreements = folder / "agreements"
    agreements.mkdir()
    for file in SHIPPED.glob("*.yaml"):
        (agreements / file.name).write_text(file.read_text())
    land = agreements / "land.yaml"
    way = f"  way: webhook\n  url: {url}\n  secrets_env: {NAME}\n  allow_private: true\n"
    land.write_text(land.read_text().replace("  way: sql\n", way))
    return Home(folder / "home", {"DANCU_AGREEMENTS": str(agreements), NAME: SECRET})


def test_an_endpoint_that_agrees_is_kept_and_shown(tmp_path: Path) -> None:
    with receiver() as endpoint:
        home = hub_with(endpoint.url, tmp_path)
        limits = {"WebHook-Allowed-Origin": "dancu-hub", "WebHook-Allowed-Rate": "600"}
        endpoint.consent = lambda _: Reply(200, headers=limits)
        said = home.agency("verify", "land")
        assert said.exit_code == 0
        assert "agrees to get events at 127.0.0.1:" in said.stderr
        assert "600" in said.stderr
        told = orjson.loads(home.agency("verify", "land", "--by", "Lan", "--json").stdout)
        assert told.pop("verified_at").endswith("Z")
        assert told == {
            "agency": "land",
            "endpoint": endpoint.url.removeprefix("http://").removesuffix("/events"),
            "agreed": True,
            "reason": None,
            "status": 200,
            "asked_origin": "dancu-hub",
            "allowed_origin": "dancu-hub",
            "allowed_rate": 600,
        }
        shown = orjson.loads(home.agency("show", "land", "--json").stdout)
        assert shown["endpoint"] == endpoint.url
        assert shown["endpoint_verified"]


def test_an_endpoint_that_does_not_agree_is_an_error_that_says_what_was_answered(tmp_path: Path) -> None:
    with receiver() as endpoint:
        home = hub_with(endpoint.url, tmp_path)
        endpoint.consent = lambda _: Reply(405)
        said = home.agency("verify", "land")
        assert said.exit_code == 1
        assert "answered OPTIONS with 405. See docs/receive-webhook.md" in said.stderr
        told = home.agency("verify", "land", "--json")
        assert told.exit_code == 1
        found = orjson.loads(told.stdout)
        assert (found["agreed"], found["status"], found["verified_at"]) == (False, 405, None)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("tax", "tax gets its events by the way sql; only a webhook is asked first"),
        ("nobody", "nobody: no such agency. Allowed: bank, insurance, land, tax, welfare"),
    ],
)
def test_only_an_agency_with_a_webhook_can_be_asked(tmp_path: Path, name: str, said: str) -> None:
    answer = hub_with("http://127.0.0.1:9/", tmp_path).agency("verify", name)
    assert answer.exit_code == 2
    assert said in answer.stderr


def test_a_missing_secret_is_said_with_what_to_do(tmp_path: Path) -> None:
    home = hub_with("http://127.0.0.1:9/", tmp_path)
    del home.settings[NAME]
    answer = home.agency("verify", "land")
    assert answer.exit_code == 2
    assert f"{NAME} or {NAME}_FILE: neither is set" in answer.stderr


def test_a_hub_that_is_stopped_while_its_endpoint_is_away_delivers_everything_later(tmp_path: Path) -> None:
    with receiver(lambda _: Reply(503)) as endpoint:
        home = hub_with(endpoint.url, tmp_path)
        dancu = Dancu(*home)
        dancu.ingest("-", stdin=lines(*(death(number) for number in range(20))))
        with dancu.started("run", "--registry-port", "0") as process:
            wait_for(process, lambda: bool(endpoint.posts))
            assert terminate(process, 60) == 0
        endpoint.requests.clear()
        endpoint.answer = lambda _: Reply()
        dancu.run_until_idle()
        assert sorted(endpoint.ids) == sorted(f"death-{number}" for number in range(20))
        assert orjson.loads(endpoint.posts[0].body)["data"]["died_on"] == "2025-10-02"
        assert {request.method for request in endpoint.requests} == {"POST"}  # it has agreed already
        assert "đã giao / delivered" in dancu("explain", "death-3").out
