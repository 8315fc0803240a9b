"""Reports of a vital fact that another register made first: kept in case that first one is annulled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hub import headers as h
from hub.arrival import Arrival
from hub.facts import Held


class SecondReports:
    """The second reports of the persons of one batch."""

    def __init__(self, kept: Mapping[str, Sequence[Held]]) -> None:
        """Take what is kept: vital fact → reports, oldest first."""
        self._kept = {vital_fact: list(reports) for vital_fact, reports in kept.items()}

    def keep(self, vital_fact: str, report: Held) -> None:
        """Keep another report."""
        self._kept.setdefault(vital_fact, []).append(report)

    def of_fact(self, fact: str) -> list[Held]:
        """Return the reports that are versions of one act of a register."""
        return [report for reports in self._kept.values() for report in reports if report.arrival.fact == fact]

    def drop(self, fact: str) -> list[Held]:
        """Forget the versions of one act, and return them."""
        dropped = self.of_fact(fact)
        for report in dropped:
            self._kept[report.arrival.vital_fact or ""].remove(report)
        return dropped

    def take_first(self, vital_fact: str) -> Held | None:
        """Return the oldest report of a vital fact, which is kept no longer, or None."""
        reports = self._kept.get(vital_fact)
        return reports.pop(0) if reports else None


def as_sent(arrival: Arrival) -> Arrival:
    """Undo what was decided about an event: neither joined nor unmatched, as it will be when it is read again."""
    rewritten = {name: value for name, value in arrival.rewritten.items() if name == "subject"}
    sent = arrival.headers
    return arrival._replace(
        change=sent[h.CHANGE], previous_id=sent.get(h.PREVIOUS_ID), rewritten=rewritten, unmatched=False
    )
