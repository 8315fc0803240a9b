"""What a reading means: for the hub, as a finding, and for the operator, as words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from adapters.card_reader.producer.counter import words
from adapters.card_reader.producer.event import Finding, Result
from adapters.card_reader.result import Level, Reading

#: Says in Vietnamese and in English what a reading means.
Explain = Callable[[Reading], tuple[str, str]]
_RESULTS: Mapping[Level, Result] = {
    Level.CHIP_PA: Result.CHIP_PA,
    Level.PA: Result.PA,
    Level.READ_ONLY: Result.READ_ONLY,
    Level.QR: Result.QR,
}


def finding_of(reading: Reading, purpose: str) -> Finding | None:
    """Return what the hub is to know of a reading; None where nothing was found out, such as for a mistyped number.

    A card that is not what it says is reported without a person: whose data were copied or altered is not known.
    """
    if reading.level is None:
        return Finding(purpose, None, str(reading.error)) if reading.untrusted else None
    document = reading.document
    return Finding(
        purpose,
        _RESULTS[reading.level],
        reading.error and str(reading.error),
        document.number if document else None,
        document.document_number if document else None,
    )


def shown(reading: Reading, explain: Explain) -> dict[str, Any]:
    """Return what the operator sees: how far the card can be trusted, and enough to tell which card it was."""
    vi, en = explain(reading)
    document = reading.document.as_json() if reading.document else {"number_masked": None, "expiry": None}
    return {
        **_head(reading),
        "detail": {"vi": vi, "en": en},
        "level": reading.level,
        "error": reading.error,
        "checks": reading.checks.as_json(),
        **document,
        "answer": None,
    }


def _head(reading: Reading) -> dict[str, Any]:
    if reading.verified:
        return words.GOOD.toned("good")
    if reading.level is not None:
        return words.CAREFUL.toned("careful")
    return words.BAD.toned("bad") if reading.untrusted else words.FAIL.toned("fail")
