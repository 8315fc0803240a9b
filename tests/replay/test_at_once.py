"""A replay at once has the guards of a planned one: how many one person may send, and what is left alone."""

from __future__ import annotations

import pytest

from hub.deliveries import Request
from replay.redeliver import AtOnce, TooMany, ask_at_once, foresee
from replay.selection import Selection
from tests.replay.office import AGENCIES, Office

EVERYWHERE = {name: Selection(name) for name in AGENCIES}


def ask(office: Office, most: int = 100, **selections: Selection) -> dict[str, AtOnce]:
    """Ask for what is parked, and let it be handed out."""
    office.clock.seconds += 1
    request = Request("lan", "mended", office.clock.now)
    store = office.feeds["land"].store
    asked = ask_at_once(store, office.judge, selections or EVERYWHERE, request, most)
    office.deliver()
    return asked


def test_above_the_threshold_one_person_alone_may_not_ask_and_nothing_is_asked_for(office: Office) -> None:
    office.park("a", "b")
    office.park("c", agency="tax")
    with pytest.raises(TooMany, match=r"3 deliveries .* may send 2 again: use `dancu replay plan`"):
        ask(office, most=2)
    office.mend()
    office.deliver()
    assert (office.agency("land").ids, office.agency("tax").ids) == ([], [])
    asked = ask(office, most=3)
    assert {name: one.asked for name, one in asked.items()} == {"land": 2, "tax": 1}
    assert sorted(office.agency("land").ids + office.agency("tax").ids) == ["a", "b", "c"]


def test_what_was_replayed_too_often_in_vain_is_left_alone_and_the_rest_goes(office: Office) -> None:
    office.quarantine = 2
    office.park("a", "b")
    for _ in range(2):
        assert ask(office, land=Selection("land", ["a"]))["land"] == AtOnce(1, {})
    office.mend()
    assert foresee(office.judge, {"land": Selection("land")}, office.clock.now)["land"] == AtOnce(1, {"quarantined": 1})
    assert ask(office, land=Selection("land"))["land"] == AtOnce(1, {"quarantined": 1})
    assert office.agency().ids == ["b"]
    assert office.browser.summary("land").parked == 1


def test_more_than_a_page_is_asked_for_too(office: Office) -> None:
    office.park(*(f"e{n:04}" for n in range(1100)))
    office.mend()
    assert ask(office, most=5000, land=Selection("land"))["land"] == AtOnce(1100, {})
    assert len(office.agency().ids) == 1100
