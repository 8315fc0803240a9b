"""The demo's virtual counter believes the good card, and only that one."""

from __future__ import annotations

from deploy.demo.counter import read_cards, verified, wrong
from tests.adapters.card_reader.stack import need_stack


def test_the_counter_believes_the_genuine_card_only_and_a_mistake_of_it_is_noticed() -> None:
    need_stack()
    cards = read_cards()
    assert [card["card"] for card in cards if verified(card)] == ["genuine"]
    assert wrong(cards) == []
    assert wrong([{**cards[1], "level": "chip+pa"}]) == ["counter: clone"]
