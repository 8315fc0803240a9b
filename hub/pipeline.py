"""The path of a batch of events, from the topic `received` to the agencies' outboxes. Start reading here."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial

from hub.arrival import Arrival
from hub.eventlog import Batch, EventLog
from hub.facts import Facts
from hub.observe import Observer, nobody
from hub.outcome import Outcome, outputs_of, told_of
from hub.registers import Registers
from hub.rules import Rules
from hub.steps.address import address
from hub.steps.deduplicate import deduplicate
from hub.steps.identify import between_changes, identify
from hub.steps.permit import permit
from hub.steps.project import project
from hub.steps.settle import settle
from hub.steps.validate import time_of, validate


def decide(arrivals: Sequence[Arrival], facts: Facts, rules: Rules, now: int) -> Outcome:
    """Pure: the same arrivals and facts always give the same outcome. `now` is the log's time, in milliseconds."""
    fresh, repeats = deduplicate(arrivals, facts)
    settled = settle(fresh, facts, rules.patience, now, [r.arrival for r in repeats if r.kind == "fact"])
    addressed = address(settled.published, rules.agreements, facts.residences, facts.also_known)
    permissions = permit(addressed, facts, rules.read)
    outboxes = project(permissions.allowed, rules.projector)
    return Outcome(arrivals, [*repeats, *settled.repeats], settled.refused, settled, permissions, outboxes)


def process_batch(log: EventLog, registers: Registers, rules: Rules, batch: Batch, observe: Observer = nobody) -> None:
    """All side effects: look up the past, decide, remember, commit. A crash in between leaves nothing half done.

    What was remembered of a batch that never reached the log is forgotten when that batch is read again.
    """
    for part in between_changes(batch):
        started, now = time.perf_counter(), time_of(part)
        arrivals, unreadable = validate(part.records, rules.catalogue, rules.projector.bounds)
        with registers.as_of(part.after, partial(_committed, log, part)) as past:
            numbers = past.numbers(arrivals, now, rules.read)
            outdated = past.outdated_changes(arrivals, numbers, rules.read)
            known, renamed = identify(arrivals, numbers, rules.read, outdated)
            facts = past.facts(known, numbers, now)
        outcome = decide(known, facts, rules, now).including(unreadable, renamed, part.records)
        outputs = outputs_of(outcome, part.records)
        registers.remember(part, outcome, past)
        log.commit(part, outputs)
        observe(told_of(outcome, part.records, outputs, time.perf_counter() - started))


def _committed(log: EventLog, batch: Batch) -> int:
    return log.read(batch.topic, batch.group, 1).after
