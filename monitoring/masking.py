"""Keeps personal numbers out of what is shown."""

from __future__ import annotations

import re

#: Twelve digits that stand alone. The last group of a UUID may be twelve digits too; that one is not touched.
_NUMBER = re.compile(r"(?<![\w-])\d{12}(?![\w-])")


def masked(number: str) -> str:
    """Return a personal number with its first three and last two digits only."""
    return f"{number[:3]}{'•' * 7}{number[-2:]}"


def without_numbers(text: str) -> str:
    """Return a text with every personal number in it masked."""
    return _NUMBER.sub(lambda found: masked(found.group()), text)
