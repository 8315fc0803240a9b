"""Takes files of a source into the hub: piece by piece, so that an interrupted file goes on where it was."""

from __future__ import annotations

import hashlib
import stat
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from io import BufferedReader
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import orjson

from adapters.sources import SOURCES, NotAnExport, Place, RowError, Source, detect, read
from adapters.sources.cloudevents import LongLine, read_lines
from hub.eventlog import LogBrowser
from hub.intake.desk import Desk, Sent, Taken, Unread

#: How many lines or rows are taken at once.
PIECE = 1000

#: What one line or row gives, and where to go on behind it.
Step = tuple[list[Sent], Place]


class CannotRead(Exception):
    """A file as a whole can't be taken in. Says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a file has been taken in; stored in the log together with its events."""

    #: Which time the file is taken in: reading it again from the start is another run.
    run: int = 1
    place: Place = Place(0, 0)  # noqa: RUF009 - immutable
    #: Of the bytes up to `place`: another file of the same name is not mistaken for this one.
    digest: str = ""
    taken: Taken = Taken()  # noqa: RUF009 - immutable
    done: bool = False

    def text(self) -> str:
        """Return it as the log keeps it."""
        counts = [self.taken.accepted, self.taken.refused, self.taken.duplicates]
        return orjson.dumps([self.run, list(self.place), self.digest, counts, self.done]).decode()

    @classmethod
    def of(cls, text: str) -> Progress:
        """Read it back."""
        run, place, digest, counts, done = orjson.loads(text)
        return cls(run, Place(*place), digest, Taken(*counts), done)


@dataclass(frozen=True, slots=True)
class Ingest:
    """What taking files in needs."""

    desk: Desk
    log: LogBrowser
    #: The folder for lines that are too long for the log.
    oversized: Path
    #: Told how many bytes are done.
    on_progress: Callable[[int], None] = lambda _: None

    def file(self, path: Path, source: Source | None = None) -> Taken:
        """Take a file in; return the counts of the whole file, also of the part that was taken in before.

        Without `source`, the first line tells whether it is a register's export or CloudEvents. Raises
        `CannotRead`.
        """
        if _is_pipe(path):
            with path.open("rb") as pipe:
                return self.stream(pipe, source)
        producer = producer_of(path)
        try:
            with path.open("rb") as stream:
                return self._resume(stream, producer, source)
        except NotAnExport as problem:
            raise CannotRead(f"{path}: {problem}") from problem

    def stream(self, stream: BufferedReader, source: Source | None = None) -> Taken:
        """Take in what comes through a pipe. It can't be gone back in, so it can't be resumed."""
        source = source or detect(stream.peek(1 << 16).partition(b"\n")[0])
        producer, taken = f"stream:{uuid.uuid4().hex[:16]}", Taken()
        try:
            for piece in _pieces(_steps(stream, Place(0, 0), source, self.oversized, producer)):
                taken += self.desk.take(producer, [sent for sents, _ in piece for sent in sents])
        except NotAnExport as problem:
            raise CannotRead(f"standard input: {problem}") from problem
        return taken

    def _resume(self, stream: BinaryIO, producer: str, source: Source | None) -> Taken:
        progress, digest = self._where(stream, producer)
        stream.seek(0)
        source = source or detect(stream.readline(PIECE * 1000))
        stream.seek(0 if source else progress.place.offset)
        name = f"{producer}#{progress.run}"
        self.on_progress(progress.place.offset)
        with_digest = _Digest(digest, progress.place.offset, Path(stream.name))
        for piece in _pieces(_steps(stream, progress.place, source, self.oversized, name.replace(":", "-"))):
            progress = self._take(name, progress, piece, with_digest)
            self.on_progress(progress.place.offset)
        done = Progress(progress.run, progress.place, progress.digest, progress.taken, done=True)
        self.desk.take(producer, [], lambda _: done.text())
        return progress.taken

    def _take(self, name: str, before: Progress, piece: list[Step], digest: _Digest) -> Progress:
        place = piece[-1][1]
        so_far = digest.up_to(place.offset)

        def after(taken: Taken) -> Progress:
            return Progress(before.run, place, so_far, before.taken + taken)

        producer = name.partition("#")[0]
        sents = [Sent(f"{before.run}:{sent.place}", sent.content) for sents, _ in piece for sent in sents]
        return after(self.desk.take(producer, sents, lambda taken: after(taken).text()))

    def _where(self, stream: BinaryIO, producer: str) -> tuple[Progress, hashlib._Hash]:
        """Return where to go on, and the digest of what lies before. A file that has changed begins anew."""
        found = self.log.mark(producer)
        if found is None:
            return Progress(), hashlib.sha256()
        before = Progress.of(found)
        digest, last = hashlib.sha256(), b"\n"
        for block in _blocks(stream, before.place.offset):
            digest.update(block)
            last = block[-1:]
        following = stream.read(1)
        sent_again = before.done and not following
        # A line that had no end when it was taken may have been half a line: it goes on now, or ends only now.
        goes_on = last != b"\n" and following not in (b"", b"\n", b"\r")
        if sent_again or goes_on or digest.hexdigest() != before.digest:
            return Progress(run=before.run + 1), hashlib.sha256()
        if last != b"\n" and following:
            place = Place(before.place.offset, before.place.line - 1)
            return replace(before, place=place), digest
        return before, digest


