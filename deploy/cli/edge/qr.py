"""`dancu edge qr`: what the printed code says, which proves nothing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.edge.extra import edge_extra
from deploy.cli.output import show, write_json
from deploy.cli.shell import plain_errors, screen
from deploy.edge.core_dumps import forbid_core_dumps

#: Bytes: more than any code can hold is not read.
_MOST = 1 << 16


def qr(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="Tệp có nội dung mã / file with the code's text; `-`: stdin."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Đọc nội dung mã QR trên thẻ (không có chữ ký). / Read the line of the card's QR code, which is not signed.

    From a scanner that types or sends a line to standard input, or from a file. Exit code 0: it is the code of a
    citizen's card, which anybody can print; 1: it is none.
    """
    forbid_core_dumps()
    with edge_extra(), plain_errors():
        from adapters.card_reader.failure import Failed
        from adapters.card_reader.qr import qr_of
        from adapters.card_reader.result import Checks, Document, Level, Reading, failed
        from deploy.edge.showing import sentence, table

        try:
            found = qr_of(_scanned(file))
            reading = Reading(Level.QR, Checks(), None, Document(found.number, None), {})
        except Failed as failure:
            reading = failed(failure.code)
        if json:
            write_json(reading.as_json())
        else:
            show(*table(reading))
            screen.print(
                sentence(reading), style="bold yellow" if reading.level else "bold red", markup=False, soft_wrap=True
            )
    if reading.level is None:
        raise typer.Exit(1)


def _scanned(file: Path | None) -> bytes:
    """Return one line of standard input, or a whole file."""
    if file is None or str(file) == "-":
        return sys.stdin.buffer.readline(_MOST)
    with file.open("rb") as content:
        return content.read(_MOST)
