"""An event of a counter: what was found, where and when, and its place in the device's row."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from uuid_utils import uuid7

from adapters.card_reader.producer.allowed import allowed_for, check

VERSION = 1


class Result(StrEnum):
    """How far a card was verified: the symbols of the hub's schema `VerificationResult`."""

    CHIP_PA = "CHIP_PA"
    PA = "PA"
    READ_ONLY = "READ_ONLY"
    QR = "QR"


class Finding(NamedTuple):
    """What a counter found out about one card."""

    purpose: str
    #: None: nothing that says who this is; `error` says why.
    result: Result | None
    error: str | None = None
    subject: str | None = None
    document_number: str | None = None

    def __repr__(self) -> str:
        return f"Finding({self.purpose}, {self.result}, {self.error})"


class Place(NamedTuple):
    """Where it was found."""

    device_id: str
    site_id: str


class Moment(NamedTuple):
    """When it was found, in milliseconds since 1970 UTC, and whether the clock was set by a time server."""

    at: int
    #: `synced`, `unsynced` or `unknown`.
    clock: str


class Link(NamedTuple):
    """Where an event stands in its device's row."""

    #: From 1, without gaps.
    sequence: int
    #: SHA-256 of the JWS before it, in base64url without `=`; None: it is the first.
    previous: str | None


def new_id() -> str:
    """Return a new event id (UUIDv7, RFC 9562)."""
    return str(uuid7())


def verification(finding: Finding, place: Place, moment: Moment, link: Link, event_id: str) -> dict[str, Any]:
    """Return the event of a card that was read, with what its purpose allows. Raises `Forbidden`."""
    allowed = allowed_for(finding.purpose) if finding.result is not None else frozenset[str]()
    event = {
        **_envelope(place, moment, link, event_id),
        "kind": "verification",
        "purpose": finding.purpose,
        "result": finding.result and str(finding.result),
        "error": finding.error,
        "subject": finding.subject if "subject" in allowed else None,
        "document_number": finding.document_number if "document_number" in allowed else None,
    }
    check(event)
    return event


def expiry(
    lost: Sequence[tuple[int, int]], purpose: str, place: Place, moment: Moment, link: Link, event_id: str
) -> dict[str, Any]:
    """Return the event that says which ones (first and last sequence) were too old to be sent. Raises `Forbidden`."""
    event = {
        **_envelope(place, moment, link, event_id),
        "kind": "expired",
        "purpose": purpose,
        "result": None,
        "error": None,
        "subject": None,
        "document_number": None,
        "expired": [list(one) for one in lost],
    }
    check(event)
    return event


def _envelope(place: Place, moment: Moment, link: Link, event_id: str) -> dict[str, Any]:
    return {
        "v": VERSION,
        "id": event_id,
        "device_id": place.device_id,
        "sequence": link.sequence,
        "previous": link.previous,
        "site_id": place.site_id,
        "occurred_at": moment.at,
        "clock": moment.clock,
    }
