"""The nouns of the contact with an agency, and what a meeting changes. Pure. Times are ms since 1970 UTC."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

#: The moving average is over about so many gaps.
_GAPS = 20
#: One gap counts at most so many times as much as what is usual: a jump of the clock says nothing of the agency.
_OUTLIER = 10
#: A gap that is not longer than this is counted as it is.
_MINUTE = 60_000


class Suspension(NamedTuple):
    """Nothing is handed out to an agency until an operator resumes it."""

    at: int
    by: str
    reason: str


class Failing(NamedTuple):
    """The agency does not answer."""

    since: int
    #: How often it was tried since.
    times: int
    #: Without personal data.
    reason: str
    next_try_at: int | None


@dataclass(frozen=True, slots=True)
class Contact:
    """What is known of the contact with one agency."""

    agency: str
    #: It answered: the first time, and the last.
    first_ok_at: int | None = None
    last_ok_at: int | None = None
    #: What is usual between two contacts.
    usual_gap_ms: int | None = None
    #: How many gaps that is known from.
    gaps: int = 0
    failing: Failing | None = None
    suspended: Suspension | None = None
    #: The endpoint that has agreed to get events (webhooks), and when it did.
    endpoint: str | None = None
    verified_at: int | None = None
    #: Behind which position of its feed it has asked for more, or up to which its own Kafka client has read: it has
    #: what comes before (agencies that fetch).
    asked_behind: int | None = None

    def after_meeting(self, at: int) -> Contact:
        """Return the contact after the agency has answered; a clock that went back counts no gap."""
        gap = None if self.last_ok_at is None else at - self.last_ok_at
        usual, gaps = self.usual_gap_ms, self.gaps
        if gap is not None and gap > 0:
            usual, gaps = _average(usual, gaps, gap), gaps + 1
        first = at if self.first_ok_at is None else self.first_ok_at
        return replace(self, first_ok_at=first, last_ok_at=at, usual_gap_ms=usual, gaps=gaps, failing=None)

    def after_failure(self, at: int, reason: str, next_try_at: int | None, times: int = 1) -> Contact:
        """Return the contact after the agency did not answer, so many times."""
        before = self.failing
        failing = Failing(before.since, before.times + times, reason, next_try_at) if before else None
        return replace(self, failing=failing or Failing(at, times, reason, next_try_at))


class Outage(NamedTuple):
    """A time in which an agency did not answer."""

    began_at: int
    #: None while it lasts.
    ended_at: int | None
    attempts: int
    reason: str


def _average(usual: int | None, gaps: int, gap: int) -> int:
    if usual is None:
        return gap
    bounded = min(gap, max(_MINUTE, _OUTLIER * usual))
    return usual + (bounded - usual) // min(gaps + 1, _GAPS)
