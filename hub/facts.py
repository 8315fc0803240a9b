"""What the steps are told about the past: everything the registers know that bears on one batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from hub.arrival import Arrival


class Fate(StrEnum):
    """What became of an event that was met."""

    #: Went on to be addressed (whether or not anybody was entitled to it).
    PUBLISHED = "published"
    #: Waits: for its original, for the other half of a correction, or behind one that waits.
    HELD = "held"
    #: Went out as a part of another event.
    JOINED = "joined"
    #: Dropped: a newer version of the fact was published before.
    LATE = "late"
    #: Dropped: the same act under another id.
    SAME_FACT = "fact"
    #: Dropped: another register reported the same vital fact first. Kept in case that one is annulled.
    SAME_VITAL = "vital"
    #: Dropped: contradicts what it refers to.
    REFUSED = "refused"


class Why(StrEnum):
    """Why an event is kept back."""

    #: An annulment: a new version of the same fact may follow and make it a correction.
    JOIN = "join"
    #: It refers to an event that has not come yet.
    PREVIOUS = "previous"
    #: An earlier event of the same person is kept back.
    QUEUE = "queue"
    #: A second report of a vital fact, in case the first is annulled.
    SECOND_REPORT = "second_report"


class Met(NamedTuple):
    """An event that the hub has, and where it first met it."""

    event_id: str
    position: int
    person: str
    fact: str
    fate: Fate


class Act(NamedTuple):
    """The published state of a fact: its newest version and, for vital facts, what it reports."""

    version: int
    event_id: str
    vital_fact: str | None


class Held(NamedTuple):
    """An event that is kept back, until a time in milliseconds since 1970 UTC."""

    arrival: Arrival
    why: Why
    until: int
    #: The place in the person's queue: in order of this.
    rank: int


class Consent(NamedTuple):
    """The newest word of a person on one agency and purpose."""

    given: bool
    #: Last day, as days since 1970, or None for no end.
    valid_until: int | None
    #: The event that says so: the proof.
    event_id: str


class NumberStands(NamedTuple):
    """From a position on, a number stands for a person, because of a fact."""

    number: str
    person: str
    fact_id: str


@dataclass(frozen=True, slots=True)
class Facts:
    """The past as of the batch's first record. Keys: see `Arrival.fact` and `Arrival.vital_fact`."""

    met: Mapping[str, Met] = field(default_factory=dict)
    #: (fact, version) → the event that brought it.
    versions: Mapping[tuple[str, int], str] = field(default_factory=dict)
    acts: Mapping[str, Act] = field(default_factory=dict)
    #: Vital fact → the act that stands for it.
    vitals: Mapping[str, str] = field(default_factory=dict)
    #: Fact → agencies that received any version of it; person → agencies that received anything.
    received: Mapping[str, frozenset[str]] = field(default_factory=dict)
    received_about: Mapping[str, frozenset[str]] = field(default_factory=dict)
    #: Person → what is kept back, oldest first.
    queues: Mapping[str, Sequence[Held]] = field(default_factory=dict)
    #: Vital fact → reports of other registers.
    second_reports: Mapping[str, Sequence[Held]] = field(default_factory=dict)
    #: (person, agency, purpose) → consent.
    consents: Mapping[tuple[str, str, str], Consent] = field(default_factory=dict)
    #: Person → protection level, for those who have one.
    protection: Mapping[str, str] = field(default_factory=dict)
    #: Person → current code of the province of residence.
    residences: Mapping[str, str] = field(default_factory=dict)
    #: Person → earlier numbers, for those who have some.
    also_known: Mapping[str, Sequence[str]] = field(default_factory=dict)
