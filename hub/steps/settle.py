"""Step 4: bring each person's facts into order: drop the late, join what is one correction, keep back what must wait.

Corrections can arrive before their original, and a source that can't correct annuls and creates anew. Whatever is
kept back holds the later events of the same person behind it, so that their order stays.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from hub.arrival import Arrival, Repeat
from hub.facts import Act, Facts, Fate, Held, Met, Why
from hub.patience import Patience
from hub.steps.second_reports import SecondReports, as_sent
from hub.steps.settled import Settled
from hub.steps.validate import END_OF_TIME


def settle(
    fresh: Sequence[Arrival], facts: Facts, patience: Patience, now: int, same_facts: Sequence[Arrival] = ()
) -> Settled:
    """Return what can be published now, in an order that keeps each person's.

    `now` is the time at the end of the batch, by the log's clock, in milliseconds; everything due by then is
    released. `same_facts` are the batch's repeats under another id, which later events may refer to. The result
    does not depend on how the events are cut into batches.
    """
    desk = _Desk(facts, patience)
    repeated = {arrival.position for arrival in same_facts}
    every = heapq.merge(fresh, same_facts, key=lambda a: a.position) if repeated else fresh
    for arrival in every:
        if arrival.position in repeated:
            desk.meet(arrival)
        else:
            desk.take(arrival)
    desk.close(now)
    return desk.settled


class _Desk:
    """The fold over one batch: the state of each person's facts as it is after the events taken so far."""

    def __init__(self, facts: Facts, patience: Patience) -> None:
        kept = [held for queue in (*facts.queues.values(), *facts.second_reports.values()) for held in queue]
        self.settled = Settled.starting_with(kept)
        self._patience = patience
        self._met = dict(facts.met)
        self._acts = dict(facts.acts)
        self._vitals = dict(facts.vitals)
        self._queues = {person: list(queue) for person, queue in facts.queues.items()}
        self._reports = SecondReports(facts.second_reports)
        #: When the next queue may be due: then, or later.
        self._due = 0
        self._step = 0

    def take(self, arrival: Arrival) -> None:
        """Settle a new arrival: at once, or behind what is kept back of its person."""
        self._pass_time(arrival)
        queue = self._queues.get(arrival.person)
        if not queue:
            self._offer(arrival, arrival.at)
        elif self._is_original_of(arrival, queue[0]):
            self._offer(arrival, arrival.at, place=0)
            self._drain(arrival.person, arrival.at)
        elif self._are_one_correction(queue[0], arrival):
            self._join(queue.pop(0), arrival)
            self._drain(arrival.person, arrival.at)
        else:
            place = next((i for i, held in enumerate(queue) if self._is_original_of(arrival, held)), len(queue))
            self._hold(arrival, Why.QUEUE, END_OF_TIME, place)

    def close(self, now: int) -> None:
        """No more arrivals: let go what is due at the end."""
        self._step = 0
        self.release_due(now)

    def meet(self, repeat: Arrival) -> None:
        """Take note of a repeat: what waits for this id has its original, under another id."""
        self._pass_time(repeat)
        self._met[repeat.event_id] = _met(repeat, Fate.SAME_FACT)
        self._drain(repeat.person, repeat.at)

    def release_due(self, now: int) -> None:
        """Let go everything that has waited long enough, and what stands behind it."""
        heads = [(queue[0].arrival.position, person) for person, queue in self._queues.items() if queue]
        for _, person in sorted(heads):
            self._drain(person, now)
        self._due = min((queue[0].until for queue in self._queues.values() if queue), default=END_OF_TIME)

    def _pass_time(self, arrival: Arrival) -> None:
        """Let go what was due before this event came; it goes before it, as it would at the end of a batch."""
        if self._due <= arrival.at:
            self._step = 2 * arrival.position - 1
            self.release_due(arrival.at)
        self._step = 2 * arrival.position

    def _drain(self, person: str, now: int) -> None:
        """Let the head of a person's queue go as long as it may."""
        queue = self._queues.get(person, [])
        while queue:
            head = queue[0]
            if len(queue) > 1 and self._are_one_correction(head, queue[1].arrival):
                self._join(queue.pop(0), queue.pop(0).arrival)
                continue
            if head.why is not Why.QUEUE and head.until > now and not self._original_is_here(head):
                return
            queue.pop(0)
            self._offer(head.arrival, now, waited=head.why if head.until <= now else None, place=0)

    def _offer(self, arrival: Arrival, now: int, *, waited: Why | None = None, place: int | None = None) -> None:
        """Publish, drop or keep back one event. `waited` says what it has waited for long enough."""
        act = self._acts.get(arrival.fact)
        if act is not None and arrival.version <= act.version:
            detail = f"version {act.version} of the fact was published before, by {act.event_id}"
            self._refuse(arrival, Fate.LATE, "late", detail)
            return
        if arrival.change == "CREATED":
            self._create(arrival)
            return
        previous = self._met.get(arrival.previous_id or "")
        if previous is not None and previous.fact != arrival.fact:
            detail = f"{arrival.previous_id} is of another person, type or fact"
            self._refuse(arrival, Fate.REFUSED, "previous_of_another_fact", detail)
            return
        if previous is None or previous.fate is Fate.HELD:
            until = arrival.at + self._patience.previous
            if waited is not Why.PREVIOUS and until > now:
                self._hold(arrival, Why.PREVIOUS, until, place)
                return
            arrival = arrival._replace(unmatched=previous is None)
        until = arrival.at + self._patience.join
        if arrival.change != "ANNULLED":
            self._create(arrival)
        elif waited is None and until > now and not self._is_second_report(arrival):
            self._hold(arrival, Why.JOIN, until, place)
        else:
            self._annul(arrival)

    def _annul(self, arrival: Arrival) -> None:
        if self._is_second_report(arrival):
            self._forget_second_report(arrival)
            return
        act = self._acts.get(arrival.fact)
        self._drop_reports_of(arrival.fact)
        self._publish(arrival)
        if act is not None and act.vital_fact is not None and act.vital_fact not in self._vitals:
            self._promote_second_report(act.vital_fact)

    def _create(self, arrival: Arrival) -> None:
        vital_fact = arrival.vital_fact
        if vital_fact is not None:
            standing, own = self._vitals.get(vital_fact, arrival.fact), self._acts.get(arrival.fact)
            says_so_already = own is not None and own.vital_fact == vital_fact
            if standing != arrival.fact and not says_so_already:
                self._keep_second_report(arrival, vital_fact, of=self._acts[standing].event_id)
                return
        self._publish(arrival)

    def _publish(self, arrival: Arrival) -> None:
        before = self._acts.get(arrival.fact)
        vital_fact = arrival.vital_fact
        self._acts[arrival.fact] = Act(arrival.version, arrival.event_id, vital_fact)
        if before is not None and before.vital_fact is not None:
            self._stand_down(arrival.fact, before.vital_fact)
        if vital_fact is not None:
            self._vitals[vital_fact] = min(arrival.fact, self._vitals.get(vital_fact, arrival.fact))
        self.settled.publish(arrival, self._step)
        self._decide(arrival, Fate.PUBLISHED)

    def _stand_down(self, fact: str, vital_fact: str) -> None:
        """A fact no longer says this; another may: two persons who were merged had died twice."""
        if self._vitals.get(vital_fact) == fact:
            others = [f for f, act in self._acts.items() if act.vital_fact == vital_fact]
            if others:
                self._vitals[vital_fact] = min(others)
            else:
                del self._vitals[vital_fact]

    def _join(self, annulment: Held, creation: Arrival) -> None:
        """Make one correction of an annulment and the new version that follows it."""
        previous = annulment.arrival.previous_id
        self._decide(annulment.arrival, Fate.JOINED)
        self.settled.joined_into[annulment.arrival.position] = creation.event_id
        changed = {**creation.rewritten, "change": "CORRECTED", "previous_event_id": previous}
        joined = creation._replace(change="CORRECTED", previous_id=previous, rewritten=changed)
        self._create(joined)

    def _hold(self, arrival: Arrival, why: Why, until: int, place: int | None) -> None:
        queue = self._queues.setdefault(arrival.person, [])
        place = len(queue) if place is None else place
        rank = _own_rank(arrival)
        if place < len(queue):
            rank = min(rank, queue[place].rank - 1)
        held = Held(arrival, why, until, rank)
        self._due = min(self._due, until)
        queue.insert(place, held)
        self.settled.keep(held)
        self._met[arrival.event_id] = _met(arrival, Fate.HELD)

    def _decide(self, arrival: Arrival, fate: Fate) -> None:
        self._met[arrival.event_id] = _met(arrival, fate)
        self.settled.decide(arrival, fate)

    def _refuse(self, arrival: Arrival, fate: Fate, reason: str, detail: str) -> None:
        self.settled.refuse(arrival, reason, detail)
        self._decide(arrival, fate)

    def _keep_second_report(self, arrival: Arrival, vital_fact: str, of: str) -> None:
        """Set aside another register's report of a vital fact, as it was sent, in place of its earlier version."""
        self._drop_reports_of(arrival.fact)
        arrival = as_sent(arrival)
        self.settled.repeats.append(Repeat(arrival, "vital", of))
        self._decide(arrival, Fate.SAME_VITAL)
        report = Held(arrival, Why.SECOND_REPORT, END_OF_TIME, _own_rank(arrival))
        self._reports.keep(vital_fact, report)
        self.settled.keep(report)

    def _is_second_report(self, arrival: Arrival) -> bool:
        act = self._acts.get(arrival.fact)
        stands = act is not None and act.vital_fact is not None
        return not stands and bool(self._reports.of_fact(arrival.fact))

    def _forget_second_report(self, annulment: Arrival) -> None:
        """Drop a second report that its own register annuls: nobody was told of it."""
        dropped = self._drop_reports_of(annulment.fact)
        self.settled.repeats.append(Repeat(annulment, "vital", dropped[0].arrival.event_id))
        self._decide(annulment, Fate.SAME_VITAL)

    def _drop_reports_of(self, fact: str) -> list[Held]:
        dropped = self._reports.drop(fact)
        for report in dropped:
            self.settled.let_go(report.arrival.position)
        return dropped

    def _promote_second_report(self, vital_fact: str) -> None:
        """The first report was annulled: another register's report stands now."""
        report = self._reports.take_first(vital_fact)
        if report is not None:
            self.settled.let_go(report.arrival.position)
            self._create(report.arrival)

    def _is_original_of(self, arrival: Arrival, held: Held) -> bool:
        return held.arrival.previous_id == arrival.event_id

    def _are_one_correction(self, held: Held, creation: Arrival) -> bool:
        """Whether an annulment that is kept back and an event are two halves of one correction of a fact."""
        annulment = held.arrival
        return (
            annulment.change == "ANNULLED"
            and creation.change == "CREATED"
            and creation.fact == annulment.fact
            and creation.version > annulment.version
            and creation.at < annulment.at + self._patience.join
            and self._has_original(annulment)
        )

    def _original_is_here(self, held: Held) -> bool:
        return held.why is Why.PREVIOUS and self._has_original(held.arrival)

    def _has_original(self, arrival: Arrival) -> bool:
        previous = self._met.get(arrival.previous_id or "")
        return previous is not None and previous.fact == arrival.fact and previous.fate is not Fate.HELD


def _own_rank(arrival: Arrival) -> int:
    """By position, with room between two for an original that comes after its correction."""
    return arrival.position * 1024


def _met(arrival: Arrival, fate: Fate) -> Met:
    return Met(arrival.event_id, arrival.position, arrival.person, arrival.fact, fate)
