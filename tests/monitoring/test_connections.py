"""How agencies are connected, by real traffic."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.contacts import Contact, Failing, Suspension
from monitoring.connections import SECTORS, Party, State, by_sector, connection_of, silent_after, state_of
from monitoring.status import AgencyStatus

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
NOW = 1_800_000_000_000
STATUS = AgencyStatus(1, 2, 3, 0, NOW - HOUR)


def _contact(since: int, usual: int | None = None) -> Contact:
    return Contact("tax", 0, NOW - since, usual, 20)


def _party(sector: str = "ministry") -> Party:
    return Party("tax", "Cục Thuế", "Department of Taxation", sector, "sql")


@pytest.mark.parametrize(
    ("contact", "state"),
    [
        (Contact("tax"), State.NEVER_CONNECTED),
        (_contact(0), State.CONNECTED),
        (_contact(14 * MINUTE, 2000), State.CONNECTED),
        (_contact(16 * MINUTE, 2000), State.SILENT),
        (_contact(9 * HOUR, HOUR), State.CONNECTED),
        (_contact(11 * HOUR, HOUR), State.SILENT),
        (_contact(6 * DAY), State.CONNECTED),
        (_contact(8 * DAY), State.SILENT),
        (_contact(8 * DAY, 30 * DAY), State.SILENT),
        (_contact(-DAY, 2000), State.CONNECTED),
        (Contact("tax", 0, NOW, failing=Failing(NOW, 1, "refused", None)), State.FAILING),
        (Contact("tax", failing=Failing(NOW, 1, "refused", None)), State.FAILING),
        (Contact("tax", suspended=Suspension(NOW, "lan", "they move")), State.SUSPENDED),
        (
            Contact("tax", failing=Failing(NOW, 1, "x", None), suspended=Suspension(NOW, "lan", "y")),
            State.SUSPENDED,
        ),
    ],
)
def test_the_state_follows_from_the_traffic(contact: Contact, state: State) -> None:
    assert state_of(contact, NOW) is state


@given(st.one_of(st.none(), st.integers(0, 2**45)))
def test_nobody_is_silent_within_a_quarter_of_an_hour_and_everybody_after_a_week(usual: int | None) -> None:
    assert 15 * MINUTE <= silent_after(_contact(0, usual)) <= 7 * DAY


def test_a_connection_tells_what_an_operator_asks_first() -> None:
    contact = Contact("tax", 0, NOW - MINUTE, 2000, 20, suspended=Suspension(NOW, "lan", "they move"))
    assert connection_of(_party(), contact, STATUS, NOW).as_json() == {
        "agency": "tax",
        "name": {"vi": "Cục Thuế", "en": "Department of Taxation"},
        "sector": "ministry",
        "way": "sql",
        "state": "suspended",
        "last_contact": "2027-01-15T07:59:00.000Z",
        "usual_gap_seconds": 2.0,
        "oldest_undelivered": "2027-01-15T07:00:00.000Z",
        "pending": 2,
        "parked": 3,
        "reason": "they move",
    }


def test_every_sector_is_counted_against_its_target_even_without_an_agency() -> None:
    found = [
        connection_of(_party("ministry"), _contact(0), STATUS, NOW),
        connection_of(_party("ministry"), Contact("x"), STATUS, NOW),
        connection_of(_party("bank"), _contact(0), STATUS, NOW),
    ]
    sectors = {one.sector: one for one in by_sector(found, {"ministry": 15, "locality": 63})}
    assert tuple(sectors) == SECTORS
    assert (sectors["ministry"].target, sectors["ministry"].total) == (15, 2)
    assert sectors["ministry"].states[State.CONNECTED] == sectors["ministry"].states[State.NEVER_CONNECTED] == 1
    assert sectors["locality"].as_json() == {
        "sector": "locality",
        "target": 63,
        "total": 0,
        "connected": 0,
        "silent": 0,
        "failing": 0,
        "suspended": 0,
        "never_connected": 0,
    }
    assert sectors["bank"].target is None
