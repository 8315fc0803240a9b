"""How the hub stands, as Prometheus sees it: what the stores say, read once for all who ask."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from prometheus_client import CollectorRegistry

from deploy.bootstrap import now_ms
from deploy.standing import standing_of
from hub.agreements.agreement import Agreement, Population
from hub.contacts import Suspension
from hub.database import open_database, sqlite_url
from hub.deliveries.tables import metadata
from hub.edge import tables as edge
from hub.replays.tables import items, replays
from monitoring.declared import MOST, OTHER
from monitoring.exposition import Exposition
from monitoring.integrity import Checked
from monitoring.readings import Replays, of_edge, of_feeds, of_procedures, of_standing, province_of
from monitoring.samples import Sample
from monitoring.silence.verdict import Silence
from monitoring.state import DECLARED, Reading, StateCollector
from tests.monitoring.scene import Scene, an_event, open_scene
from tests.monitoring.test_metrics import by, shown
from tests.promtool import check_metrics

Shown = dict[tuple[str, ...], float]
TARGETS = {"ministry": 15, "locality": 63}


def text_of(*readings: Reading, checked: Checked = Checked()) -> bytes:  # noqa: B008 - a value that never changes
    registry = CollectorRegistry()
    registry.register(StateCollector({str(number): one for number, one in enumerate(readings)}, lambda: checked))
    return Exposition(registry)().body


def values(samples: Iterable[Sample]) -> Shown:
    """Return what is shown of samples."""
    return shown(text_of(lambda: samples))


def standing(scene: Scene) -> Iterator[Sample]:
    return of_standing(standing_of(scene.hub, TARGETS), scene.hub.rules.agreements.by_agency)


def test_an_agency_is_shown_as_the_status_and_the_connections_have_it(scene: Scene) -> None:
    first = an_event()
    scene.run(first, an_event("ResidenceChanged"))
    scene.deliver("tax")
    scene.deliver("land", first["id"])
    scene.hub.contacts.suspend("welfare", Suspension(now_ms(), "lan", "they move"))
    for agency in ("tax", "land"):
        scene.hub.contacts.reached(agency, now_ms())
    scene.hub.contacts.flush()
    found, status = values(standing(scene)), scene.status()
    for name, one in status.agencies.items():
        assert found["dancu_pending_deliveries", name] == one.pending
        assert found["dancu_parked_deliveries", name] == one.parked
        assert (found["dancu_oldest_undelivered_age_seconds", name] > 0) is (one.oldest is not None)
    assert (status.agencies["land"].parked, status.agencies["welfare"].pending) == (1, 2)
    assert {key for key, value in by(found, "dancu_agency_state").items() if value} == {
        ("bank", "never_connected"),
        ("insurance", "never_connected"),
        ("land", "connected"),
        ("tax", "connected"),
        ("welfare", "suspended"),
    }
    assert by(found, "dancu_agency_last_contact_timestamp_seconds").keys() == {("land",), ("tax",)}
    assert found["dancu_agency_info", "tax", "", "ministry", "sql"] == 1
    assert found["dancu_state_readable",] == 1


def test_connections_are_counted_by_sector_against_the_target(scene: Scene) -> None:
    found = values(standing(scene))
    assert by(found, "dancu_connections") == {("bank", "never_connected"): 1, ("ministry", "never_connected"): 4}
    assert by(found, "dancu_connections_target") == {("ministry",): 15, ("locality",): 63}


def test_what_waits_for_the_pipeline_is_shown(tmp_path: Path) -> None:
    with open_scene(tmp_path, wait=60) as scene:
        scene.run(an_event(change="CORRECTED"))
        scene.take(an_event("ResidenceChanged"))
        found = values(standing(scene))
    assert (found["dancu_held_events",], found["dancu_undecided_events",]) == (1, 1)


def test_the_province_of_an_agency_is_the_only_one_that_it_has() -> None:
    def of(*codes: str) -> str:
        population = Population(frozenset(codes) if codes else None)
        return province_of(Agreement("x", "X", "X", "locality", population, {}, {"way": "http"}, 0, 99))

    assert (of("79"), of("79", "01"), of(), province_of(None)) == ("79", "", "", "")


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    """A database with the tables of the deliveries."""
    sqlite = request.param == "sqlite"
    engine = open_database(sqlite_url(tmp_path / "d.db") if sqlite else request.getfixturevalue("postgres_url"))
    metadata.create_all(engine)
    yield engine
    engine.dispose()


def _device(number: int, **other: object) -> dict[str, object]:
    row = {"name": "Quầy", "purposes": "[]", "enrolled_at": 1, "kid": str(number), "province": "79"}
    return {
        **row,
        "device_id": f"edge-{number}",
        "site_id": f"site-{number:04}",
        "last_seen_at": 5000 + number,
        **other,
    }


def test_counters_are_shown_by_site_and_result(engine: sa.Engine) -> None:
    devices = [
        _device(1),
        _device(2, site_id="site-0001", last_seen_at=9000),
        _device(3, last_seen_at=None),
        _device(4, revoked_at=7000),
    ]
    told = [("site-0001", "entry", "CHIP_PA", 3), ("site-0002", "entry", "CHIP_PA", 4), ("site-0001", "", "expired", 1)]
    alert = {
        "kind": "deceased_card_used",
        "raised_at": 1,
        "device_id": "edge-1",
        "site_id": "site-0001",
        "detail": "{}",
    }
    with engine.begin() as connection:
        for device in devices:
            connection.execute(sa.insert(edge.devices), device)
        columns = ("site_id", "purpose", "outcome", "count")
        connection.execute(sa.insert(edge.tallies), [dict(zip(columns, row, strict=True)) for row in told])
        connection.execute(sa.insert(edge.alerts), {**alert, "id": "a"})
        connection.execute(sa.insert(edge.alerts), {**alert, "id": "b", "acknowledged_at": 2})
    found = values(of_edge(engine))
    assert by(found, "dancu_edge_site_last_seen_timestamp_seconds") == {("79", "site-0001"): 9.0}
    assert by(found, "dancu_card_verifications_total") == {("CHIP_PA",): 7, ("expired",): 1}
    assert by(found, "dancu_edge_alerts") == {("deceased_card_used",): 1}
    assert found["dancu_edge_alerts", "two_sites"] == 0


def test_of_too_many_sites_the_one_that_was_heard_of_longest_ago_stands_for_the_rest(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(sa.insert(edge.devices), [_device(number) for number in range(MOST + 7)])
    found = by(values(of_edge(engine)), "dancu_edge_site_last_seen_timestamp_seconds")
    assert len(found) == MOST + 1
    assert found["", OTHER] == (5000 + MOST) / 1000


def _replay(name: str, state: str) -> dict[str, object]:
    row = {"kind": "deliveries", "selection": "{}", "estimate": "{}", "reason": "x", "planned_by": "lan"}
    return {**row, "id": name, "state": state, "planned_at": 1, "approvals_needed": 1, "version": 1}


def test_replays_are_counted_and_those_that_have_ended_only_once(engine: sa.Engine) -> None:
    counted = Replays(engine)

    def set_state(name: str, state: str, item: str) -> None:
        with engine.begin() as connection:
            connection.execute(sa.update(replays).where(replays.c.id == name).values(state=state))
            connection.execute(sa.update(items).where(items.c.replay == name).values(state=item))

    with engine.begin() as connection:
        connection.execute(sa.insert(replays), [_replay("r1", "running"), _replay("r2", "planned")])
        rows = [
            {"replay": "r1", "agency": "tax", "position": n, "event_id": str(n), "state": "asked"} for n in range(5)
        ]
        connection.execute(sa.insert(items), rows)
    found = values(counted())
    assert by(found, "dancu_replays") == {("running",): 1, ("planned",): 1}
    assert by(found, "dancu_replay_items") == {("asked",): 5}
    set_state("r1", "cancelled", "asked")
    assert by(values(counted()), "dancu_replay_items") == {("asked",): 5}, "what was asked for still comes"
    set_state("r1", "cancelled", "delivered")
    assert by(values(counted()), "dancu_replay_items") == {("delivered",): 5}
    asked = []
    sa.event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    set_state("r2", "running", "-")
    assert by(values(counted()), "dancu_replay_items") == {("delivered",): 5}
    assert by(values(counted()), "dancu_replays") == {("cancelled",): 1, ("running",): 1}
    assert not [one for one in asked if "r1" in str(one)]


def _silence(feed: str, seconds: float, *, silent: bool = False, last_at: int | None = 1) -> Silence:
    return Silence(feed, last_at, seconds, 60.0 if silent else None, silent, known=True)


def test_feeds_are_shown_with_what_is_usual_where_that_is_known() -> None:
    told = [_silence("source:/registers/x", 99.0, silent=True), _silence("agency:tax", 5.0), _silence("agency:new", 0)]
    found = values(of_feeds([*told, _silence("agency:never", 0, last_at=None)]))
    assert by(found, "dancu_feed_silence_seconds") == {("source:/registers/x",): 99, ("agency:tax",): 5}
    assert by(found, "dancu_feed_expected_silence_seconds") == {("source:/registers/x",): 60}
    assert by(found, "dancu_feed_silent") == {("source:/registers/x",): 1}
    assert ("dancu_feed_silent", "agency:new") in found
    assert ("dancu_feed_silent", "agency:never") not in found


def test_of_too_many_feeds_the_rest_is_one_and_no_feed_names_a_person() -> None:
    many = [_silence(f"source:/{number}", number, silent=number == MOST + 3) for number in range(MOST + 9)]
    found = values(of_feeds([_silence("source:/registers/001090000001", 7), *many]))
    assert len([key for key in found if key[0] == "dancu_feed_silent"]) == MOST + 1
    assert found["dancu_feed_silence_seconds", OTHER] == MOST + 8
    assert found["dancu_feed_silent", OTHER] == 1
    assert found["dancu_feed_silence_seconds", "source:/registers/…"] == 7


def test_procedures_show_every_state_of_those_that_have_a_case() -> None:
    found = values(of_procedures({("birth", "late"): 3, ("birth", "cancelled"): 1}))
    assert {key[1:]: value for key, value in found.items() if key[0] == "dancu_procedure_cases"} == {
        ("birth", "open"): 0,
        ("birth", "late"): 3,
        ("birth", "done"): 0,
    }


def test_what_can_not_be_read_is_missing_and_said_and_the_rest_is_shown() -> None:
    def broken() -> Iterator[Sample]:
        yield Sample("dancu_held_events", (), 1)
        raise OSError("away, with 001090000001")

    text = text_of(broken, lambda: [Sample("dancu_undecided_events", (), 2)])
    found = shown(text)
    assert found["dancu_state_readable",] == 0
    assert found["dancu_undecided_events",] == 2
    assert ("dancu_held_events",) not in found


def test_a_store_that_hangs_hangs_no_scrape_and_what_came_before_it_is_shown() -> None:
    began, goes_on = threading.Event(), threading.Event()

    def hangs() -> Iterator[Sample]:
        began.set()
        goes_on.wait(60)
        yield Sample("dancu_held_events", (), 1)

    quick = [Sample("dancu_undecided_events", (), 2)]
    collector = StateCollector({"quick": lambda: quick, "store": hangs}, seconds=600, limit=0.01)
    try:
        list(collector.collect())
        assert began.wait(60)
        shown = {family.name: [sample.value for sample in family.samples] for family in collector.collect()}
        assert (shown["dancu_state_readable"], shown["dancu_held_events"]) == ([0], [])
        assert shown["dancu_undecided_events"] == [2]
    finally:
        goes_on.set()


def test_however_many_ask_the_stores_are_read_once() -> None:
    reads = []

    def read() -> Iterator[Sample]:
        reads.append(1)
        yield Sample("dancu_held_events", (), 1)

    registry = CollectorRegistry()
    registry.register(StateCollector({"store": read}, seconds=600))
    assert reads == [], "registering reads nothing"
    for _ in range(100):
        Exposition(registry, seconds=0)()
    assert len(reads) == 1


def test_every_declared_metric_is_shown_also_without_a_value_and_promtool_has_nothing_against_it(scene: Scene) -> None:
    checked = Checked(intact=True, entries=3, at=1795355363.5, clock_offset=-0.25)
    text = text_of(lambda: standing(scene), lambda: of_edge(scene.hub.deliveries_db), checked=checked)
    found = shown(text)
    assert (found["dancu_audit_intact",], found["dancu_audit_entries",]) == (1, 3)
    assert (found["dancu_audit_checked_timestamp_seconds",], found["dancu_clock_offset_seconds",]) == (
        1795355363.5,
        -0.25,
    )
    assert all(f"# TYPE {name} {one.kind}\n".encode() in text for name, one in DECLARED.items())
    assert check_metrics(text) == ""


@pytest.mark.parametrize("name", DECLARED)
def test_a_metric_has_a_unit_and_words(name: str) -> None:
    one = DECLARED[name]
    assert one.unit
    assert one.help.endswith(".")
    assert (one.kind == "counter") is name.endswith("_total")
