"""Reads an agency's feed from the hub over HTTP: one file that needs Python 3.11 and nothing else. Copy it.

    from client import Feed, FileCursor

    for event in Feed("https://hub.example/feeds/tax", FileCursor("tax.cursor"), token=os.environ["FEED_TOKEN"]):
        store(event)                    # where it is stored already, do nothing: events are known by event.id

An event counts as done when the loop asks for the next one. The place is written down after every `save_every` events,
at the end of each page, and when the loop is left. A program that is killed gets what came after that once more, never
less: at least once. Errors:

    FeedError            the hub refuses: look at `type`, `status` and the text
    ├── CursorTooOld     events behind the cursor have left the feed: take a snapshot, or begin anew
    └── Gap              an event is missing or stands at another place than promised
    Unreachable          no answer for `patience` seconds; without `patience` it is tried for ever
"""

from __future__ import annotations

import gzip
import http.client
import json
import logging
import os
import random
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote, urlsplit

_LOG = logging.getLogger("dancu.feed")
#: Seconds between two tries: the first pause doubles up to the longest; the hub may ask for more, up to the last.
_FIRST, _LONGEST, _ASKED = 0.5, 60.0, 300.0
#: Seconds that an answer may take beyond the time that the hub waits for events.
_ANSWER = 30.0


class FeedError(Exception):
    """The hub refuses, and asking again would not help. `type` names the kind of problem."""

    def __init__(self, status: int, type_: str, detail: str) -> None:
        super().__init__(f"{detail} (HTTP {status}, {type_})")
        self.status = status
        self.type = type_


class CursorTooOld(FeedError):
    """Events behind the cursor have left the feed."""


class Gap(FeedError):
    """The events do not follow on from each other."""


class Unreachable(Exception):
    """The hub has not answered for as long as the caller wants to wait."""


class Place(NamedTuple):
    """How far a reader has come: behind an event."""

    cursor: str
    sequence: int


class Cursors(Protocol):
    """Where a reader writes down how far it has come. To be exact to the event, write it where the events go."""

    def load(self) -> Place | None:
        """Return what was saved last, or None at the very first start."""

    def save(self, place: Place) -> None:
        """Write it down durably."""


