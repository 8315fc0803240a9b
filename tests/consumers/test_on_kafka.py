"""The same on Kafka and PostgreSQL, with two processes that share the feeds: one hands out, the other stands by."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from consumers.feed import Feed
from consumers.line import Line, Orders
from consumers.loop import deliver_forever
from consumers.outage import Patience
from hub.contacts import Contacts, Rewinds, Suspension
from hub.database import open_database
from hub.deliveries import Deliveries, DeliveryBrowser, Request, Summary
from hub.deliveries.tables import held as held_table
from hub.deliveries.tables import metadata
from hub.destination import Event, Receipt, Unavailable
from hub.eventlog import Outputs
from hub.eventlog.connection import KafkaConnection
from hub.eventlog.kafka import KafkaLog
from hub.topics import DELIVER, outbox
from tests.consumers.agency import AGENCY, Agency, message, open_events
from tests.hub.on_kafka_and_postgres import make_topics, until

QUICK = Patience(first_pause=0.05, longest_pause=0.2, idle_pause=0.02, suspended_pause=0.05)


@dataclass
class Watched:
    """An agency of which all calls are noted, whichever loop made them."""

    agency: Agency
    lock: threading.Lock = field(default_factory=threading.Lock)
    seen: list[tuple[str, bool]] = field(default_factory=list)

    def deliver(self, events: Sequence[Event]) -> Receipt:
        with self.lock:
            if self.agency.down:
                raise Unavailable("refused")
            receipt = self.agency.deliver(events)
            refused = {one.event_id for one in receipt.rejected}
            self.seen += [(one.event_id, one.replayed) for one in events if one.event_id not in refused]
            return receipt


@dataclass
class Place:
    """What all processes share, and a process of one's own to look and to order."""

    kafka: KafkaConnection
    url: str
    watched: Watched
    line: Line
    log: KafkaLog
    browser: DeliveryBrowser

    def publish(self, *names: str) -> None:
        self.log.append(Outputs({outbox(AGENCY): [message(name, name[0].upper()) for name in names]}))

    def done(self) -> bool:
        committed, last = self.log.extent(outbox(AGENCY), DELIVER)
        return committed == last

    @contextmanager
    def process(self) -> Iterator[None]:
        """Run a delivery loop with its own connections, as a process would."""
        stop, failures = threading.Event(), list[BaseException]()
        engine = open_database(self.url)
        with KafkaLog(self.kafka) as log:
            log.share(outbox(AGENCY), DELIVER)
            store, contacts, rewinds = Deliveries(engine), Contacts(engine, every=0.1), Rewinds(engine)
            line = Line(contacts, rewinds, store, Orders(contacts, rewinds, store, every=0.05), log)
            feed = Feed(AGENCY, log, store, self.watched, open_events, patience=QUICK, line=line, limit=5)

            def work() -> None:
                try:
                    deliver_forever(feed, stop)
                except BaseException as error:
                    failures.append(error)

            thread = threading.Thread(target=work, daemon=True)
            thread.start()
            yield
            stop.set()
            thread.join(30)
            contacts.close()
        engine.dispose()
        assert failures == []


@pytest.fixture
def place(kafka: KafkaConnection, postgres_url: str, tmp_path: Path) -> Iterator[Place]:
    """A feed on Kafka, its deliveries in PostgreSQL, and an agency."""
    make_topics(kafka, [AGENCY])
    engine = open_database(postgres_url)
    metadata.create_all(engine)
    contacts, rewinds, store = Contacts(engine), Rewinds(engine), Deliveries(engine)
    with KafkaLog(kafka) as log:
        line = Line(contacts, rewinds, store, Orders(contacts, rewinds, store, every=0.0), log)
        watched = Watched(Agency(tmp_path / "agency.db"))
        yield Place(kafka, postgres_url, watched, line, log, DeliveryBrowser(engine))
    engine.dispose()


def test_two_processes_go_through_an_outage_a_suspension_and_a_rewind_and_nothing_is_lost(place: Place) -> None:
    names = [f"{person}{n:02}" for n in range(6) for person in "abc"]
    place.watched.agency.down = True
    with ExitStack() as processes:
        for _ in range(2):
            processes.enter_context(place.process())
        place.publish(*names)
        until(lambda: place.line.contacts.of(AGENCY).failing is not None)
        place.line.contacts.suspend(AGENCY, Suspension(1, "lan", "they move"))
        until(lambda: place.line.orders.suspension(AGENCY) is not None)
        threading.Event().wait(0.3)
        place.watched.agency.down = False
        assert place.watched.seen == []
        place.line.contacts.resume(AGENCY, Suspension(2, "lan", "done"))
        until(place.done)
        until(lambda: place.line.contacts.of(AGENCY).failing is None)
        assert sorted(place.watched.seen) == sorted((name, False) for name in names)

        place.line.rewinds.ask(AGENCY, 9, 18, Request("lan", "a backup", 1))
        place.publish("a99")
        until(lambda: place.line.rewinds.of(AGENCY)[0].ended_at is not None)
        until(place.done)
    again = place.watched.seen[18:]
    replayed = [name for name, marked in again if marked]
    assert sorted(name for name in replayed if name != "a99") == sorted(names[9:])
    assert again[-1][0] == "a99", "the new event, or once more, if a loop had handed it out before it noticed"
    for person in "abc":
        assert [n for n in replayed if n[0] == person] == sorted(n for n in replayed if n[0] == person)
    assert place.browser.summary(AGENCY) == Summary()


def test_what_is_due_is_for_the_process_that_hands_out_the_feed(place: Place) -> None:
    place.watched.agency.dislikes = {"a00"}
    with place.process(), place.process():
        place.publish("a00", "a01", "b00")
        until(lambda: place.done() and place.browser.summary(AGENCY) == Summary(parked=1, waiting=1))
        place.watched.agency.dislikes = set()
        place.line.deliveries.make_due(held_table.c.agency == AGENCY, Request("lan", "mended", 1))
        until(lambda: place.browser.summary(AGENCY).held == 0)
    assert sorted(place.watched.seen) == [("a00", True), ("a01", False), ("b00", False)]
