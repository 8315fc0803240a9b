"""Filters as somebody types them: kept word for word, and never more than was meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import ImmutableMultiDict, QueryParams

from hub.replays import Kind
from monitoring.console.repair.filters import PLAIN, Typed
from replay.selection import BadSelection, Selection

_WORD = st.text(st.characters(whitelist_categories=("L", "N"), whitelist_characters="-_.:"), min_size=1, max_size=20)


@given(st.dictionaries(st.sampled_from(PLAIN), _WORD), st.lists(_WORD, max_size=3, unique=True), st.booleans())
def test_a_link_says_what_was_typed(plain: dict[str, str], ids: list[str], refused: bool) -> None:
    kind = Kind.REFUSED if refused else Kind.DELIVERIES
    typed = Typed(kind, **plain, event_ids="\n".join(ids), persons="abc")  # type: ignore[arg-type]
    assert Typed.of(QueryParams(typed.query().removeprefix("?"))) == typed


def test_nothing_typed_is_nothing_meant_and_looking_shows_all() -> None:
    typed = Typed.of(ImmutableMultiDict([(name, "  ") for name in (*PLAIN, "event_ids")]))
    assert (typed, typed.narrows, typed.looked_at()) == (Typed(), False, Selection())
    with pytest.raises(BadSelection, match="nothing is selected"):
        typed.selection()
    assert Typed(all=True).selection() == Selection(everything=True)


@pytest.mark.parametrize(
    ("text", "millis"),
    [
        ("2026-11-22", 1795280400000),
        ("2026-11-22 08:00", 1795309200000),
        ("2026-11-22T08:00:30", 1795309230000),
        ("2026-11-22T08:00:00+07:00", 1795309200000),
        ("2026-11-22T08:00:00 07:00", 1795309200000),
        ("2026-11-22T01:00:00Z", 1795309200000),
    ],
)
def test_a_moment_without_an_offset_is_vietnams(text: str, millis: int) -> None:
    assert Typed(since=text).selection().since == millis


def test_persons_who_are_not_known_any_more_are_never_everybody() -> None:
    with pytest.raises(BadSelection, match="name them again"):
        Typed(persons="gone").looked_at(None)
    assert Typed(persons="here").selection(["001090000001"]).persons == ["001090000001"]
