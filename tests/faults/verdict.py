"""What came of a fault: the agencies' databases against the independent model, and the words of the processes."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from unittest.mock import patch

from deploy.bootstrap import open_hub
from deploy.demo.comparison import compare
from deploy.demo.lines import SourceLine
from deploy.demo.reference import expected
from deploy.demo.show import applied_by, terms_of
from deploy.settings import load_settings
from tests.commands import check_words
from tests.faults.gauge import Standstill
from tests.faults.process import Process

_VIETNAM = timezone(timedelta(hours=7))


@dataclass(frozen=True, slots=True)
class Verdict:
    """The figures of one fault. Lost, doubled and out of order must be none."""

    name: str
    events: int
    applied: int
    kills: Counter[str]
    #: What differs from the model, each a sentence without personal data.
    differences: Sequence[str]
    standstill: Standstill

    @property
    def lost(self) -> int:
        """How many deliveries are missing."""
        return sum(line.endswith(" is missing") for line in self.differences)

    @property
    def doubled(self) -> int:
        """How many events an agency has applied more than once."""
        return sum(line.endswith(" times") for line in self.differences)

    def __str__(self) -> str:
        """Say it in one line."""
        killed = f"{sum(self.kills.values())} kills {dict(self.kills)}"
        still = self.standstill
        return (
            f"{self.name}: {self.events:,} events, {self.applied:,} applied, {killed}, {self.lost} lost,"
            f" {self.doubled} doubled, {len(self.differences)} differences; longest without progress:"
            f" {still.seconds} s (deciding {still.deciding} s, delivering {still.delivering} s)"
        )


def judge(
    name: str,
    lines: Sequence[SourceLine],
    environment: Mapping[str, str],
    kills: Counter[str],
    standstill: Standstill,
) -> Verdict:
    """Compare what stands in the agencies' databases with what the independent model expects of these lines."""
    with patch.dict(os.environ, environment, clear=True), open_hub(load_settings()) as hub:
        agreements = hub.rules.agreements.by_agency
        model = expected(lines, [terms_of(a) for a in agreements.values()], datetime.now(_VIETNAM).date())
        actual = {agency: applied_by(hub, agreement) for agency, agreement in agreements.items()}
    applied = sum(map(len, actual.values()))
    return Verdict(name, len(lines), applied, Counter(kills), compare(model, actual), standstill)


def check_said(processes: Iterable[Process]) -> None:
    """Fail for a traceback or a personal number in the words of any process."""
    for process in processes:
        check_words(process.said(all_lives=True))
