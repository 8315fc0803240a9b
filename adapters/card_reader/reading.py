"""Reads one card: lets the chip prove itself first, then reads, then checks who signed it and whom it speaks of.

The order matters. Chip authentication comes before the data groups, which are then read under its keys; passive
authentication covers every data group read, with DG14: otherwise the key that the chip has proven would be anybody's.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

from adapters.card_reader.certificate import HOSTILE
from adapters.card_reader.channel import Channel
from adapters.card_reader.chip import Chip
from adapters.card_reader.cross import check_expiry, check_numbers
from adapters.card_reader.dg1 import dg1_of
from adapters.card_reader.dg13 import dg13_of
from adapters.card_reader.failure import Code, Failed
from adapters.card_reader.files import SOD
from adapters.card_reader.key import Can, Key
from adapters.card_reader.passive import check
from adapters.card_reader.progress import PHOTO, Progress
from adapters.card_reader.result import Document, Level, Reading
from adapters.card_reader.trust import Trust

_LOG = logging.getLogger(__name__)
_MRZ, _DETAILS, _CHIP_KEY, _ACTIVE_KEY = 1, 13, 14, 15


@dataclass(frozen=True, slots=True)
class Wish:
    """What a reading is for."""

    #: The time, with its zone, at which certificates and the document must be valid.
    now: datetime
    #: Whether the purpose needs the photo (DG2); it is not read otherwise.
    photo: bool = False


def read_card(channel: Channel, key: Key, trust: Trust, wish: Wish) -> Reading:
    """Read and check the card behind a channel. What goes wrong is in the answer: `Failed` is never raised.

    A card that makes the reader itself fail is `malformed`: it ends no counter, and gets nothing into an error's text.
    """
    card, started = Progress(Chip(channel)), time.perf_counter()
    level, error = None, None
    try:
        _open(card, key)
        _read(card, trust, wish)
        error = _authenticate(card, trust, wish)
        _cross(card, key, wish)
        level = _level(card, error)
    except Failed as failure:
        error = failure.code
    except HOSTILE as unexpected:
        _tell(unexpected)
        error = Code.malformed
    card.ms["total"] = 1000 * (time.perf_counter() - started)
    return card.reading(level, error)


def _tell(unexpected: BaseException) -> None:
    """Note where it happened, for it is a mistake of ours; its text may hold what the card said."""
    frame = traceback.extract_tb(unexpected.__traceback__)[-1]
    _LOG.error("a card made the reader fail: %s at %s:%s", type(unexpected).__name__, frame.name, frame.lineno)


def _open(card: Progress, key: Key) -> None:
    with card.step("open"):
        try:
            card.checks["pace_or_bac"] = card.chip.open(key)
        except Failed as failure:
            if failure.code is Code.access_denied:
                card.checks["pace_or_bac"] = False
            raise


def _read(card: Progress, trust: Trust, wish: Wish) -> None:
    with card.step("sod"):
        card.sod = card.chip.read(SOD)
        card.past_sod = card.sod is not None
    with card.step("chip"):
        key = card.fetch(_CHIP_KEY)
        if key is not None:
            card.checks["chip"] = card.chip.authenticate_chip(key)
    if card.checks.get("chip") is False:
        with suppress(Failed):  # the session is over; whether its files are at least somebody's is all that can be told
            _check_signer(card, trust, wish)
        raise Failed(Code.not_genuine)
    with card.step("groups"):
        for group in (_MRZ, _DETAILS, *((PHOTO,) if wish.photo else ())):
            card.fetch(group)
        if card.checks.get("chip") is None:  # an active signature is proof of presence for others too: only if needed
            card.fetch(_ACTIVE_KEY)
    if _MRZ in card.absent:
        raise Failed(Code.not_a_citizen_card)


def _authenticate(card: Progress, trust: Trust, wish: Wish) -> Code | None:
    """Return why nobody we know vouches for the card, if that is all. Raises `Failed` for every sign of forgery."""
    unknown = None
    try:
        _check_signer(card, trust, wish)
    except Failed as failure:
        if failure.code not in (Code.csca_unknown, Code.sod_missing):
            raise
        unknown = failure.code
    if card.signer and card.absent & card.signer.groups:
        card.checks["chip"] = False  # it hides what was issued on it, as a copy does to escape the proof
        raise Failed(Code.not_genuine)
    with card.step("active"):
        key = card.groups.get(_ACTIVE_KEY)
        if key is not None:
            card.checks["active"] = card.chip.authenticate_actively(key)
    if card.checks.get("active") is False:
        raise Failed(Code.not_genuine)
    return unknown


def _check_signer(card: Progress, trust: Trust, wish: Wish) -> None:
    """Raises `Failed`: sod_missing, and the codes of passive authentication."""
    if card.sod is None:
        raise Failed(Code.sod_missing)
    with card.step("passive"):
        card.checks["passive"] = False
        card.signer = check(card.sod, card.groups, trust, wish.now)
        card.checks["passive"] = True


def _cross(card: Progress, key: Key, wish: Wish) -> None:
    mrz = dg1_of(card.groups[_MRZ])
    details = dg13_of(card.groups[_DETAILS]) if _DETAILS in card.groups else None
    card.document = Document(mrz.number, mrz.expires, mrz.document_number)
    given = key.number or (key.digits if isinstance(key, Can) else None)
    with _found(card, "cross"):
        card.checks["cross"] = check_numbers(mrz, details, given=given)
    with _found(card, "expiry"):
        card.checks["expiry"] = check_expiry(mrz.expires, wish.now)


@contextmanager
def _found(card: Progress, name: str) -> Iterator[None]:
    try:
        yield
    except Failed:
        card.checks[name] = False
        raise


def _level(card: Progress, error: Code | None) -> Level:
    if error is not None:
        return Level.READ_ONLY
    return Level.CHIP_PA if card.checks.get("chip") or card.checks.get("active") else Level.PA
