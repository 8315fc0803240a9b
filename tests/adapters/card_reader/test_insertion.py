"""Cards read one after the other and side by side, on a real service that may be started again at any time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.card_reader.failure import Code
from adapters.card_reader.insertion import Insertion
from adapters.card_reader.key import key_of_can, key_of_number
from adapters.card_reader.reading import Wish
from adapters.card_reader.result import Level, Reading
from adapters.card_reader.session import Slot
from adapters.card_reader.trust import Trust
from tests.adapters.card_reader.slot import seen
from tests.adapters.card_reader.stack import Stack
from tests.adapters.card_reader.virtual.behaviour import Behaviour
from tests.adapters.card_reader.virtual.card import VirtualCard
from tests.adapters.card_reader.virtual.issuing import NOW
from tests.adapters.card_reader.virtual.personal import DUNG, Personalised
from tests.adapters.card_reader.virtual.variants import Variant, personalise


def read(reader: str, card: Personalised, trust: Trust) -> Reading:
    return Insertion(Slot(reader, virtual=True)).read(key_of_number(card.number), trust, Wish(NOW))


def test_after_two_wrong_keys_the_card_is_asked_no_more(stack: Stack, trust: Trust) -> None:
    card = VirtualCard(personalise())
    with seen(stack, card) as reader:
        insertion = Insertion(Slot(reader, virtual=True))
        wrong = [insertion.read(key_of_can("123456"), trust, Wish(NOW)).error for _ in range(2)]
        commands = card.seen
        third = insertion.read(key_of_number(card.card.number), trust, Wish(NOW))
        assert wrong == [Code.access_denied] * 2
        assert (third.error, card.seen) == (Code.too_many_attempts, commands)
        assert read(reader, card.card, trust).level is Level.CHIP_PA


def test_the_second_key_may_be_the_right_one_and_good_readings_cost_no_attempt(stack: Stack, trust: Trust) -> None:
    card = personalise()
    with seen(stack, VirtualCard(card)) as reader:
        insertion = Insertion(Slot(reader, virtual=True))
        assert insertion.read(key_of_can("123456"), trust, Wish(NOW)).checks.pace_or_bac is False
        for _ in range(3):
            assert insertion.read(key_of_number(card.number), trust, Wish(NOW)).verified
        assert insertion.attempts_left == 1


def test_a_card_pulled_out_leaves_the_reader_ready_for_the_next(stack: Stack, trust: Trust) -> None:
    for command in (1, 9, 20):
        with seen(stack, VirtualCard(personalise(), Behaviour(pulled_at=command))) as reader:
            assert read(reader, personalise(), trust).error is Code.card_removed
        with seen(stack, VirtualCard(personalise())) as reader:
            assert read(reader, personalise(), trust).level is Level.CHIP_PA


def test_two_counters_read_other_cards_at_the_same_time(stack: Stack, trust: Trust) -> None:
    cards = [personalise(), personalise(Variant.genuine, DUNG)]
    levels: dict[str, list[str | None]] = {}

    def work(reader: str, card: Personalised) -> None:
        found = [read(reader, card, trust) for _ in range(5)]
        levels[reader] = [one.document.number if one.document else one.error for one in found]

    with seen(stack, VirtualCard(cards[0])) as one, seen(stack, VirtualCard(cards[1]), 1) as other:
        counters = [threading.Thread(target=work, args=pair) for pair in zip((one, other), cards, strict=True)]
        for counter in counters:
            counter.start()
        for counter in counters:
            counter.join(60)
    assert levels == {one: [cards[0].number] * 5, other: [cards[1].number] * 5}


@pytest.mark.parametrize("end", [Stack.stop, Stack.kill], ids=["stopped", "killed"])
def test_after_a_restart_of_the_service_cards_are_read_again(
    end: Callable[[Stack], None], stack: Stack, trust: Trust
) -> None:
    card = personalise()
    with seen(stack, VirtualCard(card)) as reader:
        assert read(reader, card, trust).verified
        end(stack)
        try:
            assert read(reader, card, trust).error is Code.service_unavailable
        finally:
            stack.start()
    with seen(stack, VirtualCard(card)) as reader:
        assert read(reader, card, trust).verified


def test_the_service_killed_in_the_middle_ends_the_reading_with_a_code(stack: Stack, trust: Trust) -> None:
    card, ends = personalise(), list[Reading]()
    with seen(stack, VirtualCard(card, Behaviour(seconds=0.05))) as reader:
        counter = threading.Thread(target=lambda: ends.append(read(reader, card, trust)))
        counter.start()
        counter.join(0.3)
        stack.kill()
        counter.join(30)
        stack.start()
    assert [(one.level, one.error) for one in ends] in (
        [(None, Code.service_unavailable)], [(None, Code.card_removed)]
    )  # fmt: skip


def test_cards_in_a_row_leave_nothing_open(stack: Stack, trust: Trust) -> None:
    """A thousand are read in the benchmark; what leaks at all leaks in thirty, too."""
    card = personalise()
    with seen(stack, VirtualCard(card)) as reader:
        read(reader, card, trust)
        before = (_open_files(), _open_files(stack.service_pid), threading.active_count())
        for _ in range(30):
            assert read(reader, card, trust).verified
        after = (_open_files(), _open_files(stack.service_pid), threading.active_count())
        # fewer is well: the service may only now let go of whoever was there before
        assert all(now <= then for now, then in zip(after, before, strict=True)), (before, after)


def _open_files(process: int | str = "self") -> int:
    return len(list(Path(f"/proc/{process}/fd").iterdir()))
