"""CloudEvents as lines of JSON (NDJSON): one event in structured mode per line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

from adapters.sources.source import Place

#: A longer line is no event. It is kept whole in a file beside the log.
LONGEST = 1_048_576
_BOM = b"\xef\xbb\xbf"


class Line(NamedTuple):
    """One line that is not empty."""

    #: From 1.
    number: int
    raw: bytes
    #: Where to go on after this line.
    place: Place


@dataclass(frozen=True, slots=True)
class LongLine:
    """A line that is too long for an event: where it is kept, and how long it is."""

    number: int
    kept_in: Path
    size: int
    place: Place


def read_lines(stream: BinaryIO, start: Place, oversized: Path, name: str) -> Iterator[Line | LongLine]:
    """Yield the lines from `start` on, where `stream` stands. Memory is bounded by one line of an event.

    `oversized` is the folder for lines that are too long, `name` what their files begin with. Raises OSError.
    """
    offset, number = start
    while raw := stream.readline(LONGEST + 1):
        number += 1
        if len(raw) > LONGEST and not raw.endswith(b"\n"):
            kept_in = oversized / f"{name}-{number}.raw"
            size = _keep(stream, raw, kept_in)
            offset += size
            yield LongLine(number, kept_in, size, Place(offset, number))
            continue
        offset += len(raw)
        content = raw.removeprefix(_BOM).strip() if number == 1 else raw.strip()
        if content:
            yield Line(number, content, Place(offset, number))


def _keep(stream: BinaryIO, beginning: bytes, kept_in: Path) -> int:
    """Copy the rest of a line into a file, piece by piece; return its size in bytes."""
    kept_in.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    size, piece = 0, beginning
    with kept_in.open("wb") as copy:
        while piece:
            size += copy.write(piece)
            if piece.endswith(b"\n"):
                break
            piece = stream.readline(LONGEST)
    return size
