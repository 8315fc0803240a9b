"""The way to a card: APDUs in, answers out. A PC/SC session and the tests' virtual card are such channels."""

from typing import Protocol

_CAPABILITIES = 7  # compact TLV tag "card capabilities" of the historical bytes (ISO 7816-4, 12.1.1.9)
_EXTENDED = 0x40  # in its third byte: extended Lc and Le


class Channel(Protocol):
    """One card, ours alone for as long as it is held."""

    @property
    def extended(self) -> bool:
        """Whether card and reader take APDUs of extended length; `takes_extended` tells it from the ATR."""

    def transmit(self, command: bytes) -> bytes:
        """Sends one raw APDU; returns the answer's data and its two status bytes.

        Raises `Failed`: card_removed, timeout, service_unavailable.
        """


def takes_extended(atr: bytes) -> bool:
    """Whether an ATR promises extended length (ISO 7816-3, 8.2; 7816-4, 12.1.1). An unreadable ATR promises nothing."""
    history = _historical(atr)
    if history[:1] not in (b"\x00", b"\x80"):
        return False
    at = 1
    while at < len(history):
        tag, length = history[at] >> 4, history[at] & 0x0F
        if tag == _CAPABILITIES:
            return length >= 3 and at + 3 < len(history) and bool(history[at + 3] & _EXTENDED)
        at += 1 + length
    return False


def _historical(atr: bytes) -> bytes:
    if len(atr) < 2:
        return b""
    count, follows, at = atr[1] & 0x0F, atr[1] >> 4, 2
    while follows:
        at += follows.bit_count()
        if not follows & 0x8 or at > len(atr):
            break
        follows = atr[at - 1] >> 4
    return atr[at : at + count]
