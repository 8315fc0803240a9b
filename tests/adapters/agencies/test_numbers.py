"""Which numbers belong to one person."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.agencies.numbers import Link, links, replaced_numbers
from tests.adapters.agencies.register import Register, facts


def test_a_number_changed_twice_leads_to_the_last_one() -> None:
    assert replaced_numbers([(["a"], "b"), (["b"], "c")]) == {"a": "c", "b": "c"}


def test_a_number_merged_into_one_that_was_given_up_leads_to_its_successor() -> None:
    assert replaced_numbers([(["a"], "b"), (["x", "y"], "a")]) == {"a": "b", "x": "b", "y": "b"}


def test_a_change_back_makes_the_first_number_valid_again() -> None:
    assert replaced_numbers([(["a"], "b"), (["b"], "a")]) == {"b": "a"}


def test_an_annulled_change_joins_nothing() -> None:
    register = Register()
    change = register.tells("PersonalNumberChanged", "a", old_number="a", new_number="b")
    merge = register.tells("PersonsMerged", "a", merged_numbers=["x"])
    assert list(links(facts(change, merge))) == [(["a"], "b"), (["x"], "a")]
    assert list(links(facts(change, merge, register.annuls(change)))) == [(["x"], "a")]


letters = st.sampled_from("abcdef")


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.lists(letters, min_size=1, max_size=2), letters), max_size=8))
def test_every_number_leads_in_one_step_to_one_that_is_valid(joined: list[Link]) -> None:
    replaced = replaced_numbers(joined)
    assert not set(replaced) & set(replaced.values())
    for olds, new in joined:
        assert len({replaced.get(number, number) for number in (*olds, new)}) == 1
