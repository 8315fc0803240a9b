"""Reads a register's CSV export: finds the columns, translates each row, names line and column of errors."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

from adapters.sources.lines import MAX_LINE, BadLine, Lines
from adapters.sources.source import BadCell, Item, NotAnExport, Place, Row, RowError, Source

DELIMITERS = (",", ";")
_BOM = "\ufeff"


def read(source: Source, stream: BinaryIO, start: Place | None = None) -> Iterator[Item]:
    """Yield every row of an export, in order; a bad row is a RowError and the next row follows.

    `stream` stands at the file's beginning. `start` is the `place` of the last item that is done with: the
    header is read again, then what lies before `start` is passed over (by seeking, or by reading when the
    stream cannot seek). Raises NotAnExport at the first step when the header is not `source`'s, or when
    `start` lies behind the file's end. Memory is bounded by one row.
    """
    header = stream.readline(MAX_LINE)
    delimiter, columns = _layout(source, header)
    place = Place(len(header), 1)
    if start is not None and start.offset > place.offset:
        _go_to(stream, start.offset - place.offset)
        place = start
    lines = Lines(stream, place)
    rows = csv.reader(lines, delimiter=delimiter, strict=True)
    while (item := _next_item(source, columns, lines, rows)) is not None:
        yield item


def detect(header: str | bytes, sources: Iterable[Source]) -> Source | None:
    """Return whose export begins with this line, by the one column that only that register has."""
    try:
        text = header.decode("utf-8") if isinstance(header, bytes) else header
    except UnicodeDecodeError:
        return None
    names = {name for delimiter in DELIMITERS for name in _names(text, delimiter)}
    return next((source for source in sources if source.kind_column in names), None)


def _next_item(source: Source, columns: Sequence[str], lines: Lines, rows: Iterator[list[str]]) -> Item | None:
    lines.begin_row()
    try:
        cells = next(rows)
        while not any(map(str.strip, cells)):  # an empty line, or only separators: spreadsheets leave them
            lines.begin_row()
            cells = next(rows)
        _check_width(columns, cells)
        events = source.translate(dict(zip(columns, map(str.strip, cells), strict=True)))
    except StopIteration:
        return None
    except (BadLine, csv.Error, BadCell) as error:
        return _error(lines, error)
    return Row(lines.first_line, events, lines.place)


def _error(lines: Lines, error: BadLine | csv.Error | BadCell) -> RowError:
    """A row of several lines that is no row began with a stray quotation mark: only that line is lost."""
    column = error.column if isinstance(error, BadCell) else ""
    message = str(error)
    if isinstance(error, csv.Error):
        message = f"sai dạng CSV / not well-formed CSV: {error}"
    if not column and lines.keep_first():
        message = "dấu ngoặc kép đặt sai hoặc không được đóng / a quotation mark is misplaced or not closed"
    return RowError(lines.first_line, column, message, lines.row, lines.place)


def _check_width(columns: Sequence[str], cells: Sequence[str]) -> None:
    if len(cells) != len(columns):
        counts = f"{len(cells)} ≠ {len(columns)}"
        raise BadCell("", f"số ô không bằng số cột / not as many cells as columns: {counts}")


def _layout(source: Source, header: bytes) -> tuple[str, list[str]]:
    """Return the delimiter and the columns in the file's order."""
    if not header:
        raise NotAnExport("tệp rỗng / the file is empty")
    try:
        text = header.decode("utf-8")
    except UnicodeDecodeError:
        raise NotAnExport("dòng 1 không phải UTF-8 / line 1 is not UTF-8") from None
    delimiter = max(DELIMITERS, key=lambda each: len(_names(text, each)))
    names = _names(text, delimiter)
    if faults := _faults(source, names):
        expected = ", ".join(source.columns)
        raise NotAnExport(f"dòng 1 / line 1: {'; '.join(faults)}. Cần các cột / expected columns: {expected}")
    return delimiter, names


def _faults(source: Source, names: Sequence[str]) -> list[str]:
    groups = {
        "thiếu cột / missing": [name for name in source.columns if name not in names],
        "cột lạ / unknown": [name for name in names if name not in source.columns],
        "cột lặp / repeated": sorted({name for name in names if names.count(name) > 1}),
    }
    return [f"{fault}: {', '.join(map(repr, found[:8]))}" for fault, found in groups.items() if found]


def _names(header: str, delimiter: str) -> list[str]:
    line = unicodedata.normalize("NFC", header.removeprefix(_BOM))
    try:
        cells = next(csv.reader(io.StringIO(line), delimiter=delimiter), [])
    except csv.Error:
        return []
    return [cell.strip() for cell in cells]


def _go_to(stream: BinaryIO, distance: int) -> None:
    if stream.seekable():
        here = stream.tell()
        end = stream.seek(0, io.SEEK_END)
        stream.seek(min(here + distance, end))
        missing = here + distance - end
    else:
        while distance > 0 and (part := stream.read(min(distance, MAX_LINE))):
            distance -= len(part)
        missing = distance
    if missing > 0:
        raise NotAnExport("tệp ngắn hơn chỗ đã đọc / the file is shorter than what was read before")
