"""Keeps personal numbers out of what systems outside say: it is stored, logged and shown. The one pattern for it."""

from __future__ import annotations

import re

#: A UUID, whose last group may be twelve digits (group 1), or what is or may hold a personal number: twelve digits or
#: more on end, whatever stands around them, or four groups of three as people write them.
_SUSPECT = re.compile(
    r"([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}(?![0-9a-fA-F]))"
    r"|\d{12,}|(?<!\d)\d{3}([ .\u00a0\u202f-])\d{3}\2\d{3}\2\d{3}(?!\d)"
)


def masked(number: str) -> str:
    """Return a personal number with its first three and last two digits only: enough to tell two of them apart."""
    return f"{number[:3]}{'•' * 7}{number[-2:]}"


def without_numbers(text: str) -> str:
    """Return a text in which everything that is or holds a personal number is shortened to its ends."""
    return _SUSPECT.sub(lambda found: found[0] if found[1] else masked(found[0]), text)


def hidden_numbers(text: str, instead: str = "…") -> str:
    """Return the same without any digit of it, for logs and whoever else need not tell two persons apart."""
    return _SUSPECT.sub(lambda found: found[0] if found[1] else instead, text)
