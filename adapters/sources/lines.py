"""Reads an export's physical lines in bounded memory and knows at each moment where in the file it is."""

from __future__ import annotations

import unicodedata
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from adapters.sources.source import Place

#: A longer line is no row of any register; what is behind the limit is read over.
MAX_LINE = 1024 * 1024
#: A quoted cell may hold line breaks, but a row of more lines is a quotation mark that nobody closed.
MAX_ROW_LINES = 50


class _Line(NamedTuple):
    raw: bytes
    #: Its bytes in the file, also those behind the limit.
    size: int


class BadLine(ValueError):
    """A line cannot be text of an export; the message says why."""


class Lines(Iterator[str]):
    """The lines as text (UTF-8, Unicode NFC) for the CSV reader, which takes as many as the row needs.

    The reader never reads ahead, so after each row `place` is exactly behind it. Raises BadLine from `next`.
    """

    def __init__(self, stream: BinaryIO, place: Place) -> None:
        self._stream = stream
        self._again: deque[_Line] = deque()
        self._row: list[_Line] = []
        self._offset, self._line = place

    @property
    def place(self) -> Place:
        """Where the lines handed out so far end."""
        return Place(self._offset, self._line)

    @property
    def first_line(self) -> int:
        """The number of the first line of the row being read; 1 is the file's first."""
        return self._line - len(self._row) + 1

    @property
    def row(self) -> str:
        """The lines of the row being read, as they stand in the file."""
        return b"".join(line.raw for line in self._row).decode("utf-8", "backslashreplace").rstrip("\r\n")

    def begin_row(self) -> None:
        """Forget the row before."""
        self._row.clear()

    def keep_first(self) -> bool:
        """Take back all lines of the row but the first, to be read again as rows of their own."""
        rest = self._row[1:]
        del self._row[1:]
        self._again.extendleft(reversed(rest))
        self._offset -= sum(line.size for line in rest)
        self._line -= len(rest)
        return bool(rest)

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._fetch()
        if not line.raw:
            raise StopIteration
        self._row.append(line)
        self._offset += line.size
        self._line += 1
        if line.size > MAX_LINE:
            raise BadLine(f"dòng dài hơn {MAX_LINE} byte / line longer than {MAX_LINE} bytes")
        if len(self._row) > MAX_ROW_LINES:
            raise BadLine("dấu ngoặc kép không được đóng / a quotation mark is not closed")
        return _text(line.raw)

    def _fetch(self) -> _Line:
        raw = part = self._stream.readline(MAX_LINE)
        size = len(raw)
        while len(part) == MAX_LINE and not part.endswith(b"\n"):
            part = self._stream.readline(MAX_LINE)
            size += len(part)
        return _Line(raw, size)


def _text(raw: bytes) -> str:
    if b"\0" in raw:
        raise BadLine("có ký tự NUL / holds a NUL byte")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        where = f"byte {error.start + 1}"
        raise BadLine(f"không phải UTF-8 ({where}) / not UTF-8 ({where})") from None
    return text if text.isascii() else unicodedata.normalize("NFC", text)
