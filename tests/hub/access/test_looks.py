"""What a session may see for some minutes: for it alone, until then, and nobody's number in the table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.access.looks import Looks
from hub.access.tables import looks as table
from hub.database import open_database, sqlite_url
from hub.deliveries.tables import metadata

NUMBER, NOW = "001190012345", 1_000_000


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    own = request.param == "sqlite"
    engine = open_database(sqlite_url(tmp_path / "hub.db") if own else request.getfixturevalue("postgres_url"))
    metadata.create_all(engine)
    yield engine
    engine.dispose()


def test_what_is_kept_opens_with_its_id_in_its_session_until_it_ends(engine: sa.Engine) -> None:
    looks = Looks(engine)
    one, other = looks.keep("a", NUMBER, NOW, NOW + 10), looks.keep("a", NUMBER, NOW, NOW + 10)
    assert one != other
    found = Looks(engine).kept("a", one, NOW + 9)
    assert found is not None
    assert (found.value, found.until) == (NUMBER, NOW + 10)
    assert NUMBER not in repr(found)
    assert looks.kept("a", one, NOW + 10) is None
    assert looks.kept("b", one, NOW) is None
    assert looks.kept("a", "unknown", NOW) is None
    looks.drop("b", one)
    assert looks.kept("a", one, NOW) is not None
    looks.drop("a", one)
    assert (looks.kept("a", one, NOW), looks.kept("a", other, NOW) is None) == (None, False)


def test_the_table_names_nobody(engine: sa.Engine) -> None:
    looks = Looks(engine)
    identity = looks.keep("a", NUMBER, NOW, NOW + 10)
    with engine.connect() as connection:
        rows = repr(connection.execute(sa.select(table)).all())
    assert NUMBER not in rows
    assert NUMBER.encode().hex() not in rows
    assert identity not in rows


def test_what_is_allowed_is_for_one_session_and_one_thing_until_it_ends(engine: sa.Engine) -> None:
    looks = Looks(engine)
    looks.allow("a", "event-1", NOW, NOW + 10)
    looks.allow("a", "event-1", NOW + 5, NOW + 15)
    assert looks.allowed("a", "event-1", NOW + 12) == NOW + 15
    assert looks.allowed("a", "event-2", NOW) is None
    assert looks.allowed("b", "event-1", NOW) is None
    assert looks.allowed("a", "event-1", NOW + 15) is None
    looks.forbid("a", "event-1")
    assert looks.allowed("a", "event-1", NOW) is None


def test_what_has_ended_is_forgotten(engine: sa.Engine) -> None:
    looks = Looks(engine)
    looks.keep("a", NUMBER, NOW, NOW + 10)
    looks.allow("a", "event-1", NOW + 20, NOW + 30)
    with engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(table)) == 1


def test_only_short_texts_can_be_kept(engine: sa.Engine) -> None:
    with pytest.raises(ValueError, match="too long"):
        Looks(engine).keep("a", "x" * 33, NOW, NOW + 10)
