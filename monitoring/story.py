"""The story of one event: what happened to it, in order, and how it stands with each agency. Plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from monitoring.words import reason
from schemas.conversion import rfc3339

#: What became of an event: `received` is not decided about yet.
Verdict = Literal["received", "published", "held", "joined", "duplicate", "late", "refused"]
#: How an event stands with an agency.
AgencyState = Literal["delivered", "pending", "parked", "waiting", "withheld"]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened. Free of personal data."""

    #: Milliseconds since 1970 UTC; None when nobody knows.
    at: int | None
    #: A code of `monitoring.words.STEPS`.
    what: str
    agency: str | None = None
    #: A code of `monitoring.words.REASONS`, or one of the agency's own.
    code: str | None = None
    #: In words, from whoever decided.
    detail: str | None = None
    basis: str | None = None
    purpose: str | None = None
    #: The other event that this is about.
    event: str | None = None
    #: Who asked for it.
    by: str | None = None
    #: The first attempt is 1.
    attempt: int | None = None
    #: Until when it is kept back, in milliseconds since 1970 UTC.
    until: int | None = None
    #: Codes of what else is to be known, such as `shielded`.
    notes: Sequence[str] = ()
    #: What the event says of itself.
    about: Mapping[str, str | int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return it with times in RFC 3339, reasons in English, and nothing empty."""
        content: dict[str, Any] = {
            "at": None if self.at is None else rfc3339(self.at),
            "what": self.what,
            "agency": self.agency,
            "basis": self.basis,
            "purpose": self.purpose,
            "reason": self.code and reason(self.code).en,
            "code": self.code,
            "detail": self.detail,
            "event": self.event,
            "by": self.by,
            "attempt": self.attempt,
            "until": None if self.until is None else rfc3339(self.until),
            "notes": [reason(note).en for note in self.notes] or None,
            **self.about,
        }
        return {name: value for name, value in content.items() if value is not None or name == "at"}


@dataclass(frozen=True, slots=True)
class Standing:
    """How an event stands with one agency."""

    state: AgencyState
    legal_basis: str | None = None
    purpose: str | None = None
    #: A code of `monitoring.words.REASONS`, or one of the agency's own.
    code: str | None = None
    delivered_at: int | None = None

    def as_json(self) -> dict[str, str]:
        """Return it with the time in RFC 3339, the reason in English, and nothing empty."""
        content = {
            "state": self.state,
            "legal_basis": self.legal_basis,
            "purpose": self.purpose,
            "reason": self.code and reason(self.code).en,
            "delivered_at": None if self.delivered_at is None else rfc3339(self.delivered_at),
        }
        return {name: value for name, value in content.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that happened to one event."""

    event_id: str
    #: None for what never became an event.
    type: str | None
    #: The first three and the last two digits of the personal number.
    subject_masked: str | None
    verdict: Verdict
    #: In order of time.
    steps: Sequence[Step]
    agencies: Mapping[str, Standing]

    def as_json(self) -> dict[str, Any]:
        """Return what `dancu explain --json` prints."""
        return {
            "event_id": self.event_id,
            "type": self.type,
            "subject_masked": self.subject_masked,
            "verdict": self.verdict,
            "steps": [step.as_json() for step in self.steps],
            "agencies": {agency: standing.as_json() for agency, standing in self.agencies.items()},
        }
