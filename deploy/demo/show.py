"""The demo: a synthetic population's events from three registers to the agencies, with every kind of trouble.

It verifies itself: an independent model says which event belongs in which agency's database, and in which order.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import orjson
import sqlalchemy as sa

from adapters.agencies.applied_events import APPLIED_EVENTS
from adapters.ingest import Ingest
from deploy.bootstrap import Hub, now_ms
from deploy.demo.comparison import Applied, compare
from deploy.demo.expectation import Expected, Terms
from deploy.demo.faults import Down, Picky
from deploy.demo.generator import generate
from deploy.demo.holdings import endow
from deploy.demo.lines import SourceLine
from deploy.demo.reference import expected
from deploy.running import Run
from hub.agreements import Agreement
from hub.database import open_database, reading
from hub.deliveries import Deliveries, Request
from hub.destination import Destination
from hub.intake.desk import Taken
from replay.redeliver import make_due
from replay.selection import Selection

#: In the home folder: what the registers sent. Its presence says that the home is the demo's own.
SENT = "demo.ndjson"
#: The agency that is down at first, and for how many seconds; and the one that rejects one event in so many.
DOWN, DOWN_FOR = "insurance", 2.0
PICKY, PICKY_ABOUT = "land", 40

_VIETNAM = timezone(timedelta(hours=7))


class NotTheDemos(Exception):
    """The home folder holds something else; the demo would mix with it."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One showing of the demo in an open hub."""

    hub: Hub
    lines: Sequence[SourceLine]
    #: Told the name of each act and how many bytes of the file are sent.
    on_act: Callable[[str], None]
    on_sent: Callable[[int], None]
    on_pulse: Callable[[], None]

    def play(self) -> Taken:
        """Send, decide, deliver with trouble, repair, replay."""
        self.on_act("send")
        endow(self.hub, self.lines)
        file = self.hub.home.folder / SENT
        file.write_bytes(b"".join(line.raw + b"\n" for line in self.lines))
        taken = Ingest(self.hub.desk(), self.hub.log, self.hub.home.oversized, self.on_sent).file(file)
        self.on_act("deliver")
        self._run_with_trouble()
        self.on_act("replay")
        request = Request("demo", "the land system was repaired", now_ms())
        make_due(Deliveries(self.hub.deliveries_db), Selection(PICKY), request)
        Run(self.hub, until_idle=True, on_pulse=self.on_pulse).go()
        return taken

    def _run_with_trouble(self) -> None:
        trouble: dict[str, Destination] = {
            DOWN: Down(self.hub.destination(DOWN), DOWN_FOR),
            PICKY: Picky(self.hub.destination(PICKY), PICKY_ABOUT),
        }
        present = {agency: system for agency, system in trouble.items() if agency in self.hub.agencies}
        Run(self.hub, until_idle=True, destinations=present, on_pulse=self.on_pulse).go()

    def differences(self) -> list[str]:
        """Compare what stands in the agencies' databases with what the independent model expects."""
        self.on_act("verify")
        agreements = self.hub.rules.agreements.by_agency
        model: Expected = expected(
            self.lines, [terms_of(a) for a in agreements.values()], datetime.now(_VIETNAM).date()
        )
        return compare(model, {name: applied_by(self.hub, agreement) for name, agreement in agreements.items()})


def stream(events: int, seed: int) -> Iterator[SourceLine]:
    """Yield the events that the registers send up to now."""
    return generate(events, seed, datetime.now(UTC))


def clear(home: Path) -> None:
    """Make room for a new showing. Raises `NotTheDemos` rather than touch a home with other content."""
    if not home.exists() or not any(home.iterdir()):
        return
    if not (home / SENT).exists():
        raise NotTheDemos(f"{home}: holds something that is not the demo's. Name another folder: dancu --home DIR demo")
    shutil.rmtree(home)


def applied_by(hub: Hub, agreement: Agreement) -> Sequence[Applied]:
    """Return what an agency's database says it has applied, in its order."""
    engine = open_database(hub.agency_url(agreement.agency))
    c = APPLIED_EVENTS.c
    try:
        with reading(engine) as connection:
            if not sa.inspect(connection).has_table(APPLIED_EVENTS.name):
                return []
            rows = connection.execute(sa.select(c.event_id, c.subject, c.body).order_by(c.applied_order))
            return [Applied(event_id, subject, orjson.loads(body)) for event_id, subject, body in rows]
    finally:
        engine.dispose()


def terms_of(agreement: Agreement) -> Terms:
    """Tell the model what an agreement says."""
    by_statute = frozenset(name for name, grant in agreement.grants.items() if grant.statute is not None)
    by_consent = frozenset(agreement.grants) - by_statute
    return Terms(
        agency=agreement.agency,
        statute=by_statute,
        consent=by_consent,
        purpose=next((grant.purpose for grant in agreement.grants.values() if grant.statute is None), ""),
        only_if_received=frozenset(name for name, grant in agreement.grants.items() if grant.only_if_received),
        provinces=agreement.population.provinces,
        persons=agreement.population.persons,
    )
