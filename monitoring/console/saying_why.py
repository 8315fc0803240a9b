"""The reason that every step takes: it is kept in the audit trail, so it must be there and be readable."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import FormData

from hub.discretion import without_numbers

#: Characters.
_LONGEST: Final = 2000


class NoReason(ValueError):
    """A step lacks its reason, or it can't be kept. Says what is allowed."""


def typed(form: FormData, name: str) -> str:
    """Return what somebody typed into a field, as it came."""
    value = form.get(name, "")
    return value.replace("\r\n", "\n") if isinstance(value, str) else ""


def reason_of(form: FormData) -> str:
    """Return the reason that a form brings, trimmed, and without personal numbers. Raises `NoReason`."""
    reason = typed(form, "reason").strip()
    if not reason:
        raise NoReason("reason: say why; it is kept in the audit trail")
    if not reason.replace("\n", " ").isprintable():
        raise NoReason("reason: it holds a character that can't be shown")
    if len(reason) > _LONGEST:
        raise NoReason("reason: at most 2000 characters")
    return without_numbers(reason)
