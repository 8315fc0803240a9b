"""What an agency sees of its feed today: in the view, shielded by the protection of this moment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.destination import Event, Unreadable
from hub.eventlog import Record
from hub.opening import Opening
from hub.registers.today import Today
from hub.steps.project import HIDDEN_SOURCE
from hub.topics import outbox
from tests.hub.making import CATALOGUE, GRANT, HOA, LAN, MAI, MOVE, Hub, a_hub, event

MOVED = event("ResidenceChanged", "m1", MOVE)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with a_hub(tmp_path) as hub:
        hub.run(event("ConsentGranted", "c1", GRANT), MOVED)
        yield hub


def opened(hub: Hub, agency: str, records: list[Record] | None = None, *, replayed: bool = False) -> list[object]:
    opening = Opening(CATALOGUE, Today(hub.engine))
    return list(opening(agency, hub.topic(outbox(agency)) if records is None else records, replayed=replayed))


def event_of(found: object) -> Event:
    assert isinstance(found, Event)
    return found


def test_an_event_is_told_as_its_view_has_it(hub: Hub) -> None:
    found = event_of(opened(hub, "tax", replayed=True)[0])
    assert found.event_id == "m1"
    assert (found.subject, found.sequence, found.change, found.replayed) == (LAN, 1, "CREATED", True)
    assert found.data == MOVE
    assert found.legal_basis.startswith("statute: ")
    assert found.registered_at == "2025-08-06T02:30:00.000Z"


@pytest.mark.parametrize(("level", "hidden"), [("NONE", []), ("CONFIDENTIAL", ["bank"]), ("STRICT", ["bank", "tax"])])
def test_what_was_sent_before_is_shielded_by_the_protection_of_today(hub: Hub, level: str, hidden: list[str]) -> None:
    hub.run(event("AddressProtectionChanged", "p1", {"level": level, "valid_from": "2025-08-05"}))
    for agency in ("bank", "tax"):
        found = next(event_of(one) for one in opened(hub, agency) if event_of(one).event_id == "m1")
        assert ("to_address" not in found.data) == (agency in hidden)
        assert (found.source == HIDDEN_SOURCE) == (agency in hidden)
        assert found.data["moved_on"] == MOVE["moved_on"]


def test_protection_follows_the_person_to_another_number(hub: Hub) -> None:
    hub.run(event("AddressProtectionChanged", "p1", {"level": "STRICT", "valid_from": "2025-08-05"}))
    change = {"old_number": LAN, "new_number": MAI, "changed_on": "2025-08-05"}
    hub.run(event("PersonalNumberChanged", "n1", change))
    assert "to_address" not in event_of(opened(hub, "tax")[0]).data
    today = Today(hub.engine)
    assert today.protection_of([LAN, MAI, HOA]) == {LAN: "STRICT", MAI: "STRICT"}
    assert today.numbers_of([LAN, MAI, HOA]) == {LAN: [MAI, LAN], MAI: [MAI, LAN], HOA: [HOA]}


def test_a_record_of_no_view_is_unreadable_and_the_others_are_not(hub: Hub) -> None:
    good = hub.topic(outbox("tax"))[0]
    other_view = hub.topic(outbox("tax"))[0]._replace(value=hub.topic(outbox("bank"))[0].value)
    bad = [
        good._replace(value=good.value[:-3]),
        good._replace(value=b""),
        good._replace(value=b"\x00\x00\x00\xff\xff" + good.value[5:]),
        good._replace(headers={**good.headers, "ce_type": "CardVerified"}),
        good._replace(headers={}),
    ]
    found = opened(hub, "tax", [*bad, good, other_view])
    assert [type(one) for one in found[:6]] == [Unreadable] * 5 + [Event]
    assert LAN not in str(found[:5])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_damage_stops_a_feed(hub: Hub, data: st.DataObject) -> None:
    good = hub.topic(outbox("tax"))[0]
    value = bytearray(good.value)
    for _ in range(data.draw(st.integers(1, 3))):
        value[data.draw(st.integers(0, len(value) - 1))] = data.draw(st.integers(0, 255))
    found = opened(hub, "tax", [good._replace(value=bytes(value)), good])
    assert isinstance(found[0], Event | Unreadable)
    assert isinstance(found[1], Event)
