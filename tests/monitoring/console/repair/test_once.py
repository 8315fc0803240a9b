"""A form acts once: its id is one of ours, not too old, and not from the future."""

from __future__ import annotations

import time

import pytest

from monitoring.console.once import OldForm, form_id, new_form
from monitoring.console.repair.persons import Persons, numbers_in

_RANDOM = "5b7b2c3e-0c57-4a51-9a4e-2f8f4d7f2a11"
_LONG_AGO = "0180c0de-0000-7000-8000-000000000001"


def _now() -> int:
    return time.time_ns() // 1_000_000


def test_a_fresh_form_is_taken() -> None:
    form = new_form()
    assert form_id(form, _now()) == form


@pytest.mark.parametrize("brought", [None, "", "x", "../..", _RANDOM, _LONG_AGO, 7])
def test_what_is_none_of_ours_is_refused(brought: object) -> None:
    with pytest.raises(OldForm):
        form_id(brought, _now())


def test_a_form_of_yesterday_or_of_tomorrow_is_refused() -> None:
    form = new_form()
    for now in (_now() + 86_500_000, _now() - 120_000):
        with pytest.raises(OldForm):
            form_id(form, now)


def test_persons_are_kept_for_their_visitor_for_some_hours() -> None:
    now = [0]
    persons = Persons(lambda: now[0])
    name = persons.keep("lan", numbers_in("001090000001, 001090000002\n"))
    assert persons.of("lan", name) == ("001090000001", "001090000002")
    assert persons.of("an", name) is None
    assert persons.of("lan", "") is None
    now[0] = 5 * 3_600_000
    assert persons.of("lan", name) is None


def test_only_so_many_are_kept() -> None:
    persons = Persons(lambda: 0)
    names = [persons.keep("lan", [str(n)]) for n in range(501)]
    assert (persons.of("lan", names[0]), persons.of("lan", names[-1])) == (None, ("500",))
