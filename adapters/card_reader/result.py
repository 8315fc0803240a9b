"""What is known of a card after it was read: how far it can be trusted, what was checked, and whose it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from adapters.card_reader.failure import UNTRUSTED, Code

if TYPE_CHECKING:
    from adapters.card_reader.passive import Signer


class Level(StrEnum):
    """How far a card can be trusted, the best first."""

    #: The data are the issuer's, and the chip is the one they were issued to.
    CHIP_PA = "chip+pa"
    #: The data are the issuer's; the chip may be a copy.
    PA = "pa"
    #: Everything was read, but nobody we know has signed it. Never "verified".
    READ_ONLY = "read-only"
    #: Only the printed code was seen: it is unsigned and proves nothing.
    QR = "qr"


@dataclass(frozen=True, slots=True)
class Checks:
    """What each check found: True, False, or None where it was not done."""

    #: How the chip let us in: `pace` or `bac`; False when it took no key.
    pace_or_bac: str | bool | None = None
    #: Passive authentication: the issuer signed every data group that was read.
    passive: bool | None = None
    #: Chip authentication: the chip holds the private key of its DG14.
    chip: bool | None = None
    #: Active authentication: the same with DG15; only done when there is no chip authentication.
    active: bool | None = None
    #: The numbers of the chip, the MRZ, DG13 and the key agree.
    cross: bool | None = None
    #: The document has not expired.
    expiry: bool | None = None

    def as_json(self) -> dict[str, str | bool | None]:
        """Return the checks by name, for `--json` and the counter's page."""
        return {
            "pace_or_bac": self.pace_or_bac,
            "passive": self.passive,
            "chip": self.chip,
            "active": self.active,
            "cross": self.cross,
            "expiry": self.expiry,
        }


@dataclass(frozen=True, slots=True)
class Document:
    """Whose card it is. Nothing of it is in a text made of the object."""

    #: The personal number, 12 digits.
    number: str = field(repr=False)
    #: The last day on which the card is valid; None where it never expires or (QR) does not say.
    expiry: date | None = field(repr=False)
    #: Nine characters, from the MRZ; None in a QR code.
    document_number: str | None = field(default=None, repr=False)

    @property
    def number_masked(self) -> str:
        """The first three digits and the last two, as in `dancu explain`: who looks at the card can compare."""
        return f"{self.number[:3]}{'•' * 7}{self.number[-2:]}"

    def as_json(self) -> dict[str, str | None]:
        """Return what may be shown: nobody gets the whole number from here."""
        return {"number_masked": self.number_masked, "expiry": self.expiry.isoformat() if self.expiry else None}


@dataclass(frozen=True, slots=True)
class Reading:
    """One card, read once. `level` is None when it failed or there is a sign of forgery; `error` then says why."""

    level: Level | None
    checks: Checks
    error: Code | None
    document: Document | None
    #: Milliseconds of each step, in their order, and `total`.
    ms: Mapping[str, float]
    #: Whether the signed object had been read: what is malformed after that is no matter of the way to the card.
    past_sod: bool = False
    #: Who vouches for it; None unless passive authentication passed. May be logged.
    signer: Signer | None = None
    #: The face (DG2, a JPEG in its wrapping), only where the wish asked for it.
    photo: bytes | None = field(default=None, repr=False)

    @property
    def verified(self) -> bool:
        """Whether the card is the issuer's word about its holder."""
        return self.level in (Level.CHIP_PA, Level.PA)

    @property
    def untrusted(self) -> bool:
        """Whether the card was read and must not be believed; else it was verified, or could not be read."""
        if self.error is Code.malformed:
            return self.past_sod
        return not self.verified and (self.level is not None or self.error in UNTRUSTED)

    def as_json(self) -> dict[str, Any]:
        """Return what `dancu edge read --json` prints."""
        return {
            "level": self.level,
            "checks": self.checks.as_json(),
            "error": self.error,
            "document": self.document.as_json() if self.document else None,
            "ms": {step: round(ms, 1) for step, ms in self.ms.items()},
        }


def failed(error: Code, ms: Mapping[str, float] | None = None) -> Reading:
    """Return the reading of a card that nothing could be learnt of."""
    return Reading(None, Checks(), error, None, ms or {})
