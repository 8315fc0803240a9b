"""What a device reports, read from the signed payload: strictly, and without a word of it in any error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import msgspec
import orjson
from msgspec import Meta

from hub.edge.purposes import PURPOSES

_TEXT = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+\Z")]
_SEQUENCE = Annotated[int, Meta(ge=1, le=2**53)]
_DIGEST = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{43}\Z")]
#: UUIDv7 (RFC 9562, section 5.7), in lower case.
_UUID7 = Annotated[str, Meta(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")]
_RESULTS = Literal["CHIP_PA", "PA", "READ_ONLY", "QR"]


class Unfit(Exception):
    """A payload is not what the contract says. `place` is there when its place in the chain can be believed."""

    def __init__(self, reason: str, place: Place | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.place = place


class Place(msgspec.Struct, frozen=True):
    """Where an event stands in its device's chain."""

    v: Literal[1]
    id: _UUID7
    device_id: _TEXT
    sequence: _SEQUENCE
    previous: _DIGEST | None
    occurred_at: Annotated[int, Meta(ge=0, le=2**53)]
    clock: Literal["synced", "unsynced", "unknown"]


class _Whole(Place, frozen=True, forbid_unknown_fields=True):
    site_id: _TEXT
    purpose: _TEXT
    kind: Literal["verification", "expired"]
    result: _RESULTS | None
    error: Annotated[str, Meta(pattern=r"^[a-z0-9_]{1,40}\Z")] | None
    subject: Annotated[str, Meta(pattern=r"^[0-9]{12}\Z")] | None
    document_number: Annotated[str, Meta(pattern=r"^[A-Z0-9]{1,20}\Z")] | None = None
    #: With kind `expired`: the first and last sequences of what grew too old.
    expired: Annotated[list[tuple[_SEQUENCE, _SEQUENCE]], Meta(max_length=1000)] | None = None

    def __repr__(self) -> str:
        return "_Whole(…)"


@dataclass(frozen=True, slots=True)
class Reported:
    """One event of a device. Nothing about the person is in a text made of it."""

    place: Place
    site_id: str
    purpose: str
    #: `verification`, or `expired`: one that grew too old in the device, of which nothing else is told.
    kind: str
    #: A VerificationResult, or None.
    result: str | None
    #: The code of a failure, or None.
    error: str | None
    subject: str | None = field(repr=False)
    document_number: str | None = field(repr=False)
    #: First and last sequences of what grew too old.
    expired: Sequence[tuple[int, int]] = ()

    @property
    def about_a_person(self) -> bool:
        """Whether it is a verification that says something about somebody."""
        return self.kind == "verification" and self.subject is not None

    @property
    def shared(self) -> bool:
        """Whether agencies may have it."""
        return self.about_a_person and PURPOSES[self.purpose].shared

    @property
    def outcome(self) -> str:
        """What it counts as."""
        return "expired" if self.kind == "expired" else self.result or self.error or "none"


_PLACE = msgspec.json.Decoder(Place)
_FIELDS = frozenset(_Whole.__struct_fields__)


def read_reported(payload: bytes) -> Reported:
    """Read a signed payload. Raises `Unfit`: malformed, field_not_allowed or content."""
    try:
        said: Any = orjson.loads(payload)
        place = _PLACE.decode(payload)
    except (msgspec.DecodeError, orjson.JSONDecodeError, RecursionError):
        raise Unfit("malformed") from None
    if not said.keys() <= _FIELDS:
        raise Unfit("field_not_allowed", place)
    try:
        whole = msgspec.convert(said, _Whole)
    except msgspec.ValidationError:
        raise Unfit("content", place) from None
    _check(whole, place)
    return Reported(
        place=place,
        site_id=whole.site_id,
        purpose=whole.purpose,
        kind=whole.kind,
        result=whole.result,
        error=whole.error,
        subject=whole.subject,
        document_number=whole.document_number,
        expired=tuple(whole.expired or ()),
    )


def _check(whole: _Whole, place: Place) -> None:
    """Raises `Unfit` for what contradicts itself, or says more than its purpose allows."""
    verified = whole.result in ("CHIP_PA", "PA")
    contradicts = (
        (whole.result is None and whole.subject is not None)
        or (whole.subject is None and whole.document_number is not None)
        or (verified and (whole.error is not None or whole.subject is None))
        or (whole.kind == "verification" and whole.result is None and whole.error is None)
        or (whole.kind == "expired" and whole.subject is not None)
        or (whole.kind == "verification" and whole.expired is not None)
    )
    if contradicts:
        raise Unfit("content", place)
    purpose = PURPOSES.get(whole.purpose)
    if purpose is not None and not purpose.document and whole.document_number is not None:
        raise Unfit("field_not_allowed", place)
