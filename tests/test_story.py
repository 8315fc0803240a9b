"""The guided tour: what a birth, a move, a consent, a death and a protected address do, from register to agency.

Each test is a chapter with a hub of its own: the real one, embedded, with the agencies' real databases. Read it from
top to bottom; then go on with `hub/pipeline.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pytest
import sqlalchemy as sa

from consumers.loop import deliver_once
from deploy.bootstrap import Hub, open_hub
from deploy.settings import load_settings
from hub.database import open_database, reading
from hub.intake.desk import Sent
from hub.pipeline import process_batch
from hub.registers import Registers
from hub.topics import PIPELINE, RECEIVED
from monitoring.evidence import Stores, gather
from monitoring.story import Story
from monitoring.telling import tell

# Chị Mai, her newborn son An, her father ông Thịnh, and chị Bình, who hides from someone.
MAI, AN, THINH, BINH = "001190000011", "001225000022", "001041000033", "079185000044"
HA_NOI = {"code_system": "VN34", "province_code": "01", "ward_code": "00004", "detail": "15 Đội Cấn"}
SAI_GON = {"code_system": "VN34", "province_code": "79", "ward_code": "26740", "detail": "42 Lê Thánh Tôn"}


class Tour(NamedTuple):
    """A hub with nothing in it yet, run step by step."""

    hub: Hub

    def send(self, *events: dict[str, Any]) -> None:
        """Let the registers send some events: into the log, through the pipeline, out to every agency."""
        lines = [Sent(event["id"], orjson.dumps(event)) for event in events]
        assert self.hub.desk().take("the registers", lines).refused == 0
        registers = Registers(self.hub.registers_db)
        while (batch := self.hub.log.read(RECEIVED, PIPELINE, 100)).records:
            process_batch(self.hub.log, registers, self.hub.rules, batch)
        for agency in self.hub.agencies:
            feed = self.hub.feed(agency)
            while not deliver_once(feed).idle:
                pass

    def rows(self, agency: str, table: str, person: str) -> list[dict[str, Any]]:
        """Return what an agency's own database holds about a person."""
        engine = open_database(self.hub.agency_url(agency))
        with reading(engine) as connection:
            found = sa.Table(table, sa.MetaData(), autoload_with=connection)
            rows = connection.execute(sa.select(found).where(found.c.person == person)).mappings()
            held = [dict(row) for row in rows]
        engine.dispose()
        return held

    def row(self, agency: str, table: str, person: str) -> dict[str, Any]:
        """Return the one row that an agency holds about a person."""
        (row,) = self.rows(agency, table, person)
        return row

    def explain(self, event_id: str) -> Story:
        """Return what `dancu explain` tells of an event."""
        evidence = gather(Stores(self.hub.log, self.hub.registers_db, self.hub.deliveries_db), event_id)
        assert evidence is not None
        return tell(evidence, self.hub.rules.agreements)


@pytest.fixture
def tour(tmp_path: Path) -> Iterator[Tour]:
    """A hub that waits for nothing: an annulment is taken as one at once."""
    with open_hub(load_settings(home=tmp_path / "home", join_window=0, correction_wait=0)) as hub:
        yield Tour(hub)


def event(event_id: str, kind: str, person: str, data: dict[str, Any] | None, **more: Any) -> dict[str, Any]:
    """Return what a register sends: a CloudEvent. Each is an act of its own unless `more` says otherwise."""
    return {
        "specversion": "1.0",
        "id": event_id,
        "type": kind,
        "source": "/registers/civil-status/01",
        "subject": person,
        "time": "2025-09-01T01:00:00Z",
        "datacontenttype": "application/json",
        "change": "CREATED",
        "factid": event_id,
        "factversion": 1,
        "registeredat": "2025-09-02T03:00:00Z",
        "data": data,
    } | more


def annulment(event_id: str, of: dict[str, Any], registered_at: str) -> dict[str, Any]:
    """Return the word of the same register that its act should never have existed. It has no payload."""
    new = {"id": event_id, "change": "ANNULLED", "factversion": 2, "previousid": of["id"], "data": None}
    return {**of, **new, "registeredat": registered_at}


def move(event_id: str, person: str, to: dict[str, str], on: str = "2025-09-01") -> dict[str, Any]:
    """Return a move to another permanent residence."""
    return event(event_id, "ResidenceChanged", person, {"kind": "PERMANENT", "to_address": to, "moved_on": on})


def test_a_birth_gives_a_dependant_a_health_card_and_child_support(tour: Tour) -> None:
    name = {"family": "Trần", "middle": "Gia", "given": "An"}
    told = {"name": name, "sex": "MALE", "born_on": "2025-08-01", "residence": HA_NOI, "mother_number": MAI}
    tour.send(event("an-is-born", "BirthRegistered", AN, told))

    dependant = tour.row("tax", "dependants", AN)
    assert (dependant["taxpayer"], dependant["full_name"]) == (MAI, "Trần Gia An")
    assert (dependant["deduct_from"], dependant["deduct_until"]) == ("2025-08", "2043-08")
    assert tour.row("insurance", "health_cards", AN)["valid_until"] == "2031-09-30"
    assert tour.row("welfare", "child_support", AN)["mother"] == MAI

    # Land and the bank take no births. The others have it by statute, and the story says by which.
    story = tour.explain("an-is-born")
    assert story.verdict == "published"
    assert {agency: standing.state for agency, standing in story.agencies.items()} == {
        "insurance": "delivered",
        "tax": "delivered",
        "welfare": "delivered",
    }
    assert str(story.agencies["tax"].legal_basis).startswith("statute: Law on Tax Administration")


