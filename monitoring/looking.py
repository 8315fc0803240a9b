"""One event, whole: its story, and its content as it came and as each agency would get it today."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from hub import headers as h
from hub.entitlement import MayHave
from hub.eventlog import LogBrowser, Record
from hub.opening import hides_address
from hub.registers.today import Today
from hub.rules import Rules
from hub.steps.permit import STRICT
from hub.steps.project import hide_place, read_value
from hub.topics import outbox
from monitoring.evidence import Entry, Evidence, Stores, gather
from monitoring.sides import TELL_PLACE, Row, Side, covered, rows_of
from monitoring.story import Story
from monitoring.telling import tell
from schemas.catalogue import Catalogue

#: What reading a record raises that is damaged, or in a schema that nobody knows any more.
_UNREADABLE: Final = (KeyError, ValueError, EOFError, IndexError, OverflowError)


@dataclass(frozen=True, slots=True)
class EventLook:
    """Everything that the page of one event shows."""

    story: Story
    #: The fields; empty where the hub has no readable original. Covered unless the event is revealed.
    rows: tuple[Row, ...]
    #: How each agency sees it that may have it, in order of their names.
    sides: tuple[Side, ...]
    #: The person's address is protected: it is on no screen.
    strict: bool
    #: Why the original can't be shown: `refused` (intake keeps it in the topic `refused`), `gone` or `unreadable`.
    missing: str | None = None


@dataclass(frozen=True, slots=True)
class Looking:
    """Looks events up. It changes nothing."""

    stores: Stores
    rules: Rules
    today: Today
    #: What today's rules say of handing out again.
    may_have: MayHave

    def of(self, event_id: str, *, revealed: bool = False) -> EventLook | None:
        """Return one event, or None when the hub has never seen this id."""
        evidence = gather(self.stores, event_id)
        if evidence is None:
            return None
        level = self._level(evidence.record)
        strict = level == STRICT
        story = _guarded(tell(evidence, self.rules.agreements), strict=strict)
        if evidence.record is None:
            return EventLook(story, (), (), strict, "gone" if evidence.entry else "refused")
        try:
            content, kind = read_original(self.rules.catalogue, evidence.record)
        except _UNREADABLE:
            return EventLook(story, (), (), strict, "unreadable")
        sides = self._sides(evidence, content, level)
        rows = rows_of(content, kind, sides, strict=strict)
        return EventLook(story, tuple(rows if revealed else covered(rows)), tuple(sides), strict)

    def subject_of(self, event_id: str) -> str | None:
        """Return whom an event is about: the number as its source sent it."""
        evidence = gather(self.stores, event_id)
        return evidence.record.headers.get(h.SUBJECT) if evidence and evidence.record else None

    def _level(self, record: Record | None) -> str | None:
        subject = record.headers.get(h.SUBJECT) if record else None
        return self.today.protection_of([subject]).get(subject) if subject else None

    def _sides(self, evidence: Evidence, content: Mapping[str, Any], level: str | None) -> list[Side]:
        if evidence.entry is None:
            return []
        found = (self._side(agency, evidence, evidence.entry, content, level) for agency in evidence.entry.sent_to)
        return sorted((side for side in found if side is not None), key=lambda side: side.agency)

    def _side(
        self, agency: str, evidence: Evidence, entry: Entry, content: Mapping[str, Any], level: str | None
    ) -> Side | None:
        view = self.rules.catalogue.view(agency, entry.type)
        if view is None:
            return None
        _, basis, shielded, *_ = entry.sent_to[agency]
        place = evidence.places.get(agency)
        record = _at(self.stores.log, agency, place.position) if place else None
        try:
            seen = read_value(self.rules.catalogue, record.value) if record else dict(content)
        except _UNREADABLE:
            return None
        hidden = shielded or hides_address(level, basis)
        if hidden:
            hide_place(seen, view)
        barred = self.may_have(agency, [record]).get(record.position) if record else None
        was_open = hidden and not shielded and bool(view.address_fields)
        return Side(agency, view, seen, hidden, was_open, barred, made=record is None)


def read_original(catalogue: Catalogue, record: Record) -> tuple[dict[str, Any], Any]:
    """Return an event's content and its type. Raises KeyError, ValueError, EOFError and the like."""
    return read_value(catalogue, record.value), catalogue.types[record.headers[h.TYPE]]


def _guarded(story: Story, *, strict: bool) -> Story:
    """Take what names the register out of the story of somebody whose address is protected: it tells the province."""
    if not strict:
        return story
    steps = []
    for step in story.steps:
        about = {name: value for name, value in step.about.items() if name not in TELL_PLACE}
        steps.append(replace(step, about=about))
    return replace(story, steps=steps)


def _at(log: LogBrowser, agency: str, position: int) -> Record | None:
    found = next(iter(log.scan(outbox(agency), position - 1, 1)), None)
    return found if found is not None and found.position == position else None
