"""What was noted of contacts and is not in the database yet: short, however long the database is away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from hub.contacts.contact import Contact

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


Note = Met | Missed | Asked


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
        if isinstance(note, Missed):
            contact = contact.after_failure(note.at, note.reason, note.next_try_at, note.times)
        else:
            contact = contact.after_meeting(note.at)
            if isinstance(note, Asked):
                contact = replace(contact, asked_behind=note.behind)
        found.append(contact)
    return found


def together(older: Mapping[str, list[Note]], newer: Mapping[str, list[Note]]) -> dict[str, list[Note]]:
    """Return the notes on each agency, the older ones first."""
    joined = {agency: list(notes) for agency, notes in older.items()}
    for agency, notes in newer.items():
        for note in notes:
            joined[agency] = with_note(joined.get(agency, []), note)
    return joined
