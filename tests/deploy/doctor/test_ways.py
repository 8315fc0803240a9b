"""What each way of delivery needs, as the doctor sees it: secrets and consent, a folder, a token, a group."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy import doctor as doctor_package
from deploy.bootstrap import open_hub
from deploy.doctor import State
from deploy.settings import load_settings
from hub.access import AGENCY, Holder, Tokens
from hub.contacts.endpoints import Consent, Endpoints
from tests.deploy.doctor.looking import Doctor

_SHIPPED = Path(doctor_package.__file__).parents[1] / "agreements"
URL = "https://events.tax.example/in"
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()

Manifest = Callable[[str], Path]


@pytest.fixture
def agreed(tmp_path: Path) -> Manifest:
    """Return what writes the agreements, that of tax with this delivery."""

    def write(delivery: str) -> Path:
        folder = tmp_path / "agreements"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        text = (_SHIPPED / "tax.yaml").read_text()
        (folder / "tax.yaml").write_text(text.replace("way: sql", delivery.replace("\n", "\n  ")))
        return folder

    return write


def test_a_webhook_whose_secrets_are_missing_or_wrong_and_none_is_ever_shown(
    doctor: Doctor, agreed: Manifest, tmp_path: Path
) -> None:
    folder = agreed(f"way: webhook\nurl: {URL}\nsecrets_env: TAX_SECRETS")
    assert "TAX_SECRETS or TAX_SECRETS_FILE: neither is set" in doctor(agreements=folder).one("agency.tax").what
    for wrong in ("whsec_c2hvcnQ=", "geheim-4711-geheim", f"{SECRET}!"):
        doctor.monkeypatch.setenv("TAX_SECRETS", wrong)
        found = doctor(agreements=folder).one("agency.tax")
        assert (found.state, "secret 1" in found.what) == (State.WARNING, True)
        assert wrong.removeprefix("whsec_") not in found.what + found.advice
    doctor.monkeypatch.delenv("TAX_SECRETS")
    doctor.monkeypatch.setenv("TAX_SECRETS_FILE", str(tmp_path / "missing"))
    assert "can't be read" in doctor(agreements=folder).one("agency.tax").what


def test_a_webhook_whose_endpoint_has_not_agreed_and_one_that_has(doctor: Doctor, agreed: Manifest) -> None:
    folder = agreed(f"way: webhook\nurl: {URL}\nsecrets_env: TAX_SECRETS")
    doctor.monkeypatch.setenv("TAX_SECRETS", f"{SECRET} {SECRET}")
    assert doctor(agreements=folder).one("agency.tax").state is State.SKIPPED
    with open_hub(load_settings(home=doctor.home, agreements=folder)) as hub:
        asked = doctor(agreements=folder).one("agency.tax")
        assert (asked.state, "has not agreed" in asked.what) == (State.WARNING, True)
        Endpoints(hub.deliveries_db).keep("tax", Consent(URL, 1_800_000_000_000), "lan")
    agreed_ = doctor(agreements=folder).one("agency.tax")
    assert (agreed_.state, agreed_.what) == (
        State.OK,
        "2 signing secrets; its endpoint at events.tax.example:443 agreed 2027-01-15T08:00:00.000Z",
    )


def test_an_agency_that_fetches_needs_a_token_that_is_valid(doctor: Doctor, agreed: Manifest) -> None:
    folder = agreed("way: feed")
    with open_hub(load_settings(home=doctor.home, agreements=folder)) as hub:
        tokens = Tokens(hub.deliveries_db)
        made = tokens.new(Holder(AGENCY, "tax", None), "lan", 0)
        tokens.revoke(made.split("_")[1], "lan", "lost", 1)
        none = doctor(agreements=folder).one("agency.tax")
        assert (none.state, "dancu agency token tax" in none.advice) == (State.WARNING, True)
        tokens.new(Holder(AGENCY, "tax", None), "lan", 2)
    assert doctor(agreements=folder).one("agency.tax").what == "1 valid tokens"


def test_the_folder_of_a_file_drop(doctor: Doctor, agreed: Manifest, tmp_path: Path) -> None:
    own = agreed("way: files")
    assert "the hub makes it" in doctor(agreements=own).one("agency.tax").what
    place = tmp_path / "share"
    shared = agreed(f"way: files\nfolder: {place}")
    assert "is not there" in doctor(agreements=shared).one("agency.tax").what
    place.write_text("")
    assert "is no folder" in doctor(agreements=shared).one("agency.tax").what
    place.unlink()
    place.mkdir()
    found = doctor(agreements=shared).one("agency.tax")
    assert (found.state, list(place.iterdir())) == (State.OK, []), "looking leaves nothing there"


def test_an_agency_that_reads_its_topic_where_there_is_none(doctor: Doctor, agreed: Manifest) -> None:
    found = doctor(agreements=agreed("way: kafka\ngroup: agency.tax.reader")).one("agency.tax")
    assert (found.state, "not on Kafka" in found.what) == (State.WARNING, True)
