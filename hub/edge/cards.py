"""Pure: whether a card is still its holder's, from what the identity register says of all cards of the person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

VALID: Final = "valid"
REPLACED: Final = "replaced"
LOST: Final = "lost"
UNKNOWN: Final = "unknown"


class Card(NamedTuple):
    """One card of a person, as the identity register says it."""

    number: str | None
    #: Days since 1970, or None.
    issued_on: int | None
    #: The register has ended it: the holder has reported it lost (*Mất thẻ*).
    ended: bool
    previous_number: str | None
    #: LOST, DAMAGED, EXPIRED, RETURNED or None.
    previous_state: str | None
    #: Where its event stands in the log: of two cards of one day the later holds.
    position: int


def state_of(number: str | None, cards: Sequence[Card]) -> str:
    """Return valid, replaced, lost or unknown for a card with this number, of a person with these cards.

    A card that nobody told us of is unknown. Many cards have the last nine digits of their holder's number for their
    own: a lost card and the one after it then look the same, and what holds is what the register said last.
    """
    if number is None:
        return UNKNOWN
    after = [c for c in cards if _same(c.previous_number, number) and not _same(c.number, number)]
    if after:
        return LOST if any(c.previous_state == "LOST" for c in after) else REPLACED
    mine = [c for c in cards if _same(c.number, number)]
    if not mine:
        return UNKNOWN
    newest = max(mine, key=_order)
    if newest.ended:
        return LOST
    return VALID if newest == max(cards, key=_order) else REPLACED


def _order(card: Card) -> tuple[int, int]:
    return card.issued_on or 0, card.position


def _same(said: str | None, number: str) -> bool:
    """Whether two texts name one card: a register may say all twelve digits, the chip says the last nine."""
    if said is None:
        return False
    longer, shorter = (said, number) if len(said) >= len(number) else (number, said)
    return longer == shorter or (len(longer) == 12 and len(shorter) == 9 and longer.endswith(shorter))
