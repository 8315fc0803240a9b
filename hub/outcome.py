"""What the pipeline decided about a batch: what to write to the log, and what to remember."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from hub import headers as h
from hub.arrival import Arrival, Refusal, Repeat
from hub.eventlog import Message, Outputs, Record
from hub.facts import NumberStands
from hub.observe import BatchProcessed
from hub.steps.permit import Permissions, Withheld
from hub.steps.settled import Settled
from hub.topics import DUPLICATES, REFUSED, WITHHELD, outbox


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that follows from a batch."""

    #: The arrivals that were decided about, repeats included.
    arrivals: Sequence[Arrival] = ()
    repeats: Sequence[Repeat] = ()
    refused: Sequence[Refusal] = ()
    settled: Settled = field(default_factory=Settled)
    permissions: Permissions = field(default_factory=Permissions)
    #: Agency → the messages of its outbox.
    outboxes: Mapping[str, Sequence[Message]] = field(default_factory=dict)
    renamed: Sequence[tuple[int, NumberStands]] = ()
    #: How many records only said that time passes.
    ticks: int = 0

    def including(
        self, unreadable: Sequence[Refusal], renamed: Sequence[tuple[int, NumberStands]], records: Sequence[Record]
    ) -> Outcome:
        """Return the outcome together with what was found out before the events were decided about."""
        ticks = len(records) - len(unreadable) - len(self.arrivals)
        return replace(self, refused=[*unreadable, *self.refused], renamed=renamed, ticks=ticks)

    def tallies(self) -> Counter[tuple[str, str]]:
        """Count what happened, by name and label."""
        counts: Counter[tuple[str, str]] = Counter()
        counts.update(("duplicate", repeat.kind) for repeat in self.repeats)
        counts.update(("refused", refusal.reason) for refusal in self.refused)
        counts.update(("withheld", withheld.agency) for withheld in self.permissions.withheld)
        counts["tick", ""] += self.ticks
        return +counts  # without zeros


def outputs_of(outcome: Outcome, records: Sequence[Record]) -> Outputs:
    """Return what the batch writes to the log."""
    messages: dict[str, Sequence[Message]] = {outbox(agency): some for agency, some in outcome.outboxes.items()}
    if outcome.refused:
        by_position = {record.position: record for record in records}
        by_position |= {a.position: _record(a) for a in outcome.settled.dropped}
        messages[REFUSED] = [_refusal(refusal, by_position[refusal.position]) for refusal in outcome.refused]
    messages[DUPLICATES] = [_repeat(repeat) for repeat in outcome.repeats]
    messages[WITHHELD] = [_withheld(withheld) for withheld in outcome.permissions.withheld]
    return Outputs({topic: list_ for topic, list_ in messages.items() if list_})


def told_of(outcome: Outcome, records: Sequence[Record], outputs: Outputs, seconds: float) -> BatchProcessed:
    """Return what those who watch are told of a batch."""
    provinces: Counter[str] = Counter()
    for places, count in Counter([arrival.provinces for arrival in outcome.arrivals]).items():
        provinces.update(dict.fromkeys(places, count))
    return BatchProcessed(
        received=len(records),
        outputs={topic: len(messages) for topic, messages in outputs.messages.items()},
        seconds=seconds,
        at=records[-1].at if records else 0,
        tallies=outcome.tallies(),
        types=Counter([arrival.type for arrival in outcome.arrivals]),
        sources=Counter([arrival.headers[h.SOURCE] for arrival in outcome.arrivals]),
        provinces=provinces,
    )


def _record(arrival: Arrival) -> Record:
    return Record(arrival.position, arrival.at, arrival.subject, arrival.value, arrival.headers)


def _refusal(refusal: Refusal, record: Record) -> Message:
    """The whole event with the reason, so that it can be replayed."""
    headers = {**record.headers, h.REASON: refusal.reason, h.DETAIL: refusal.detail}
    return Message(record.key, record.value, headers)


def _repeat(repeat: Repeat) -> Message:
    arrival = repeat.arrival
    headers = {h.ID: arrival.event_id, h.TYPE: arrival.type, h.REASON: repeat.kind, h.DETAIL: repeat.of}
    return Message(arrival.person, b"", headers)


def _withheld(withheld: Withheld) -> Message:
    arrival = withheld.arrival
    headers = {
        h.ID: arrival.event_id,
        h.TYPE: arrival.type,
        h.AGENCY: withheld.agency,
        h.PURPOSE: withheld.purpose,
        h.REASON: withheld.reason,
    }
    return Message(arrival.person, b"", headers)
