"""The chain of a device against a simple model: whatever comes in any order, each event is taken once, in order."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.edge.chain import AHEAD, Chain, Met, Past, Ruling, Signed, read
from hub.edge.device import Device, Revoked
from hub.edge.keys import Key, kid_of
from tests.hub.edge.world import DAY, Counter, x_of
from tests.hub.making import NOW

KEY = Key(kid_of(x_of(1)), "edge-1", x_of(1), 1, None)
WINDOW = 14 * DAY


def device(**said: object) -> Device:
    known = {
        "device_id": "edge-1",
        "name": "counter",
        "site_id": "hospital-7",
        "province": "01",
        "purposes": ["health-check-in", "entry"],
        "enrolled_at": NOW,
        "kid": KEY.kid,
        "last_sequence": 0,
        "last_digest": None,
        "last_seen_at": None,
        "clock": None,
        "missing": 0,
        "refused": 0,
        "revoked": None,
    }
    return Device(**{**known, **said})  # type: ignore[arg-type]


def a_chain(known: Device | None = None, met: dict[int, Met] | None = None, key: Key = KEY) -> Chain:
    return Chain(known or device(), Past({KEY.kid: key}, met or {}), WINDOW)


def rule(chain: Chain, signed: Sequence[Signed]) -> list[Ruling]:
    return [chain.rule(read(one), NOW + DAY) for one in signed]


@given(st.lists(st.integers(0, 11), max_size=40), st.lists(st.integers(0, 40), max_size=5))
def test_each_event_is_taken_once_in_rising_order_and_every_hole_is_told(order: list[int], cuts: list[int]) -> None:
    """`order`: which of twelve events comes next; `cuts`: where a request ends and the hub looks its past up anew."""
    counter = Counter(device(), KEY)
    events = [counter.event() for _ in range(12)]
    chain, taken, told, last = a_chain(), list[int](), list[int](), 0
    met: dict[int, Met] = {}
    for step, index in enumerate(order):
        if step in cuts:
            chain = a_chain(device(last_sequence=chain.last, last_digest=chain.digest), met)
        ruling, sequence = rule(chain, [events[index]])[0], index + 1
        if sequence in taken:
            assert ruling.state in ("unfinished", "repeated")
        elif sequence <= last:
            assert (ruling.state, ruling.reason) == ("refused", "sequence_regression")
        else:
            assert ruling.state == "fresh"
            assert not ruling.broken
            told += range(*((ruling.gap[0], ruling.gap[1] + 1) if ruling.gap else (0, 0)))
            taken.append(sequence)
            met[sequence] = Met(ruling.digest or "", "taken", None, None)
            last = sequence
    assert taken == sorted(set(taken))
    assert sorted([*taken, *told]) == list(range(1, last + 1))


@given(st.integers(1, 12), st.integers(1, 12))
def test_a_device_that_was_put_back_from_a_backup_is_noticed(before: int, back: int) -> None:
    counter, twin = Counter(device(), KEY), Counter(device(), KEY)
    chain = a_chain()
    rule(chain, [counter.event() for _ in range(before)])
    for _ in range(back):
        ruling = rule(chain, [twin.event()])[0]
        if twin.sequence <= before:
            assert ruling.reason == "sequence_regression"
        else:
            assert (ruling.state, ruling.broken) == ("fresh", twin.sequence == before + 1)


def test_the_first_event_names_none_before_it() -> None:
    counter = Counter(device(), KEY)
    assert rule(a_chain(), [counter.event(previous="A" * 43)])[0].broken
    assert not rule(a_chain(), [Counter(device(), KEY).event()])[0].broken


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"occurred_at": NOW + DAY + AHEAD + 1}, "clock_ahead"),
        ({"occurred_at": NOW + DAY - WINDOW - 1}, "clock_behind"),
        ({"site_id": "hospital-8"}, "site_mismatch"),
        ({"purpose": "proof-of-life"}, "purpose_not_granted"),
        ({"purpose": "curiosity"}, "purpose_not_granted"),
        ({"photo": "…"}, "field_not_allowed"),
        ({"religion": None}, "field_not_allowed"),
        ({"purpose": "entry", "document_number": "079012345"}, "field_not_allowed"),
        ({"result": "SURELY"}, "content"),
        ({"subject": None}, "content"),
        ({"result": None, "error": "not_genuine"}, "content"),
        ({"error": "csca_unknown"}, "content"),
        ({"kind": "expired"}, "content"),
        ({"expired": [[1, 2]]}, "content"),
        ({"subject": "00109012345"}, "content"),
        ({"document_number": 79012345}, "content"),
    ],
)
def test_what_is_wrong_with_an_event_uses_its_place_up(said: dict[str, object], reason: str) -> None:
    counter, chain = Counter(device(), KEY), a_chain()
    wrong, right = rule(chain, [counter.event(**said), counter.event(occurred_at=NOW)])  # type: ignore[arg-type]
    assert (wrong.state, wrong.reason, wrong.in_chain) == ("refused", reason, True)
    assert (right.state, right.broken, right.gap) == ("fresh", False, None)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"v": 2}, "malformed"),
        ({"id": "1"}, "malformed"),
        ({"id": "0199c0de-0000-4000-8000-000000000001"}, "malformed"),
        ({"sequence": 0}, "malformed"),
        ({"sequence": 2.5}, "malformed"),
        ({"sequence": 2**60}, "malformed"),
        ({"previous": "short"}, "malformed"),
        ({"clock": "perhaps"}, "malformed"),
        ({"occurred_at": -1}, "malformed"),
        ({"device_id": "edge-2"}, "device_mismatch"),
    ],
)
def test_what_has_no_place_of_its_own_changes_nothing(said: dict[str, object], reason: str) -> None:
    counter, chain = Counter(device(), KEY), a_chain()
    ruling = rule(chain, [counter.signed(counter.content(**said))])[0]  # type: ignore[arg-type]
    assert (ruling.state, ruling.reason, ruling.in_chain) == ("refused", reason, False)
    assert (chain.last, chain.digest) == (0, None)


def test_a_payload_that_is_no_event_is_refused() -> None:
    for payload in (b"", b"null", b"[]", b"1", b"{", b"\xff", b'{"v":1}', b"[" * 10_000, b'"\\ud800"'):
        ruling = rule(a_chain(), [Signed(KEY, "a.b.c", payload, "sealed")])[0]
        assert (ruling.state, ruling.reason, ruling.place) == ("refused", "malformed", None)


def test_an_event_that_says_its_own_end_may_be_of_any_age() -> None:
    counter = Counter(device(), KEY)
    old = counter.event(None, kind="expired", result=None, expired=[[1, 4]], occurred_at=NOW - 400 * DAY)
    assert rule(a_chain(), [old])[0].state == "fresh"


def test_the_id_of_another_event_is_a_replay_and_refused_again_when_it_comes_again() -> None:
    counter, chain = Counter(device(), KEY), a_chain()
    first = counter.event()
    content = counter.content(id=read(first).place.id)  # type: ignore[union-attr]
    again = counter.signed(content)
    assert [one.reason for one in rule(chain, [first, again, again])] == [None, "replay", "replay"]


def test_a_revoked_device_and_an_ended_key_have_no_place_for_anything_new() -> None:
    gone = device(revoked=Revoked(NOW, "an", "stolen"))
    assert rule(a_chain(gone), [Counter(gone, KEY).event()])[0].reason == "revoked"
    counter, ended = Counter(device(), KEY), a_chain(key=KEY._replace(end=2))
    assert [one.reason for one in rule(ended, [counter.event(), counter.event()])] == [None, "key_ended"]


def test_nothing_about_the_person_is_in_any_text_of_a_ruling() -> None:
    counter = Counter(device(), KEY)
    number = "001190111111"
    ruling = rule(a_chain(), [counter.event(number, document_number="190111111")])[0]
    assert ruling.reported
    assert ruling.reported.subject == number
    said = counter.event(number)
    assert number not in f"{ruling!r}{ruling.reported!r}{ruling.reported.place!r}{said!r}{read(said)!r}"
    assert said.payload.hex() not in repr(said)
