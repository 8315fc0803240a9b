"""A virtual card as a channel in the same process, with no reader between."""

from __future__ import annotations

from adapters.card_reader.channel import takes_extended
from adapters.card_reader.failure import Code, Failed
from tests.adapters.card_reader.slot import PulledOut
from tests.adapters.card_reader.virtual.card import VirtualCard


class InProcess:
    """A `Channel`. `commands` and `answers` are what went over it."""

    def __init__(self, card: VirtualCard, *, patience: float | None = None) -> None:
        """`patience`: seconds for one command, after which a real channel would give up."""
        self.card, self.removed, self.patience = card, False, patience
        self.commands: list[bytes] = []
        self.answers: list[bytes] = []
        card.reset()

    @property
    def extended(self) -> bool:
        return takes_extended(self.card.atr)

    def transmit(self, command: bytes) -> bytes:
        if self.removed:
            raise Failed(Code.card_removed)
        self.commands.append(command)
        try:
            answer = self.card.answer(command)
        except PulledOut:
            self.removed = True
            raise Failed(Code.card_removed) from None
        if self.patience is not None and self.card.behaviour.seconds > self.patience:
            raise Failed(Code.timeout)
        self.answers.append(answer)
        return answer
