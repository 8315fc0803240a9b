"""What a meeting, or the want of one, changes in the contact with an agency."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.contacts import Contact, Failing
from hub.contacts.notes import Asked, Met, Missed, Note, after, together, with_note

HOUR = 3_600_000
times = st.integers(0, 2**45)


def _met(*moments: int) -> Contact:
    contact = Contact("tax")
    for at in moments:
        contact = contact.after_meeting(at)
    return contact


def test_the_usual_pause_is_learnt_from_the_meetings() -> None:
    contact = _met(*range(0, 50 * HOUR, HOUR))
    assert (contact.first_ok_at, contact.last_ok_at, contact.gaps) == (0, 49 * HOUR, 49)
    assert contact.usual_gap_ms == HOUR


def test_the_usual_pause_follows_a_new_habit() -> None:
    contact = _met(*range(0, 50 * HOUR, HOUR), *range(50 * HOUR, 250 * HOUR, 2 * HOUR))
    assert contact.usual_gap_ms is not None
    assert 1.9 * HOUR < contact.usual_gap_ms <= 2 * HOUR


def test_a_jump_of_the_clock_by_years_hardly_changes_what_is_usual() -> None:
    contact = _met(*range(0, 50 * HOUR, HOUR)).after_meeting(10_000 * HOUR)
    assert contact.usual_gap_ms is not None
    assert contact.usual_gap_ms < 1.5 * HOUR


def test_a_clock_that_goes_back_counts_no_gap_and_is_believed() -> None:
    contact = _met(100 * HOUR, 101 * HOUR).after_meeting(5 * HOUR)
    assert (contact.last_ok_at, contact.gaps, contact.usual_gap_ms) == (5 * HOUR, 1, HOUR)


@given(st.lists(times, max_size=30))
def test_whatever_the_clock_does_the_usual_pause_is_none_or_not_negative(moments: list[int]) -> None:
    contact = _met(*moments)
    assert contact.usual_gap_ms is None or contact.usual_gap_ms >= 0


def test_a_failure_begins_and_is_counted_and_ends_with_the_next_meeting() -> None:
    contact = _met(1).after_failure(10, "refused", 20).after_failure(20, "timeout", 40)
    assert contact.failing == Failing(10, 2, "timeout", 40)
    assert contact.after_meeting(50).failing is None


notes = st.lists(
    st.one_of(
        st.builds(Met, times), st.builds(Missed, times, st.just("away"), st.none()), st.builds(Asked, times, times)
    ),
    max_size=40,
)


@given(notes)
def test_notes_that_say_the_same_are_one_and_end_in_the_same_contact(every: list[Note]) -> None:
    kept: list[Note] = []
    for note in every:
        kept = with_note(kept, note)
    whole, short = after(Contact("tax"), every), after(Contact("tax"), kept)
    assert len(kept) <= len(every)
    if every:
        assert short[-1].failing == whole[-1].failing
        assert (short[-1].last_ok_at, short[-1].asked_behind) == (whole[-1].last_ok_at, whole[-1].asked_behind)


def test_notes_stay_few_however_long_they_cannot_be_written() -> None:
    kept: dict[str, list[Note]] = {}
    for n in range(1000):
        kept = together(kept, {"tax": [Met(n), Missed(n, "away", None)]})
    assert len(kept["tax"]) == 50
