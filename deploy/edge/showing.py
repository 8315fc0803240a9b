"""A reading on a screen: first the sentence that decides, then what was checked."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Column, Table

from adapters.card_reader.result import Reading
from deploy.edge.words import CHECKS, CODES, LEVELS
from monitoring.words import Words

_MARKS = {True: "[green]✓[/]", False: "[bold red]✗[/]", None: "[dim]-[/]"}
_NEVER = Words("không thời hạn", "no end")


def sentence(reading: Reading) -> str:
    """Return what the operator has to know."""
    words = [str(LEVELS[reading.level])] if reading.level else []
    if reading.error:
        words.append(f"{CODES[reading.error]} ({reading.error})")
    return f"{'✓' if reading.verified else '✗'} {' · '.join(words)}"


def table(reading: Reading) -> Iterator[Table]:
    """Yield what was checked, and as much of the document as may be shown."""
    found = Table("", Column("Kiểm tra / Check"), "", show_header=False)
    for name, value in reading.checks.as_json().items():
        text = isinstance(value, str)
        found.add_row(_MARKS[True if text else value], str(CHECKS[name]), str(value).upper() if text else "")  # type: ignore[index]
    if reading.document:
        shown = reading.document.as_json()
        found.add_row("", "Số định danh / number", shown["number_masked"] or "")
        found.add_row("", "Hết hạn / expires", shown["expiry"] or str(_NEVER))
    if "total" in reading.ms:
        found.add_row("", "Thời gian / time", f"{reading.ms['total']:.0f} ms")
    yield found
