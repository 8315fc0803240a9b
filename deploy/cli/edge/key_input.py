"""The key to a card, from the command line or from standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from getpass import getpass
from typing import TYPE_CHECKING

from deploy.cli.shell import screen

if TYPE_CHECKING:
    from adapters.card_reader.key import Key

_PROMPT = "Quét mã QR hoặc MRZ, hoặc nhập số định danh (12 số) / Scan the QR code or MRZ, or type the number: "


def key_given(given: Mapping[str, str]) -> Key:
    """Return the key that an option gives, by its name, or else the next lines of standard input.

    Raises `Failed`, and says on the screen why a key can't be one, without repeating it.
    """
    from adapters.card_reader.key import WrongKey
    from deploy.edge.keys import key_of_lines, key_of_option

    lines = _lines()
    try:
        for kind, value in given.items():
            return key_of_option(kind, value, lines)
        return key_of_lines(lines)
    except WrongKey as wrong:
        screen.print(wrong.reason, style="yellow", markup=False, soft_wrap=True)
        raise


def _lines() -> Iterator[str]:
    """Yield what is scanned or typed. On a terminal it is not shown: whoever stands by could read it."""
    while sys.stdin.isatty():
        yield getpass(_PROMPT, stream=sys.stderr)
    for line in sys.stdin.buffer:
        yield line.decode("utf-8", "replace")
