"""One event beside itself: the original, and what each agency sees of it today. No personal value unless revealed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final, NamedTuple

from hub.discretion import masked, without_numbers
from hub.steps.project import HIDDEN_SOURCE
from monitoring.fields import docs_of, paths_of, texts_of
from monitoring.words import Words
from schemas.catalogue import ENVELOPE, EventType, View

#: These name the office or the place that they come from: most numbers of registers hold codes of province and ward.
TELL_PLACE: Final = frozenset(
    {"source", "fact_id", "household_id", "certificate_number", "decision_number", "site_id", "device_id"}
)


class Sight(StrEnum):
    """What an agency sees of a field."""

    #: The same as the original has.
    SAME = "same"
    #: Something else: the event went out joined with another one, or under the person's number of today.
    OTHER = "other"
    #: There is nothing to see.
    NOTHING = "nothing"
    #: The field is not in the agency's view.
    NOT_SHOWN = "not_shown"
    #: Kept from the agency by the person's protection of today.
    PROTECTED = "protected"


class Seen(NamedTuple):
    """What one agency sees of one field."""

    sight: Sight
    #: None where there is nothing to see, or it is not revealed.
    text: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """One field of an event, such as `to_address.ward_code`."""

    path: str
    #: What the schema says of it.
    about: Words
    #: A value of this field tells who the person is, or something about the person.
    personal: bool
    #: The original's value. None: it has none, or it is not revealed, or it is protected.
    text: str | None
    #: Whether the original has a value.
    given: bool
    #: Whether the protection of the person keeps the value off every screen.
    protected: bool
    #: By agency.
    seen: Mapping[str, Seen]


@dataclass(frozen=True, slots=True)
class Side:
    """An event as one agency sees it."""

    agency: str
    view: View
    #: The decoded record, addresses taken out that it may not see today.
    content: Mapping[str, Any]
    #: Whether addresses were taken out.
    hidden: bool = False
    #: Whether it went out with the addresses that are hidden today.
    was_open: bool = False
    #: Why it would not be handed out today (a code of `monitoring.words.REASONS`).
    barred: str | None = None
    #: The record was not found in the feed: this is made from the original, as the pipeline makes it.
    made: bool = False


def rows_of(content: Mapping[str, Any], kind: EventType, sides: Sequence[Side], *, strict: bool) -> list[Row]:
    """Return the fields of an event in the order of its schema, everything revealed but what is protected.

    `content`: the decoded original. `strict`: the person's address may be on no screen.
    """
    own = texts_of(content, kind)
    theirs = {side.agency: texts_of(side.content, side.view) for side in sides}
    docs = docs_of(kind)
    rows = []
    for path in paths_of(kind, [own, *theirs.values()]):
        field = path.partition(".")[0]
        protected = strict and (field in kind.address_fields or field in TELL_PLACE)
        seen = {side.agency: _seen(path, own.get(path), side, theirs[side.agency]) for side in sides}
        row = Row(
            path=path,
            about=docs.get(path) or docs.get(field) or Words(field, field),
            personal=field == "subject" or field not in ENVELOPE,
            text=None if protected else own.get(path),
            given=path in own,
            protected=protected,
            seen=_without_texts(seen) if protected else seen,
        )
        rows.append(row)
    return rows


def covered(rows: Sequence[Row]) -> list[Row]:
    """Return the same without anything personal: of the person's number its ends are left."""
    return [_covered(row) for row in rows]


def _covered(row: Row) -> Row:
    if row.path == "subject":
        seen = {name: Seen(one.sight, one.text and masked(one.text)) for name, one in row.seen.items()}
        return replace(row, text=row.text and masked(row.text), seen=seen)
    if row.personal:
        return replace(row, text=None, seen=_without_texts(row.seen))
    seen = {name: Seen(one.sight, one.text and without_numbers(one.text)) for name, one in row.seen.items()}
    return replace(row, text=row.text and without_numbers(row.text), seen=seen)


def _without_texts(seen: Mapping[str, Seen]) -> dict[str, Seen]:
    return {name: Seen(one.sight, None) for name, one in seen.items()}


def _seen(path: str, original: str | None, side: Side, texts: Mapping[str, str]) -> Seen:
    field = path.partition(".")[0]
    text = texts.get(path)
    if path == "source" and text == HIDDEN_SOURCE:
        return Seen(Sight.PROTECTED, None)
    if text is not None:
        return Seen(Sight.SAME if text == original else Sight.OTHER, text)
    if path not in ENVELOPE and not _shows(side.view, path):
        return Seen(Sight.NOT_SHOWN, None)
    if original is not None and side.hidden and field in side.view.address_fields:
        return Seen(Sight.PROTECTED, None)
    return Seen(Sight.NOTHING, None)


def _shows(view: View, path: str) -> bool:
    """Whether a view has a place for a field, also within a record."""
    name, _, inner = path.partition(".")
    kind = next((field.type for field in view.payload if field.name == name), None)
    if kind is None or not inner:
        return kind is not None
    fields = kind.get("fields", ()) if isinstance(kind, dict) else ()
    return any(field["name"] == inner for field in fields)
