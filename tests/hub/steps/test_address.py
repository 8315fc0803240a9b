"""Who would get an event: by its type, and by whose events an agency may have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hub.agreements import Population
from hub.steps.address import address
from tests.hub.making import LAN, MAI, MOVE, SAIGON, SHIPPED, a_hub, arrivals, event, limited, next_of

IN_SAIGON = limited("welfare", Population(provinces=frozenset({"79"})))


def move(event_id: str, to: dict[str, Any], **more: Any) -> dict[str, Any]:
    return event("ResidenceChanged", event_id, {**MOVE, "to_address": to} | more)


@pytest.mark.parametrize("kind", ["BirthRegistered", "MarriageRegistered", "IdentityAccountActivated", "CardVerified"])
def test_an_event_goes_to_those_who_take_its_type(kind: str) -> None:
    (found,) = address(arrivals(event(kind)), SHIPPED, {}, {})
    takers = {name for name, one in SHIPPED.by_agency.items() if kind in one.grants}
    assert {agreement.agency for agreement, _ in found.recipients} == takers
    assert takers


@pytest.mark.parametrize("limit", [1, 1000])
def test_a_province_has_events_of_those_who_come_live_there_and_leave(tmp_path: Path, limit: int) -> None:
    hanoi = MOVE["to_address"]
    with a_hub(tmp_path, agreements=IN_SAIGON) as hub:
        hub.run(
            move("before", hanoi),
            move("comes", SAIGON),
            event("CardVerified", "lives"),
            move("away", hanoi, kind="TEMPORARY"),
            move("leaves", hanoi),
            event("CardVerified", "gone"),
            limit=limit,
        )
        assert hub.ids("welfare") == ["comes", "lives", "away", "leaves"]
        assert hub.withheld("welfare") == []


def test_an_old_province_counts_as_the_one_it_became_a_part_of(tmp_path: Path) -> None:
    vung_tau = {"code_system": "VN63", "province_code": "77"}
    with a_hub(tmp_path, agreements=IN_SAIGON) as hub:
        hub.run(move("m1", vung_tau), event("CardVerified", "x"))
        assert hub.ids("welfare") == ["m1", "x"]


def test_an_annulment_follows_the_data_to_another_province(tmp_path: Path) -> None:
    came = move("comes", SAIGON)
    with a_hub(tmp_path, agreements=IN_SAIGON) as hub:
        hub.run(came, move("leaves", dict(MOVE["to_address"])), next_of(came, "annulled", "ANNULLED"))
        hub.flush()
        assert hub.ids("welfare") == ["comes", "leaves", "annulled"]


@pytest.mark.parametrize("listed", [LAN, MAI])
def test_a_list_of_persons_covers_their_earlier_and_later_numbers(tmp_path: Path, listed: str) -> None:
    change = {"old_number": LAN, "new_number": MAI, "changed_on": "2025-08-05"}
    with a_hub(tmp_path, agreements=limited("land", Population(persons=frozenset({listed})))) as hub:
        hub.run(event("PersonalNumberChanged", "n1", change))
        hub.run(event("DeathRegistered", "d1", {"died_on": "2025-08-04"}, subject=MAI))
        hub.run(event("DeathRegistered", "d2", {"died_on": "2025-08-04"}, subject=LAN[:-1] + "9"))
        assert hub.ids("land") == ["n1", "d1"]