def producer_of(path: Path) -> str:
    """Return the name under which the log keeps how far a file has been taken in (`Progress`)."""
    return f"file:{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:16]}"


class _Digest:
    """The digest of a file up to a place, worked out as the places move on."""

    def __init__(self, digest: hashlib._Hash, offset: int, path: Path) -> None:
        self._digest = digest
        self._offset = offset
        self._path = path

    def up_to(self, offset: int) -> str:
        with self._path.open("rb") as stream:
            stream.seek(self._offset)
            for block in _blocks(stream, offset - self._offset):
                self._digest.update(block)
        self._offset = offset
        return self._digest.hexdigest()


def _blocks(stream: BinaryIO, size: int) -> Iterator[bytes]:
    while size > 0 and (block := stream.read(min(size, 1 << 20))):
        size -= len(block)
        yield block


def _pieces(steps: Iterator[Step]) -> Iterator[list[Step]]:
    while piece := list(islice(steps, PIECE)):
        yield piece


def _steps(stream: BinaryIO, start: Place, source: Source | None, oversized: Path, name: str) -> Iterator[Step]:
    if source is not None:
        yield from _rows(stream, start, source)
        return
    for line in read_lines(stream, start, oversized, name):
        if isinstance(line, LongLine):
            detail = f"the line has {line.size} bytes; it is kept whole in {line.kept_in.name}"
            content: bytes | Unread = Unread(line.kept_in.name.encode(), "too_long", detail)
        else:
            content = line.raw
        yield [Sent(str(line.number), content)], line.place


def _rows(stream: BinaryIO, start: Place, source: Source) -> Iterator[Step]:
    for item in read(source, stream, start if start.offset else None):
        if isinstance(item, RowError):
            detail = f"{item.column}: {item.message}" if item.column else item.message
            yield [Sent(str(item.line), Unread(item.raw.encode(), "row", detail))], item.place
        else:
            yield [Sent(f"{item.line}.{i}", event) for i, event in enumerate(item.events, 1)], item.place


def _is_pipe(path: Path) -> bool:
    """Say whether a path is a pipe rather than a file. Raises `CannotRead` for what is neither."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise CannotRead(f"{path}: {error.strerror}") from error
    if stat.S_ISDIR(mode):
        raise CannotRead(f"{path}: is a folder. Name its files, such as {path}/*.ndjson")
    if not stat.S_ISREG(mode) and not stat.S_ISFIFO(mode):
        raise CannotRead(f"{path}: is a device, not a file")
    return stat.S_ISFIFO(mode)


def source_named(name: str) -> Source | None:
    """Return the register's export of that name, or None for `cloudevents`. Raises `CannotRead`."""
    if name == "cloudevents":
        return None
    if name not in SOURCES:
        raise CannotRead(f"{name}: no such source. Allowed: {', '.join(['cloudevents', *SOURCES])}")
    return SOURCES[name]