class FileCursor:
    """Keeps the place in a file, replaced as a whole: killed at any moment, it has the old place or the new."""

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)

    def load(self) -> Place | None:
        """Return what was saved last, or None. Raises ValueError for a file that is no such place."""
        try:
            cursor, sequence = self._path.read_text(encoding="ascii").split()
        except FileNotFoundError:
            return None
        return Place(cursor, int(sequence))

    def save(self, place: Place) -> None:
        """Write it down; it is on disk when this returns."""
        new = self._path.with_name(self._path.name + ".new")
        with new.open("w", encoding="ascii") as file:
            file.write(f"{place.cursor} {place.sequence}\n")
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)
        folder = os.open(self._path.absolute().parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


class MemoryCursor:
    """Keeps the place as long as the program runs; it may begin behind a cursor."""

    def __init__(self, cursor: str | None = None) -> None:
        self._place = Place(cursor, -1) if cursor else None

    def load(self) -> Place | None:
        """Return the place."""
        return self._place

    def save(self, place: Place) -> None:
        """Keep it."""
        self._place = place


@dataclass(frozen=True, slots=True)
class Event:
    """An event of the feed. `dancu schemas client AGENCY` writes types for `data`."""

    #: Known by this: the same event may come again.
    id: str
    #: `vn.dancu.Withheld` and `vn.dancu.Unreadable` stand in place of an event that you can't have; `data` says why.
    type: str
    #: The person's number of 12 digits.
    subject: str
    #: When it was true, and when the register wrote it (RFC 3339, UTC).
    time: str
    registered_at: str
    #: CREATED, CORRECTED, ANNULLED or CEASED.
    change: str
    previous_id: str | None
    fact_id: str
    fact_version: int
    legal_basis: str
    purpose: str
    sequence: int
    cursor: str
    data: Mapping[str, Any]
    #: All of it, as it came.
    raw: dict[str, Any] = field(repr=False, compare=False)

    @classmethod
    def of(cls, raw: dict[str, Any]) -> Event:
        """Read a CloudEvent of the feed."""
        text = {name: str(raw.get(name, "")) for name in ("subject", "time", "registeredat", "change", "factid")}
        return cls(
            raw["id"],
            raw["type"],
            text["subject"],
            text["time"],
            text["registeredat"],
            text["change"],
            raw.get("previousid"),
            text["factid"],
            int(raw.get("factversion", 0)),
            str(raw.get("legalbasis", "")),
            str(raw.get("purpose", "")),
            int(raw["sequence"]),
            raw["cursor"],
            raw.get("data") or {},
            raw,
        )


@dataclass
class Feed:
    """The events of a feed, in order, from where the cursors say; it waits for new ones unless `follow` is False."""

    #: Such as https://hub.example/feeds/tax
    url: str
    cursors: Cursors
    token: str = field(repr=False)
    #: False: end at the end of the feed.
    follow: bool = True
    #: Events of one request, at most 1,000.
    page: int = 500
    #: The place is written down after so many events.
    save_every: int = 100
    #: Seconds that the hub may wait for a new event before it answers that there is none.
    wait: float = 30.0
    #: Seconds without an answer after which `Unreachable` is raised; None: never.
    patience: float | None = None
    tls: ssl.SSLContext | None = None
    pause: Callable[[float], None] = time.sleep
    _line: http.client.HTTPConnection | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        if not self.url.startswith(("https://", "http://")):
            raise ValueError("the URL begins with https:// or http://, such as https://hub.example/feeds/tax")
        if not self.token.isascii() or not self.token.isprintable() or " " in self.token or not self.token:
            raise ValueError("the token is no token: it is one line without spaces")

    def __iter__(self) -> Iterator[Event]:
        """Yield the events. Raises `FeedError`, `Unreachable`."""
        done = saved = self.cursors.load()
        try:
            while True:
                events = self._next(done)
                for number, event in enumerate(events, 1):
                    yield event
                    done = Place(event.cursor, event.sequence)
                    if number % self.save_every == 0 or number == len(events):
                        self.cursors.save(done)
                        saved = done
                if not events and not self.follow:
                    return
        finally:
            if done is not None and done != saved:
                self.cursors.save(done)
            self._hang_up()

    def ask(self, path: str = "") -> Any:
        """Return what the hub says of the feed: `/agreement`, `/position` or `/statistics`."""
        return self._answer(path)

    def _next(self, done: Place | None) -> list[Event]:
        query = f"?limit={self.page}&timeout={int(self.wait * 1000) if self.follow else 0}"
        if done is not None:
            query += f"&lastEventId={quote(done.cursor)}"
        page = self._answer(query)
        if not isinstance(page, list):
            raise FeedError(200, "about:blank", "no page of events; is the URL right?")
        events = [Event.of(raw) for raw in page]
        last = done.sequence if done is not None else -1
        for event in events:
            if last >= 0 and event.sequence != last + 1:
                raise Gap(200, "gap", f"after event {last} of the feed comes {event.sequence}")
            last = event.sequence
        return events

    def _answer(self, path: str) -> Any:
        """Ask until there is an answer. Raises `FeedError` for one that stays the same, and `Unreachable`."""
        began, tries = time.monotonic(), 0
        while True:
            asked: str | None = None
            reused = self._line is not None
            try:
                status, headers, body = self._get(path)
                if status == 200:
                    return json.loads(body)
                if status != 429 and status < 500:
                    raise _refusal(status, body)
                why, asked = f"HTTP {status}", headers.get("Retry-After")
            except (OSError, http.client.HTTPException, ValueError, EOFError) as error:
                self._hang_up()
                if reused:
                    continue  # the hub has closed the line while we were busy: on a new one at once
                why = f"{type(error).__name__}: {error}"
            if self.patience is not None and time.monotonic() - began > self.patience:
                raise Unreachable(f"{self.url}: no answer for {self.patience:g} s; the last time: {why}")
            tries += 1
            pause = _pause(tries, asked)
            _LOG.warning("%s: %s; trying again in %.1f s", self.url, why, pause)
            self.pause(pause)

    def _get(self, path: str) -> tuple[int, Message, bytes]:
        parts = urlsplit(self.url)
        line = self._line = self._line or self._connect(parts.scheme, parts.netloc)
        headers = {"Authorization": f"Bearer {self.token}", "Accept-Encoding": "gzip", "User-Agent": "dancu-feed/1"}
        line.request("GET", parts.path.rstrip("/") + path, headers=headers)
        answer = line.getresponse()
        body = answer.read()
        if answer.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        return answer.status, answer.headers, body

    def _connect(self, scheme: str, netloc: str) -> http.client.HTTPConnection:
        timeout = self.wait + _ANSWER
        if scheme == "https":
            return http.client.HTTPSConnection(netloc, timeout=timeout, context=self.tls)
        return http.client.HTTPConnection(netloc, timeout=timeout)

    def _hang_up(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None


def _refusal(status: int, body: bytes) -> FeedError:
    """Read a problem (RFC 9457), or whatever stands between us and the hub has to say."""
    try:
        said = json.loads(body)
        kind, detail = str(said["type"]), str(said["detail"])
    except (ValueError, KeyError, TypeError):
        kind, detail = "about:blank", "no answer of a hub; is the URL right?"
    return (CursorTooOld if status == 410 else FeedError)(status, kind, detail)


def _pause(tries: int, asked: str | None) -> float:
    """Return the seconds until the next try: what the hub asks for, else longer each time, and never in step."""
    if asked is not None and asked.isdecimal():
        return min(float(asked), _ASKED)
    longest = min(_LONGEST, _FIRST * 2.0 ** min(tries - 1, 20))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - nobody gains by guessing it
