"""What was noted of contacts and is not in the database yet: short, however long the database is away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from hub.contacts.contact import Contact

#: Milliseconds within which two processes may see one and the same reading.
_AT_ONCE = 15_000
#: So many changes between answering and not answering are kept per agency.
_KEPT = 50


class Met(NamedTuple):
    """The agency answered."""

    at: int


class Missed(NamedTuple):
    """The agency did not answer, so many times since."""

    at: int
    reason: str
    next_try_at: int | None
    times: int = 1


class Asked(NamedTuple):
    """The agency asked for what comes behind a position: it has what comes before."""

    at: int
    behind: int


class Read(NamedTuple):
    """The agency's own client has read up to a position, when somebody looked. It says nothing unless that is new."""

    at: int
    up_to: int


Note = Met | Missed | Asked | Read


def with_note(notes: list[Note], note: Note) -> list[Note]:
    """Return the notes with one more; what says the same as the one before takes its place."""
    last = notes[-1] if notes else None
    if isinstance(last, Missed) and isinstance(note, Missed):
        return [*notes[:-1], note._replace(at=last.at, times=last.times + note.times)]
    if last is not None and type(last) is type(note):
        return [*notes[:-1], note]
    return [*notes, note][-_KEPT:]


def after(contact: Contact, notes: Iterable[Note]) -> list[Contact]:
    """Return the contact after each of the notes, in order."""
    found = []
    for note in notes:
        contact = _after_one(contact, note)
        found.append(contact)
    return found


def _after_one(contact: Contact, note: Note) -> Contact:
    match note:
        case Missed():
            return contact.after_failure(note.at, note.reason, note.next_try_at, note.times)
        case Met():
            return contact.after_meeting(note.at)
        case Asked():
            return replace(contact.after_meeting(note.at), asked_behind=note.behind)
        case Read():
            if note.up_to == contact.asked_behind:
                return contact
            if contact.last_ok_at is not None and abs(note.at - contact.last_ok_at) < _AT_ONCE:
                return replace(contact, asked_behind=note.up_to)
            return replace(contact.after_meeting(note.at), asked_behind=note.up_to)


def together(older: Mapping[str, list[Note]], newer: Mapping[str, list[Note]]) -> dict[str, list[Note]]:
    """Return the notes on each agency, the older ones first."""
    joined = {agency: list(notes) for agency, notes in older.items()}
    for agency, notes in newer.items():
        for note in notes:
            joined[agency] = with_note(joined.get(agency, []), note)
    return joined
