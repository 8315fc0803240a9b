"""A folder as the destination of an agency that works offline. What is delivered is in the journal or in a file."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from adapters.ways.files.formats import FORMATS, Views
from adapters.ways.files.journal import Journal, OpenSet
from adapters.ways.files.manifest import manifest_of, set_name, write_manifest
from adapters.ways.files.receipts import MANIFEST
from adapters.ways.files.safely import FOLDER_MODE, in_plain_words, seal
from adapters.ways.files.settings import DropSettings, settings_of
from adapters.ways.way import Place
from hub.agreements import Agreement
from hub.destination import Event, Receipt, Unavailable

#: Seconds until a set that could not be closed in time is tried again.
_AGAIN = 5.0


def _now() -> int:
    return time.time_ns() // 1_000_000


class FileDrop:
    """The `Destination`: durable in the journal with each call; closed into files by count or by time.

    Nothing is opened before the first call. A set whose time has come is closed by a thread of its own, so that it
    does not wait for the next event.
    """

    def __init__(self, settings: DropSettings, views: Views, clock: Callable[[], int] = _now) -> None:
        """`views`: type → the agency's view. `clock` gives milliseconds since 1970 UTC."""
        self._settings = settings
        self._views = views
        self._clock = clock
        self._journal: Journal | None = None
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()
        self._closed = False

    def deliver(self, events: Sequence[Event]) -> Receipt:
        """Keep the events durably, each once however often it comes. Raises `Unavailable`: then it comes again."""
        with self._lock, in_plain_words(self._settings.folder), self._opened() as journal:
            self._write_sets(journal)
            if events:
                journal.add(events, self._clock())
            self._roll_if_due(journal)
        return Receipt()

    def close(self) -> None:
        """Close the journal. What is in no file yet stays in it for the next start."""
        with self._lock:
            self._closed = True
            if self._timer is not None:
                self._timer.cancel()
            self._let_go()

    @contextmanager
    def _opened(self) -> Iterator[Journal]:
        """Give the journal. After any error it is opened anew: the folder may be another one by then."""
        try:
            yield self._open()
        except BaseException:
            self._let_go()
            raise

    def _let_go(self) -> None:
        journal, self._journal = self._journal, None
        if journal is not None:
            journal.close()

    def _open(self) -> Journal:
        if self._journal is None:
            folder = self._settings.folder
            if self._settings.own and not folder.is_dir():
                folder.mkdir(parents=True)
                folder.chmod(FOLDER_MODE)
            self._journal = Journal(folder / ".dancu" / "journal.db")
        return self._journal

    def _roll_if_due(self, journal: Journal) -> None:
        count, since = journal.waiting()
        if since is None:
            return
        age = (self._clock() - since) / 1000
        if count >= self._settings.events or age >= self._settings.seconds:
            journal.choose(self._settings.events, self._clock())
            self._write_sets(journal)
        else:
            self._wake_after(max(0.05, self._settings.seconds - age))

    def _write_sets(self, journal: Journal) -> None:
        """Write the files of every set that is chosen. Killed at any point, the same files are written once more."""
        while one := journal.unwritten():
            name = set_name(self._settings.agency, one.number, replayed=one.replayed)
            self._write(journal, one, self._settings.folder / name)

    def _write(self, journal: Journal, one: OpenSet, base: Path) -> None:
        agency, types, files = self._settings.agency, journal.counts_of(one)["types"], []
        for kind in self._settings.formats:
            media, write = FORMATS[kind]
            target = base.with_name(f"{base.name}.{kind}")
            write(target, agency, journal.events_of(one), self._views, types)
            files.append((target, media, seal(target)))
        manifest = base.with_name(base.name + MANIFEST)
        write_manifest(manifest, manifest_of(agency, journal, one, files))
        journal.close_set(one, manifest.name, seal(manifest).sha256)

    def _wake_after(self, seconds: float) -> None:
        if self._timer is None and not self._closed:
            self._timer = threading.Timer(seconds, self._on_time)
            self._timer.daemon = True
            self._timer.start()

    def _on_time(self) -> None:
        with self._lock:
            self._timer = None
            if self._closed:
                return
            try:
                with in_plain_words(self._settings.folder), self._opened() as journal:
                    self._write_sets(journal)
                    self._roll_if_due(journal)
            except Unavailable:
                self._wake_after(_AGAIN)  # the next delivery tells what is wrong


def open_drop(agreement: Agreement, place: Place) -> FileDrop:
    """Return the file drop of an agreement; nothing is opened before the first delivery."""
    views = {name: view for (agency, name), view in place.catalogue.views.items() if agency == agreement.agency}
    return FileDrop(settings_of(agreement, place), views)
