"""A virtual counter in the demo: cards are read over the real smart card service, good ones and forged ones.

The virtual card belongs to the tests, and is not installed: it can only be shown from the project's own folder.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
from rich.table import Column, Table

from monitoring.words import Words

_FOLDER = Path(__file__).parents[2]
_MODULE = "tests.adapters.card_reader.demo"
#: Seconds after which it is not shown.
_PATIENCE = 60.0
#: What each virtual card is, and whether a counter must believe it.
_CARDS = {
    "genuine": (Words("Thẻ thật", "a genuine card"), True),
    "clone": (Words("Thẻ sao chép", "a copy of a card"), False),
    "altered_dg13": (Words("Dữ liệu bị sửa", "altered data"), False),
    "unknown_csca": (Words("Cơ quan cấp lạ", "an issuer that nobody knows"), False),
    "expired_document": (Words("Thẻ hết hạn", "a card that has expired"), False),
}


class NotShown(Exception):
    """The virtual counter can't be shown here. Says what is missing."""


def read_cards() -> Sequence[dict[str, Any]]:
    """Return what a counter said of each card. Raises `NotShown`."""
    if not (_FOLDER / "tests" / "adapters" / "card_reader").is_dir():
        raise NotShown("the virtual card is only in the project's own folder")
    try:
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-m", _MODULE], cwd=_FOLDER, capture_output=True, timeout=_PATIENCE
        )
    except (OSError, subprocess.TimeoutExpired):
        raise NotShown("it does not start") from None
    if done.returncode:
        raise NotShown(done.stdout.decode() or "the extra is not installed: pip install 'dancu-hub[edge]', or make dev")
    cards: Sequence[dict[str, Any]] = orjson.loads(done.stdout)
    return cards


def table(cards: Sequence[dict[str, Any]]) -> Table:
    """Show what the counter said."""
    shown = Table("Quầy ảo / a virtual counter", "Kết quả / result", Column("ms", justify="right"))
    for card in cards:
        words, _ = _CARDS[card["card"]]
        style = "green" if verified(card) else "red"
        shown.add_row(str(words), f"[{style}]{card['level'] or card['error']}[/]", f"{card['ms']['total']:.0f}")
    return shown


def wrong(cards: Sequence[dict[str, Any]]) -> list[str]:
    """Return what the counter should have said otherwise."""
    return [f"counter: {card['card']}" for card in cards if verified(card) is not _CARDS[card["card"]][1]]


def verified(card: dict[str, Any]) -> bool:
    """Whether the counter believed the card."""
    return card["level"] in ("chip+pa", "pa")
