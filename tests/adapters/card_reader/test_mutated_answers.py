"""A hostile card: whatever it answers, the reader ends with a code, after a bounded number of commands."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.card_reader.chip import Chip
from adapters.card_reader.failure import Code, Failed
from adapters.card_reader.key import Key
from adapters.card_reader.public_key import public_key
from adapters.card_reader.security_infos import security_infos
from tests.adapters.card_reader.chips import CAN, MRZ, card, channel, refusal
from tests.adapters.card_reader.virtual.behaviour import Behaviour
from tests.adapters.card_reader.virtual.groups import CARD_ACCESS
from tests.adapters.card_reader.virtual.in_process import InProcess

#: Far more than any reading of these cards needs.
MOST_COMMANDS = 5_000
EXPECTED = {Code.access_denied, Code.malformed, Code.secure_messaging, Code.not_a_citizen_card, Code.too_many_attempts}
Mutation = Callable[[bytes], bytes]

positions = st.integers(0, 400)
mutations: st.SearchStrategy[Mutation] = st.one_of(
    st.builds(lambda at, bit: lambda answer: _flip(answer, at, bit), positions, st.integers(0, 7)),
    st.builds(lambda at: lambda answer: answer[: at % (len(answer) + 1)], positions),
    st.builds(
        lambda at, more: lambda answer: _insert(answer, at, more), positions, st.binary(min_size=1, max_size=300)
    ),
    st.builds(lambda whole: lambda _answer: whole, st.binary(max_size=40)),
    st.builds(lambda status: lambda answer: answer[:-2] + status, st.binary(min_size=2, max_size=2)),
    st.sampled_from(
        [b"\x61\x00", b"\x61\x10", b"\x6c\x00", b"\x6c\x05", b"\x90\x00", b"\x62\x82", b"\x6a\x82", b"\x69\x82"]
    ).map(lambda whole: lambda _: whole),
)


def _flip(answer: bytes, at: int, bit: int) -> bytes:
    changed = bytearray(answer)
    changed[at % len(answer)] ^= 1 << bit
    return bytes(changed)


def _insert(answer: bytes, at: int, more: bytes) -> bytes:
    return answer[: at % (len(answer) + 1)] + more + answer[at % (len(answer) + 1) :]


class Mutating:
    """A channel on which answers are changed: one of them, or all from there on."""

    def __init__(self, inner: InProcess, at: int, mutation: Mutation, *, from_there_on: bool) -> None:
        self.inner, self.at, self.mutation, self.from_there_on = inner, at, mutation, from_there_on
        self.count = 0

    @property
    def extended(self) -> bool:
        return self.inner.extended

    def transmit(self, command: bytes) -> bytes:
        self.count += 1
        assert self.count < MOST_COMMANDS
        answer = self.inner.transmit(command)
        changed = self.count == self.at or (self.from_there_on and self.count > self.at)
        return self.mutation(answer) if changed else answer


def outcome(line: Mutating, key: Key) -> dict[int, bytes | None] | Code:
    """What was read, or why not."""
    reader = Chip(line)
    try:
        reader.open(key)
        found = {group: reader.read(group) for group in (14, 13, 1)}
        if found[14] is not None:
            reader.authenticate_chip(found[14])
        if (active := reader.read(15)) is not None:
            reader.authenticate_actively(active)
    except Failed as failed:
        return failed.code
    return found


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 26), mutations, st.booleans(), st.booleans(), st.booleans())
def test_mutated_answers_end_with_a_code_or_the_truth(
    at: int, mutation: Mutation, from_there_on: bool, pace: bool, extended: bool
) -> None:
    one = card(active="ec")
    line = Mutating(channel(one, Behaviour(pace=pace, extended=extended)), at, mutation, from_there_on=from_there_on)
    found = outcome(line, CAN if pace else MRZ)
    if isinstance(found, Code):
        assert found in EXPECTED
    else:
        assert all(content is None or content == one.groups[group] for group, content in found.items())


@settings(max_examples=250, deadline=None)
@given(st.integers(0, 600), st.binary(min_size=1, max_size=4), st.booleans())
def test_mutated_security_infos_are_read_or_refused(at: int, change: bytes, longer: bool) -> None:
    for data in (CARD_ACCESS, card(active="ec").groups[14][4:]):
        at %= len(data)
        mutated = data[:at] + change + data[at if longer else at + len(change) :]
        assert refusal(security_infos, mutated) in {None, Code.malformed}
        assert refusal(public_key, mutated) in {None, Code.malformed}


@given(st.binary(max_size=200))
def test_any_bytes_are_security_infos_or_refused(data: bytes) -> None:
    assert refusal(security_infos, data) in {None, Code.malformed}
    assert refusal(public_key, data) in {None, Code.malformed}
