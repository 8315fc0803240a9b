"""What a counter is told: whether the person lives, and whether the card is still the person's."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.edge.cards import Card, state_of
from hub.edge.standing import Asked, Standing
from tests.hub.edge.world import World
from tests.hub.making import DEATH, LAN, MAI, MOVE, Event, event, next_of

CARD = {"document_number": "C1", "issued_on": "2021-03-01", "reason": "FIRST"}
#: 4 August 2025.
DIED_ON = 20304


def card(number: str, issued_on: str = "2021-03-01", previous: str | None = None, state: str | None = None) -> Event:
    data: dict[str, Any] = CARD | {"document_number": number, "issued_on": issued_on}
    if previous:
        data |= {"reason": "REPLACEMENT", "previous_document_number": previous, "previous_document_state": state}
    return event("IdentityCardIssued", f"card-{number}", data)


def ask(world: World, document: str | None = None, number: str = LAN) -> Standing:
    return world.facts.of([Asked(number, document)])[0]


def told(world: World, *sent: Event, document: str | None = None) -> tuple[str, str]:
    world.hub.run(*sent)
    world.hub.flush()
    found = ask(world, document)
    return found.life, found.card


def test_nobody_has_told_the_hub_of_this_person(world: World) -> None:
    assert told(world) == ("unknown", "unknown")
    counter = world.counter()
    world.one(counter)  # a card that was read says nothing new about its holder
    assert told(world, document="C1") == ("unknown", "unknown")


def test_a_death_counts_until_it_is_annulled_and_as_it_is_corrected(world: World) -> None:
    died = event("DeathRegistered", "d1", DEATH)
    assert told(world, event("ResidenceChanged", "m1", MOVE)) == ("alive", "unknown")
    assert told(world, died)[0] == "deceased"
    assert ask(world).died_on == DIED_ON
    world.hub.run(next_of(died, "d2", "CORRECTED", data={"died_on": "2025-08-02"}))
    assert ask(world).died_on == DIED_ON - 2
    assert told(world, next_of(died, "d3", "ANNULLED", previousid="d2", factversion=3))[0] == "alive"


def test_a_second_report_of_a_death_stands_when_the_first_is_annulled(world: World) -> None:
    first = event("DeathRegistered", "d1", DEATH)
    second = event("DeathRegistered", "d9", DEATH, source="/registers/civil-status/79")
    assert told(world, first, second)[0] == "deceased"
    assert told(world, next_of(first, "d2", "ANNULLED"))[0] == "deceased"


def test_a_person_is_found_by_every_number(world: World) -> None:
    world.hub.run(event("DeathRegistered", "d1", DEATH))
    change = {"old_number": LAN, "new_number": MAI, "reason": "WRONG_YEAR"}
    changed = event("PersonalNumberChanged", "n1")
    changed["data"] |= change | {"reason": changed["data"].get("reason")}
    changed["data"] = {name: value for name, value in changed["data"].items() if value is not None}
    world.hub.run(changed)
    for number in (LAN, MAI):
        found = ask(world, number=number)
        assert (found.life, sorted(found.numbers)) == ("deceased", sorted([LAN, MAI]))


def test_a_card_is_valid_until_another_takes_its_place_or_it_is_lost(world: World) -> None:
    first = card("C1")
    assert told(world, first, document="C1") == ("alive", "valid")
    assert told(world, document="C9") == ("alive", "unknown")
    assert told(world, document=None) == ("alive", "unknown")
    lost = next_of(first, "lost-1", "CEASED")
    assert told(world, lost, document="C1") == ("alive", "lost")
    world.hub.run(card("C2", "2024-08-01", "C1", "LOST"))
    assert [ask(world, number).card for number in ("C1", "C2")] == ["lost", "valid"]
    world.hub.run(card("C3", "2025-08-01", "C2", "DAMAGED"))
    assert [ask(world, number).card for number in ("C1", "C2", "C3")] == ["lost", "replaced", "valid"]


def test_a_card_whose_issue_was_annulled_is_not_known(world: World) -> None:
    first = card("C1")
    assert told(world, first, next_of(first, "c2", "ANNULLED"), document="C1")[1] == "unknown"


def test_an_event_that_the_log_keeps_no_more_is_no_answer_and_no_error(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.hub.run(card("C1"), event("DeathRegistered", "d1", DEATH))
    monkeypatch.setattr(world.hub.log, "scan", lambda *_: [])
    found = ask(world, "C1")
    assert (found.life, found.card, found.died_on) == ("deceased", "unknown", None)


def test_many_are_asked_about_at_once(world: World) -> None:
    numbers = [f"0011{year:02d}{serial:06d}" for year in range(60, 80) for serial in range(6)]
    world.hub.run(*[event("ResidenceChanged", f"m{n}", MOVE, subject=n) for n in numbers[::2]])
    found = world.facts.of([Asked(number, None) for number in numbers])
    assert [one.life for one in found] == ["alive", "unknown"] * (len(numbers) // 2)


def test_no_number_is_in_a_text_of_a_question_or_an_answer(world: World) -> None:
    assert LAN not in f"{Asked(LAN, 'C1')!r}{ask(world)!r}{ask(world)}"


@pytest.mark.parametrize(
    ("number", "cards", "state"),
    [
        ("190111111", [Card("001190111111", 5, False, None, None, 1)], "valid"),
        ("190111111", [Card("190111111", 5, True, None, None, 1)], "lost"),
        # all cards of a person may have one number: what the register said last holds
        (
            "190111111",
            [Card("190111111", 5, True, None, None, 1), Card("190111111", 9, False, "190111111", "LOST", 2)],
            "valid",
        ),
        ("A", [Card("A", 5, False, None, None, 1), Card("B", 5, False, None, None, 2)], "replaced"),
        ("A", [Card("B", 5, False, "A", None, 1)], "replaced"),
        ("A", [Card(None, None, False, None, None, 1)], "unknown"),
        ("A", [Card("A", None, False, None, None, 1)], "valid"),
    ],
)
def test_the_state_of_a_card(number: str, cards: list[Card], state: str) -> None:
    assert state_of(number, cards) == state


@given(
    st.lists(
        st.builds(
            Card,
            st.sampled_from(["A", "B", None]),
            st.one_of(st.none(), st.integers(0, 9)),
            st.booleans(),
            st.sampled_from(["A", "B", None]),
            st.sampled_from(["LOST", "DAMAGED", None]),
            st.integers(0, 99),
        ),
        max_size=5,
    )
)
def test_a_card_that_nobody_told_us_of_is_never_valid(cards: list[Card]) -> None:
    assert state_of("Z", cards) == "unknown"
    assert state_of("A", cards) != "valid" or any(card.number == "A" and not card.ended for card in cards)
