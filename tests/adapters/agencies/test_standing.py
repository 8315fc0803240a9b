"""How events fold into facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.agencies.standing import standing
from hub.destination import Event
from tests.adapters.agencies.register import Register, applied, facts


def told(*events: Event) -> list[str]:
    """Return the dates of the deaths that hold."""
    return [fact.data["died_on"] for fact in facts(*events).true("DeathRegistered")]


def test_a_correction_replaces_what_never_held() -> None:
    register = Register()
    death = register.tells("DeathRegistered", died_on="2025-03-01")
    assert told(death, register.corrects(death, died_on="2025-02-27")) == ["2025-02-27"]


def test_an_annulled_fact_is_known_but_not_true_and_keeps_what_it_said() -> None:
    register = Register()
    death = register.tells("DeathRegistered", died_on="2025-03-01")
    after = facts(death, register.annuls(death))
    assert after.true("DeathRegistered") == []
    assert [fact.data["died_on"] for fact in after.known("DeathRegistered")] == ["2025-03-01"]


def test_a_ceased_fact_has_been_true_and_has_a_last_day_in_vietnam() -> None:
    register = Register()
    stay = register.tells("ResidenceChanged", moved_on="2025-01-01")
    ended = facts(stay, register.ceases(stay, "2025-06-30T18:00:00.000Z"))
    assert ended.last("ResidenceChanged") is None
    assert [fact.ceased_on for fact in ended.true("ResidenceChanged")] == ["2025-07-01"]


def test_an_older_version_than_the_one_held_changes_nothing() -> None:
    register = Register()
    death = register.tells("DeathRegistered", died_on="2025-03-01")
    correction = register.corrects(death, died_on="2025-02-27")
    assert told(correction, death) == ["2025-02-27"]
    assert told(register.annuls(death), death) == []


def test_a_correction_under_another_fact_id_replaces_the_fact_that_it_names() -> None:
    register = Register()
    death = register.tells("DeathRegistered", died_on="2025-03-01")
    elsewhere = replace(register.corrects(death, died_on="2025-02-27"), fact_id="another", fact_version=1)
    assert told(death, elsewhere) == ["2025-02-27"]
    assert told(death, elsewhere, register.annuls(elsewhere)) == []


def test_an_annulment_under_another_fact_id_removes_the_fact_that_it_names() -> None:
    register = Register()
    death = register.tells("DeathRegistered", died_on="2025-03-01")
    assert told(death, replace(register.annuls(death), fact_id="another", fact_version=1)) == []


def test_a_reference_to_an_event_of_another_type_joins_nothing() -> None:
    register = Register()
    birth = register.tells("BirthRegistered", born_on="2025-01-01")
    odd = replace(register.tells("DeathRegistered", died_on="2025-03-01"), previous_event_id=birth.event_id)
    assert told(birth, odd) == ["2025-03-01"]
    assert len(facts(birth, odd).true("BirthRegistered")) == 1


def test_an_unmatched_correction_is_taken_as_it_is() -> None:
    register = Register()
    never_seen = register.tells("DeathRegistered", died_on="2025-03-01")
    assert told(register.corrects(never_seen, died_on="2025-02-27")) == ["2025-02-27"]


def test_a_fact_told_again_after_its_annulment_holds_again() -> None:
    register = Register()
    death = register.tells("DeathRegistered", died_on="2025-03-01")
    annulment = register.annuls(death)
    again = replace(register.tells("DeathRegistered", died_on="2025-04-01"), fact_id=death.fact_id, fact_version=3)
    assert told(death, annulment, again) == ["2025-04-01"]


@st.composite
def versions_of_facts(draw: st.DrawFn) -> Sequence[Event]:
    register = Register()
    events = []
    for _ in range(draw(st.integers(1, 4))):
        event = register.tells("ResidenceChanged", moved_on="2025-01-01")
        events.append(event)
        for _ in range(draw(st.integers(0, 3))):
            change = draw(st.sampled_from(["corrects", "annuls", "ceases"]))
            event = getattr(register, change)(event)
            events.append(event)
    return events


@settings(max_examples=50, deadline=None)
@given(events=versions_of_facts(), data=st.data())
def test_what_holds_does_not_depend_on_the_order_in_which_versions_come(
    events: Sequence[Event], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(events))

    def latest(story: Sequence[Event]) -> set[tuple[str, int, bool]]:
        known = standing(applied(story)).known("ResidenceChanged")
        return {(fact.fact_id, fact.version, fact.annulled) for fact in known}

    assert latest(shuffled) == latest(events)
