"""The contract of a destination, kept by every agency's system on both databases."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from adapters.agencies import AGENCIES, open_agency
from adapters.agencies.sql_system import SqlSystem
from hub.database import open_database, sqlite_url
from hub.destination import Event
from tests.adapters.agencies.register import LAN, MINH, Register
from tests.adapters.agencies.story import empty, held, told_at_random


@contextmanager
def opened(name: str, url: str) -> Iterator[tuple[SqlSystem, sa.Engine]]:
    system, engine = open_agency(name, url), open_database(url)
    try:
        yield system, engine
    finally:
        system.close()
        engine.dispose()


def ids(engine: sa.Engine) -> list[str]:
    """Return the events in the order applied."""
    with engine.connect() as connection:
        query = sa.text("SELECT event_id FROM applied_events ORDER BY applied_order")
        return list(connection.execute(query).scalars())


def deliver_in_pieces(system: SqlSystem, story: Sequence[Event], random: Random) -> None:
    """Deliver in batches of any size, each perhaps reaching back over what was delivered before."""
    done = 0
    while done < len(story):
        end = min(len(story), done + random.randint(1, 8))
        assert not system.deliver(story[max(0, done - random.randint(0, 5)) : end]).rejected
        done = end


def same_however_batched(name: str, url: str, random: Random) -> None:
    story = told_at_random(name, random, random.randint(1, 30), people=4)
    with opened(name, url) as (system, engine):
        assert not system.deliver(story).rejected
        at_once = held(engine)
        assert ids(engine) == [event.event_id for event in story]
        system.deliver(story)
        assert held(engine) == at_once
    with opened(name, url) as (system, engine):
        empty(engine)
        deliver_in_pieces(system, story, random)
        assert held(engine) == at_once
        empty(engine)


@settings(max_examples=25, deadline=None)
@example(name="insurance", seed=655)  # a number that was given up is given up again, for another: it parts the two
@given(name=st.sampled_from(sorted(AGENCIES)), seed=st.integers(0, 10**6))
def test_the_outcome_does_not_depend_on_batches_nor_on_repeats(name: str, seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        same_however_batched(name, sqlite_url(Path(folder) / "agency.db"), Random(seed))


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(name=st.sampled_from(sorted(AGENCIES)), seed=st.integers(0, 10**6))
def test_nor_does_it_on_postgresql(postgres_url: str, name: str, seed: int) -> None:
    same_however_batched(name, postgres_url, Random(seed))


def test_both_databases_hold_the_same(tmp_path: Path, postgres_url: str) -> None:
    for name in AGENCIES:
        story = told_at_random(name, Random(7), 60, people=5)
        outcomes = []
        for url in (sqlite_url(tmp_path / f"{name}.db"), postgres_url):
            with opened(name, url) as (system, engine):
                system.deliver(story)
                with engine.connect() as connection:
                    rows = connection.execute(sa.text("SELECT event_id, person, body FROM applied_events")).all()
                outcomes.append((sorted(map(tuple, rows)), {k: len(v) for k, v in held(engine).items()}))
                empty(engine)
        assert outcomes[0] == outcomes[1]


def test_an_event_that_comes_twice_in_one_batch_is_applied_once(database_url: str) -> None:
    death = Register().tells("DeathRegistered", died_on="2025-03-01")
    with opened("tax", database_url) as (system, engine):
        assert not system.deliver([death, death]).rejected
        assert ids(engine) == [death.event_id]


def test_an_empty_batch_is_taken(database_url: str) -> None:
    with opened("tax", database_url) as (system, engine):
        assert not system.deliver([]).rejected
        assert ids(engine) == []


def test_the_table_tells_all_about_an_event(database_url: str) -> None:
    register = Register()
    death = register.tells("DeathRegistered", died_on="2025-03-01")
    annulment = replace(register.annuls(death), unmatched=True)
    with opened("tax", database_url) as (system, engine):
        system.deliver([death, annulment])
        with engine.connect() as connection:
            query = sa.text("SELECT * FROM applied_events ORDER BY applied_order")
            first, second = connection.execute(query).mappings()
    assert (first["sequence"], first["subject"], first["type"]) == (1, LAN, "DeathRegistered")
    assert (first["change"], first["fact_id"], first["fact_version"]) == ("CREATED", death.fact_id, 1)
    assert (first["body"], first["legal_basis"]) == ('{"died_on":"2025-03-01"}', "statute:test")
    assert (first["occurred_at"], first["registered_at"]) == (death.occurred_at, death.registered_at)
    assert (second["previous_event_id"], bool(second["unmatched"])) == (death.event_id, True)
    assert first["applied_at"].endswith("+00:00")


def test_an_agency_without_a_module_keeps_the_events_of_any_type(database_url: str) -> None:
    event = Register().tells("SomethingNew", anything=[1, 2])
    with opened("education", database_url) as (system, engine):
        assert not system.deliver([event]).rejected
        assert ids(engine) == [event.event_id]
        assert set(sa.inspect(engine).get_table_names()) == {"applied_events", "numbers"}


@pytest.mark.parametrize(
    ("kind", "data", "error_class"),
    [
        ("CardVerified", {"site_id": "x"}, "unknown_type"),
        ("DeathRegistered", {}, "unreadable"),
        ("DeathRegistered", {"died_on": "2025-02-30"}, "unreadable"),
        ("DeathRegistered", {"died_on": 20250230}, "unreadable"),
        ("PersonDetailsCorrected", {"name": {"family": "Nguyễn"}}, "unreadable"),
        ("PersonDetailsCorrected", {"sex": "\ud800"}, "unreadable"),
    ],
)
def test_what_can_not_be_taken_is_rejected_alone(
    database_url: str, kind: str, data: dict[str, object], error_class: str
) -> None:
    register = Register()
    bad = register.tells(kind, LAN, **data)
    good = register.tells("DeathRegistered", MINH, died_on="2025-03-01")
    with opened("tax", database_url) as (system, engine):
        rejected = system.deliver([bad, good]).rejected
        assert [(r.event_id, r.error_class) for r in rejected] == [(bad.event_id, error_class)]
        assert ids(engine) == [good.event_id]


def forbid(engine: sa.Engine, subject: str) -> None:
    """Give the agency's database a rule of its own: nothing about this person."""
    if engine.dialect.name == "sqlite":
        statements = [
            f"CREATE TRIGGER own_rule BEFORE INSERT ON applied_events WHEN NEW.subject = '{subject}' "
            f"BEGIN SELECT RAISE(ABORT, 'not {subject}'); END"
        ]
    else:
        statements = [f"ALTER TABLE applied_events ADD CONSTRAINT own_rule CHECK (subject <> '{subject}')"]
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def test_what_the_database_refuses_is_rejected_without_naming_the_person(database_url: str) -> None:
    register = Register()
    with opened("tax", database_url) as (system, engine):
        system.deliver([])
        forbid(engine, LAN)
        bad = register.tells("DeathRegistered", LAN, died_on="2025-03-01")
        good = register.tells("DeathRegistered", MINH, died_on="2025-03-01")
        rejected = system.deliver([bad, good]).rejected
        assert [(r.event_id, r.error_class) for r in rejected] == [(bad.event_id, "constraint")]
        assert LAN not in rejected[0].message
        assert ids(engine) == [good.event_id]


def test_nothing_of_a_person_passes_a_rejected_event_until_it_comes_again(database_url: str) -> None:
    register = Register()
    bad = register.tells("DeathRegistered", LAN, died_on="soon")
    behind = register.annuls(bad)
    other = register.tells("DeathRegistered", MINH, died_on="2025-03-01")
    with opened("tax", database_url) as (system, engine):
        rejected = system.deliver([bad, behind, other]).rejected
        assert [(r.event_id, r.error_class) for r in rejected] == [
            (bad.event_id, "unreadable"),
            (behind.event_id, "behind_rejected"),
        ]
        repaired = replace(bad, data={"died_on": "2025-03-01"}, replayed=True)
        assert not system.deliver([repaired, behind]).rejected
        assert ids(engine) == [other.event_id, bad.event_id, behind.event_id]
