"""Shows Prometheus how the hub stands, as the stores say: looked at once in a few seconds, however many ask."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from prometheus_client.registry import Collector

from monitoring.declared import Declared, by_name, counter, gauge
from monitoring.fresh import Fresh, InTime
from monitoring.integrity import Checked
from monitoring.samples import Family, Sample, families_of

_LOG = logging.getLogger(__name__)
#: Seconds for which one look serves all, and that a look may take: Prometheus gives a scrape ten.
_FRESH, _LIMIT = 5.0, 7.0


DECLARED: Final[Mapping[str, Declared]] = by_name(
    gauge("dancu_undecided_events", "events", "", "Events taken in that the pipeline has not come to yet."),
    gauge("dancu_held_events", "events", "", "Events that the pipeline keeps back; they go on by themselves."),
    gauge("dancu_pending_deliveries", "events", "agency", "Events in an agency's feed that were not handed out yet."),
    gauge(
        "dancu_parked_deliveries",
        "events",
        "agency",
        "Events that an agency did not take when tried, and those of the same persons behind them.",
    ),
    gauge(
        "dancu_oldest_undelivered_age_seconds",
        "seconds",
        "agency",
        "For how long the oldest event has been in the feed that the agency does not have; 0: it has all.",
    ),
    gauge("dancu_connections", "agencies", "sector state", "Agencies with an agreement, by how they are connected."),
    gauge("dancu_connections_target", "agencies", "sector", "How many agencies shall be connected."),
    gauge("dancu_agency_state", "agencies", "agency state", "How an agency is connected: 1 for the state that holds."),
    gauge(
        "dancu_agency_info",
        "agencies",
        "agency sector way province",
        "Always 1: an agency's sector, way of delivery and, where it has events of one province only, that one.",
    ),
    gauge(
        "dancu_agency_last_contact_timestamp_seconds",
        "seconds",
        "agency",
        "When an agency last answered or asked, since 1970 UTC; missing where it never did.",
    ),
    gauge("dancu_feed_silence_seconds", "seconds", "feed", "Time since the last event of a feed."),
    gauge(
        "dancu_feed_expected_silence_seconds",
        "seconds",
        "feed",
        "For how long a feed may be silent now, as its own past says.",
    ),
    gauge("dancu_feed_silent", "feeds", "feed", "Whether a feed is silent that should speak (0 or 1)."),
    gauge(
        "dancu_edge_site_last_seen_timestamp_seconds",
        "seconds",
        "site province",
        "When a device of a counter's site was last heard of, since 1970 UTC; missing where none ever was.",
    ),
    counter(
        "dancu_card_verifications_total",
        "verifications",
        "result",
        "Cards that counters have read, by what came of it.",
    ),
    gauge("dancu_edge_alerts", "alerts", "kind", "What was odd at counters and nobody has acknowledged."),
    gauge("dancu_replays", "replays", "state", "Replays, by where they stand."),
    gauge("dancu_replay_items", "deliveries", "state", "Deliveries in replays, by what became of them."),
    gauge(
        "dancu_procedure_cases", "cases", "procedure state", "Cases of linked procedures: open in time, late, or done."
    ),
    gauge("dancu_audit_intact", "trails", "", "Whether every entry of the audit trail is as it was written (0 or 1)."),
    gauge("dancu_audit_entries", "entries", "", "Entries of the audit trail."),
    gauge(
        "dancu_audit_checked_timestamp_seconds",
        "seconds",
        "",
        "When the audit trail was last looked at, since 1970 UTC.",
    ),
    gauge(
        "dancu_clock_offset_seconds",
        "seconds",
        "",
        "By how much this machine's clock is ahead of the database's; without a server: by how much it has jumped.",
    ),
    gauge("dancu_state_readable", "states", "", "Whether all of the hub's stores answered the last look (0 or 1)."),
)


class _Seen(NamedTuple):
    #: When the reading began, by the clock that only goes forwards.
    at: float
    samples: Sequence[Sample]


#: Reads some of what is shown. Raises what the stores raise.
Reading = Callable[[], Iterable[Sample]]


class StateCollector(Collector):
    """The collector. What can't be read is missing, not old: `dancu_state_readable` says so.

    All is read one after the other in a thread. What takes too long is missing, and so is what comes behind it.
    """

    def __init__(
        self,
        readings: Mapping[str, Reading],
        checked: Callable[[], Checked] = Checked,
        seconds: float = _FRESH,
        limit: float = _LIMIT,
    ) -> None:
        """`readings` by what they read, for the log. All are read together, at most once in `seconds`.

        `limit`: seconds that whoever asks waits for that at most.
        """
        self._readings = readings
        self._checked = checked
        self._look = InTime(Fresh(self._read, seconds), limit)
        self._longest = seconds + limit
        self._seen: dict[str, _Seen] = {}
        self._failing: set[str] = set()

    def describe(self) -> Iterator[Family]:
        """Yield every metric without its values: nothing is read for it."""
        return families_of(DECLARED)

    def collect(self) -> Iterator[Family]:
        """Yield every metric."""
        try:
            readable = self._look()
        except TimeoutError:
            readable = False
        since = time.monotonic() - self._longest
        samples = [sample for seen in self._seen.copy().values() if seen.at >= since for sample in seen.samples]
        samples += [*_of(self._checked()), Sample("dancu_state_readable", (), readable)]
        yield from families_of(DECLARED, samples)

    def _read(self) -> bool:
        """Read everything; return whether all of it could be read."""
        failing = set()
        for name, reading in self._readings.items():
            try:
                self._seen[name] = _Seen(time.monotonic(), list(reading()))
            except Exception as error:  # whatever it is: the other metrics are shown, and this is counted
                failing.add(name)
                self._seen.pop(name, None)
                if name not in self._failing:
                    _LOG.warning("metrics: %s can't be read: %s", name, type(error).__name__)
        self._failing = failing
        return not failing


def _of(checked: Checked) -> Iterator[Sample]:
    known = {
        "dancu_audit_intact": checked.intact,
        "dancu_audit_entries": checked.entries,
        "dancu_audit_checked_timestamp_seconds": checked.at,
        "dancu_clock_offset_seconds": checked.clock_offset,
    }
    return (Sample(name, (), value) for name, value in known.items() if value is not None)
