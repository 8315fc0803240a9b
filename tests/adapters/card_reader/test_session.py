"""A card belongs to one session at a time, and a session to its time."""

from __future__ import annotations

import gc
import threading
import time

import pytest

from adapters.card_reader.failure import Code, Failed
from adapters.card_reader.session import CardSession, Slot, with_card
from tests.adapters.card_reader.slot import seen
from tests.adapters.card_reader.stack import Stack
from tests.adapters.card_reader.virtual.behaviour import Behaviour
from tests.adapters.card_reader.virtual.card import ATR, VirtualCard
from tests.adapters.card_reader.virtual.variants import personalise

FIRST, SECOND = "Virtual PCD 00 00", "Virtual PCD 00 01"
_CHALLENGE = bytes.fromhex("0084000008")
_SELECT = bytes.fromhex("00A4040C07A0000002471001")


def a_slot(reader: str = FIRST, seconds: float = 15.0) -> Slot:
    return Slot(reader, seconds, virtual=True)


def code_of(slot: Slot) -> Code:
    with pytest.raises(Failed) as failed:
        CardSession(slot)
    return failed.value.code


def test_a_session_speaks_to_the_card_and_knows_what_it_promises(stack: Stack) -> None:
    card = VirtualCard(personalise())
    with seen(stack, card), CardSession(a_slot()) as session:
        assert session.extended
        assert session.transmit(_SELECT) == b"\x90\x00"
        assert len(session.transmit(_CHALLENGE)) == 10
    assert card.atr == ATR


def test_a_card_that_promises_no_extended_length_gets_none(stack: Stack) -> None:
    with seen(stack, VirtualCard(personalise(), Behaviour(extended=False))), CardSession(a_slot()) as session:
        assert not session.extended


def test_nobody_else_gets_the_card_meanwhile(stack: Stack) -> None:
    with seen(stack, VirtualCard(personalise())):
        with CardSession(a_slot()) as session:
            assert code_of(a_slot()) is Code.reader_busy
            assert session.transmit(_SELECT) == b"\x90\x00"
        with CardSession(a_slot()) as session:
            assert session.transmit(_SELECT) == b"\x90\x00"


def test_an_old_session_that_is_collected_resets_nothing(stack: Stack) -> None:
    with seen(stack, VirtualCard(personalise())):
        old = CardSession(a_slot())
        old.close()
        with CardSession(a_slot()) as session:
            del old
            gc.collect()
            assert session.transmit(_SELECT) == b"\x90\x00"


def test_the_end_of_a_session_takes_the_power_from_the_card(stack: Stack) -> None:
    with seen(stack, VirtualCard(personalise())):
        with CardSession(a_slot()) as session:
            session.transmit(_SELECT)
        with CardSession(a_slot()) as session:
            assert session.transmit(bytes.fromhex("00A4020C020101")) == b"\x6a\x82"


def test_a_virtual_reader_is_refused_unless_it_is_allowed(stack: Stack) -> None:
    with seen(stack, VirtualCard(personalise())):
        assert code_of(Slot(FIRST)) is Code.virtual_reader


def test_what_is_not_there_has_its_own_code(stack: Stack) -> None:
    assert code_of(a_slot()) is Code.card_removed
    assert code_of(a_slot("Reader of nobody")) is Code.reader_unavailable
    stack.stop()
    try:
        assert code_of(a_slot()) is Code.service_unavailable
    finally:
        stack.start()


def test_a_card_pulled_out_is_told_as_removed(stack: Stack) -> None:
    with seen(stack, VirtualCard(personalise(), Behaviour(pulled_at=2))), CardSession(a_slot()) as session:
        session.transmit(_SELECT)
        with pytest.raises(Failed) as failed:
            session.transmit(_CHALLENGE)
    assert failed.value.code is Code.card_removed


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_the_end_of_the_service_ends_the_session(stack: Stack, end: str) -> None:
    with seen(stack, VirtualCard(personalise())):
        try:
            with CardSession(a_slot()) as session:
                session.transmit(_SELECT)
                getattr(stack, end)()
                with pytest.raises(Failed) as failed:
                    session.transmit(_CHALLENGE)
        finally:
            stack.start()
    assert failed.value.code in (Code.service_unavailable, Code.card_removed)


def test_a_slow_card_is_given_up_when_its_time_is_over(stack: Stack) -> None:
    slow = VirtualCard(personalise(), Behaviour(seconds=0.1))
    with seen(stack, slow), CardSession(a_slot(seconds=0.25)) as session, pytest.raises(Failed) as failed:
        list(map(session.transmit, [_SELECT] * 10))
    assert failed.value.code is Code.timeout


def test_a_command_that_hangs_is_left_alone_and_the_card_comes_free_after_it(stack: Stack) -> None:
    with seen(stack, VirtualCard(personalise(), Behaviour(seconds=2))):
        with pytest.raises(Failed) as failed:
            with_card(a_slot(seconds=0.1), lambda session: session.transmit(_SELECT))
        assert failed.value.code is Code.timeout
        left = [thread for thread in threading.enumerate() if thread.name == f"card in {FIRST}"]
        for thread in left:
            thread.join(20)
        with CardSession(a_slot()):
            pass


def test_what_is_done_with_a_card_comes_back_or_its_error(stack: Stack) -> None:
    with seen(stack, VirtualCard(personalise())):
        assert with_card(a_slot(), lambda session: session.transmit(_SELECT)) == b"\x90\x00"
        with pytest.raises(ZeroDivisionError):
            with_card(a_slot(), lambda _: 1 // 0)
        assert code_of(a_slot(SECOND)) is Code.card_removed


def test_two_counters_work_side_by_side(stack: Stack) -> None:
    ends: list[float] = []

    def read(reader: str) -> None:
        with CardSession(a_slot(reader)) as session:
            for _ in range(20):
                session.transmit(_SELECT)
        ends.append(time.monotonic())

    with seen(stack, VirtualCard(personalise())), seen(stack, VirtualCard(personalise()), 1):
        counters = [threading.Thread(target=read, args=(reader,)) for reader in (FIRST, SECOND)]
        for counter in counters:
            counter.start()
        for counter in counters:
            counter.join(20)
    assert len(ends) == 2
