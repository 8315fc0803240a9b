"""Hands out a batch so that nobody's events overtake each other, whatever the agency rejects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from consumers.attempt import Lane, attempt, latest_taken, scheduled
from consumers.people import People
from hub.deliveries import Account, Trial, Waiting
from hub.eventlog import Record


def hand_out(lane: Lane, records: Sequence[Record], people: People, tails: Mapping[str, int]) -> Account:
    """Try every record that has nothing open before it; the rest waits. Raises `Unavailable`.

    `tails` are persons (`People.person`) with something open, and its last position. A call to the agency
    never carries two events of one person: it applies all that it does not reject, so the second could
    overtake the first. First go all persons' first events, then their second ones, and so on.
    """
    queues, waiting = _queues(records, people, tails)
    trials: list[Trial] = []
    witness = lane.effort.witness
    turn = 0
    while queues:
        wave = attempt(lane, [queue[turn] for queue in queues.values()], witness)
        for trial in wave:
            if trial.failure:
                queue = queues.pop(people.person(trial.record.key))
                waiting += [Waiting(after, before.position) for before, after in pairwise(queue[turn:])]
        trials += [scheduled(lane.feed, trial, 1) for trial in wave]
        witness = latest_taken(wave) or witness
        turn += 1
        queues = {person: queue for person, queue in queues.items() if len(queue) > turn}
    return Account(trials, waiting, people.numbers, lane.feed.now())


def _queues(
    records: Sequence[Record], people: People, tails: Mapping[str, int]
) -> tuple[dict[str, list[Record]], list[Waiting]]:
    """Return each free person's records, and the records of the others behind what is open."""
    queues: dict[str, list[Record]] = {}
    waiting: list[Waiting] = []
    ends = dict(tails)
    for record in records:
        person = people.person(record.key)
        if person in ends:
            waiting.append(Waiting(record, ends[person]))
            ends[person] = record.position
        else:
            queues.setdefault(person, []).append(record)
    return queues, waiting