def test_a_move_changes_the_office_the_clinic_and_the_paying_commune(tour: Tour) -> None:
    tour.send(move("mai-moves", MAI, SAI_GON))

    assert tour.row("tax", "taxpayers", MAI)["managing_office"] == "VN34/79/26740"
    assert tour.row("insurance", "insured", MAI)["clinic_area"] == "VN34/79/26740"
    assert tour.row("welfare", "beneficiaries", MAI)["paying_commune"] == "VN34/79/26740"

    # The bank would get it, but only with Mai's consent; she has given none. Nothing of it leaves.
    at_the_bank = tour.explain("mai-moves").agencies["bank"]
    assert (at_the_bank.state, at_the_bank.code) == ("withheld", "no_consent")


def test_a_consent_opens_the_banks_file_and_its_withdrawal_empties_it(tour: Tour) -> None:
    purpose = {"agency": "bank", "purpose": "customer-due-diligence"}
    granted = {**purpose, "granted_on": "2025-08-20", "evidence": "vneid:4711"}
    tour.send(event("mai-agrees", "ConsentGranted", MAI, granted), move("first-move", MAI, SAI_GON))

    assert tour.row("bank", "customers", MAI)["address"] == "42 Lê Thánh Tôn, VN34/79/26740"
    assert tour.explain("first-move").agencies["bank"].legal_basis == "consent: mai-agrees"

    # Consents stand in the same order as everything else: what comes after the withdrawal stays here, even if it
    # is sent with it. And what the bank has already, it must erase.
    withdrawn = event("mai-withdraws", "ConsentWithdrawn", MAI, {**purpose, "withdrawn_on": "2025-09-01"})
    tour.send(withdrawn, move("second-move", MAI, HA_NOI, on="2025-10-01"))

    customer = tour.row("bank", "customers", MAI)
    assert (customer["state"], customer["address"]) == ("blocked", None)
    assert tour.row("bank", "withdrawals", MAI)["stop_due"] == "2025-09-16"
    assert tour.explain("second-move").agencies["bank"].code == "consent_withdrawn"
    assert tour.row("tax", "taxpayers", MAI)["managing_office"] == "VN34/01/00004"  # statute asks for no consent


def test_a_death_reported_twice_counts_once_and_the_second_report_stands_when_the_first_is_annulled(
    tour: Tour,
) -> None:
    in_ha_noi = event("death-1", "DeathRegistered", THINH, {"died_on": "2025-09-01"})
    in_sai_gon = event("death-2", "DeathRegistered", THINH, {"died_on": "2025-09-02"}) | {
        "source": "/registers/civil-status/79"
    }
    tour.send(in_ha_noi, in_sai_gon)

    assert tour.row("welfare", "beneficiaries", THINH)["stopped_from"] == "2025-10"
    assert tour.row("insurance", "funeral_cases", THINH)["died_on"] == "2025-09-01"
    second = tour.explain("death-2")
    assert (second.verdict, second.agencies) == ("duplicate", {})

    # Hà Nội was wrong. Its annulment goes to everyone who had its report, and Sài Gòn's takes its place.
    tour.send(annulment("death-1-annulled", in_ha_noi, "2025-12-05T03:00:00Z"))
    assert [row["state"] for row in tour.rows("insurance", "funeral_cases", THINH)] == ["cancelled", "open"]
    assert tour.row("welfare", "beneficiaries", THINH)["state"] == "stopped"
    assert tour.explain("death-2").verdict == "published"
    assert str(tour.explain("death-1-annulled").agencies["land"].legal_basis).startswith("follows: ")

    # Sài Gòn was wrong too: ông Thịnh lives. The pension is paid again, with a list of the months that he missed.
    tour.send(annulment("death-2-annulled", in_sai_gon, "2025-12-20T03:00:00Z"))
    assert tour.row("welfare", "beneficiaries", THINH)["state"] == "paid"
    missed = {row["month"] for row in tour.rows("welfare", "missed_months", THINH)}
    assert missed == {"2025-10", "2025-11", "2025-12"}
    assert tour.row("tax", "taxpayers", THINH)["state"] == "open"


def test_under_strict_protection_the_agencies_erase_the_address_and_are_told_no_other(tour: Tour) -> None:
    tour.send(move("before", BINH, SAI_GON))
    assert tour.row("tax", "taxpayers", BINH)["managing_office"] == "VN34/79/26740"

    strict = {"level": "STRICT", "valid_from": "2025-09-02"}
    tour.send(event("protected", "AddressProtectionChanged", BINH, strict), move("after", BINH, HA_NOI))

    assert tour.row("tax", "taxpayers", BINH)["managing_office"] is None
    assert tour.row("insurance", "insured", BINH)["clinic_area"] is None
    for agency in ("tax", "insurance", "welfare"):
        applied = tour.rows(agency, "applied_events", BINH)
        assert [row["event_id"] for row in applied] == ["before", "protected", "after"]
        assert not [row for row in applied if "VN34" in str(row["body"])]
    (step,) = [s for s in tour.explain("after").steps if s.what == "addressed" and s.agency == "tax"]
    assert step.notes == ["shielded"]
