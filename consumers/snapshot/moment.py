"""The moment that a snapshot is of: a cursor of the feed, and up to where everything before it was decided."""

from __future__ import annotations

import base64
import binascii
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import sqlalchemy as sa

from consumers.feed_end import last_position
from consumers.snapshot.behind import decided_behind
from hub.cursors import CHECK, check_of, text_of
from hub.database import reading
from hub.destination import OpenEvents
from hub.eventlog import LogBrowser, partition_of, start_of
from hub.registers.current import progress
from hub.rules import Rules
from hub.topics import PIPELINE, RECEIVED, outbox

_VERSION: Final = b"\x02"
_HEAD: Final = struct.Struct(">qqH")
#: Seconds that a batch has which is being decided to reach the log.
_SETTLING: Final = 3.0


class SnapshotRefused(Exception):
    """No snapshot can be taken. Says why, and what to do."""


class ForeignSnapshot(SnapshotRefused):
    """A snapshot can't go on from this token. Says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Stores:
    """What a snapshot is made from."""

    log: LogBrowser
    #: Snapshots are noted there too.
    registers: sa.Engine
    rules: Rules
    open_events: OpenEvents


@dataclass(frozen=True, slots=True)
class Moment:
    """One snapshot of one agency, and how far it has come."""

    agency: str
    #: The position in the agency's feed to follow from.
    cursor: int
    #: For each partition of `received`: the last position whose decision the snapshot includes.
    until: Sequence[int]
    #: The position in `received` that everything before has been handed out of.
    after: int = 0

    @property
    def done(self) -> int:
        """How many records have been looked through."""
        part = partition_of(self.after)
        passed = sum(end - start_of(number) for number, end in enumerate(self.until[:part]))
        return passed + max(0, self.after - start_of(part))

    @property
    def total(self) -> int:
        """How many there are to look through."""
        return sum(end - start_of(number) for number, end in enumerate(self.until))

    def behind(self, position: int) -> Moment:
        """Return it when it has come behind a position."""
        return replace(self, after=position)


def take_moment(stores: Stores, agency: str) -> Moment:
    """Return the moment of now. Raises `SnapshotRefused`, and `LogUnavailable`.

    What the feed holds up to the cursor was remembered in the registers before it came into the log: so the registers,
    asked after the feed, know all of it. What was decided after the cursor is recognised by its place behind it.
    """
    feed = outbox(agency)
    if not stores.log.extents(feed, PIPELINE):
        raise SnapshotRefused(f"there is no topic {feed}. Make it with `dancu topics apply`, then start the workers.")
    cursor = last_position(stores.log, feed)
    parts = len(stores.log.extents(RECEIVED, PIPELINE))
    with reading(stores.registers) as connection:
        remembered = progress(connection, parts)
    until = _committed(stores.log, remembered)
    for decided in decided_behind(stores.log, stores.registers, feed, cursor):
        until[partition_of(decided)] = min(until[partition_of(decided)], decided - 1)
    return Moment(agency, cursor, until)


def _committed(log: LogBrowser, remembered: Sequence[int]) -> list[int]:
    """Wait until the log has what the registers knew, for a while; return how far both are."""
    deadline = time.monotonic() + _SETTLING
    while True:
        ends = [committed for committed, _ in log.extents(RECEIVED, PIPELINE)]
        both = [min(pair) for pair in zip(ends, remembered, strict=True)]
        if both == list(remembered) or time.monotonic() > deadline:
            return both  # what was remembered and never committed will be forgotten, and decided anew
        time.sleep(0.05)


def token_of(moment: Moment) -> str:
    """Return the token by which a snapshot goes on where it has come to. Its form is nobody's business but ours."""
    head = _HEAD.pack(moment.cursor, moment.after, len(moment.until))
    content = _VERSION + head + struct.pack(f">{len(moment.until)}q", *moment.until) + moment.agency.encode()
    return text_of(content + check_of(content))


def moment_of(agency: str, token: str) -> Moment:
    """Return the moment of a token of this agency. Raises `ForeignSnapshot`."""
    try:
        raw = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
        content, check = raw[:-CHECK], raw[-CHECK:]
        if check != check_of(content) or content[:1] != _VERSION:
            raise ValueError
        cursor, after, parts = _HEAD.unpack_from(content, 1)
        until = struct.unpack_from(f">{parts}q", content, 1 + _HEAD.size)
        owner = content[1 + _HEAD.size + 8 * parts :].decode()
    except (binascii.Error, UnicodeError, ValueError, struct.error):
        raise ForeignSnapshot("the token of the snapshot is damaged. Begin a new snapshot.") from None
    if owner != agency:
        raise ForeignSnapshot(f"the token is of a snapshot of {owner!r}, not of {agency!r}. Begin a new snapshot.")
    return Moment(agency, cursor, list(until), after)
