"""Takes the hub's PostgreSQL away: killed, without a connection left for us, or read-only as in a failover."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import sql

from deploy.dev.postgres import Postgres
from tests.faults.arena import Arena
from tests.faults.registry import fault

Connection = psycopg.Connection[Any]
#: Seconds between two tries to take a connection, while the hub's processes try too.
_MOMENT = 0.02
_END_OURS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dancu'"


@fault("PostgreSQL is killed and started again")
def killed(arena: Arena, rng: random.Random) -> None:
    """Kill it, and let it stay away for some seconds."""
    arena.postgres.kill()
    arena.kills["postgres"] += 1
    time.sleep(rng.uniform(0, 5))
    arena.postgres.start()
    arena.await_progress(seconds=180)


@fault("somebody else takes all of PostgreSQL's connections")
def crowded(arena: Arena, rng: random.Random) -> None:
    """Hold all connections for some seconds."""
    while_crowded(arena, lambda: time.sleep(rng.uniform(2, 6)))
    arena.await_progress(seconds=180)


@fault("PostgreSQL takes no changes for a while")
def read_only(arena: Arena, rng: random.Random) -> None:
    """Let it be read-only for some seconds."""
    while_read_only(arena, lambda: time.sleep(rng.uniform(2, 6)))
    arena.await_progress(seconds=180)


def while_crowded(arena: Arena, then: Callable[[], None]) -> int:
    """Take every connection, those of the hub too, do something, and give them back. Return how many they were."""
    held: list[Connection] = []
    try:
        while True:
            _take_all(arena.postgres, held)
            if not _others(held[0]):
                break
            held[0].execute(_END_OURS)
        then()
    finally:
        for connection in held:
            connection.close()
    return len(held)


def while_read_only(arena: Arena, then: Callable[[], None]) -> None:
    """End all connections, as a failover does, and take no changes; do something, and let the server take them again.

    An open connection could go on: it says itself that its transactions write.
    """
    with _connect(arena.postgres) as connection:
        try:
            _set_read_only(connection, "on")
            connection.execute(_END_OURS)
            then()
        finally:
            _set_read_only(connection, "off")


def _set_read_only(connection: Connection, word: str) -> None:
    connection.execute(sql.SQL("ALTER SYSTEM SET default_transaction_read_only = {}").format(sql.SQL(word)))
    connection.execute("SELECT pg_reload_conf()")


def _take_all(server: Postgres, held: list[Connection]) -> None:
    while True:
        try:
            held.append(_connect(server))
        except psycopg.OperationalError:
            if held:
                return
            time.sleep(_MOMENT)


def _others(held: Connection) -> int:
    asked = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dancu'"
    row = held.execute(asked).fetchone()
    assert row is not None
    return int(row[0])


def _connect(server: Postgres) -> Connection:
    """Connect as somebody else than the hub, who may write whatever the server's default is."""
    url = server.url("hub").replace("+psycopg", "")
    options = "-c default_transaction_read_only=off"
    return psycopg.connect(url, autocommit=True, application_name="somebody", options=options, connect_timeout=10)
