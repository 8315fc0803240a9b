"""Whether all that was read speaks of the same person, and whether the document is still valid."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

from adapters.card_reader.dg13 import Dg13
from adapters.card_reader.failure import Code, Failed
from adapters.card_reader.mrz import Mrz
from adapters.card_reader.qr import Qr

_VIETNAM = timezone(timedelta(hours=7))


def check_numbers(mrz: Mrz, dg13: Dg13 | None = None, qr: Qr | None = None, given: str | None = None) -> bool | None:
    """Compare the number in the chip's MRZ with all others there are; names are not compared.

    `given`: what the operator gave, as far as it is the number or its end (12 digits, or the 9 or 6 last).
    Returns True, or None if there was nothing to compare with. Raises `Failed(number_mismatch)`.
    """
    others = [source.number for source in (dg13, qr) if source is not None and source.number is not None]
    if given:
        others.append(given)
    if not all(mrz.number.endswith(other) for other in others):
        raise Failed(Code.number_mismatch)
    return True if others else None


def check_expiry(expires: date | None, now: datetime) -> bool:
    """Return True for a document that is valid at `now` (with its time zone); the last day counts, in Vietnam's time.

    `expires`: None for a card without end. Raises `Failed(document_expired)`.
    """
    if expires is not None and now.astimezone(_VIETNAM).date() > expires:
        raise Failed(Code.document_expired)
    return True
