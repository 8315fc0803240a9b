"""Who asks over HTTP: a good token is kept in mind for a moment, a bad one never."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from starlette.requests import HTTPConnection

from hub.access import AGENCY, Holder, Tokens
from hub.access.bearer import ByToken
from hub.database import open_database, sqlite_url
from hub.deliveries.tables import metadata
from hub.problems import Problem

TAX = Holder(AGENCY, "tax", None)
NOW = 1_795_309_200_000


class Counted(Tokens):
    """Tokens that count how often they are looked up."""

    looks = 0

    def holder_of(self, text: str, now: int) -> Holder | None:
        """Look up and count."""
        self.looks += 1
        return super().holder_of(text, now)


class Clock:
    """A clock that only we move."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    """The database of the deliveries."""
    engine = open_database(sqlite_url(tmp_path / "deliveries.db"))
    metadata.create_all(engine)
    yield engine
    engine.dispose()


def asking(header: str | None) -> HTTPConnection:
    """Return a request with an Authorization header."""
    headers = [] if header is None else [(b"authorization", header.encode("utf-8"))]
    return HTTPConnection({"type": "http", "headers": headers})


def test_a_page_costs_no_question_to_the_database(engine: sa.Engine) -> None:
    tokens, steady = Counted(engine), Clock()
    known = ByToken(tokens, lambda: NOW, fresh=3, steady=steady)
    text = tokens.new(TAX, "test", NOW)
    assert [known(asking(f"Bearer {text}")) for _ in range(100)] == [TAX] * 100
    assert tokens.looks == 1
    steady.now = 3.0
    assert known(asking(f"bearer  {text} ")) == TAX
    assert tokens.looks == 2


def test_a_revoked_token_opens_nothing_after_some_seconds_however_the_clock_jumps(engine: sa.Engine) -> None:
    tokens, steady, wall = Counted(engine), Clock(), Clock()
    known = ByToken(tokens, lambda: NOW + int(wall.now), fresh=3, steady=steady)
    text = tokens.new(TAX, "test", NOW)
    assert known(asking(f"Bearer {text}")) == TAX
    tokens.revoke(tokens.every(AGENCY)[0].id, "test", "lost", NOW)
    steady.now = 2.9
    assert known(asking(f"Bearer {text}")) == TAX, "so long it is kept in mind"
    steady.now, wall.now = 3.0, -1e12
    with pytest.raises(Problem):
        known(asking(f"Bearer {text}"))


def test_a_bad_token_is_looked_up_each_time_and_keeps_no_good_one_out_of_mind(engine: sa.Engine) -> None:
    tokens = Counted(engine)
    known = ByToken(tokens, lambda: NOW)
    for header in (None, "", "Bearer", "Bearer ", "Basic abc", "Bearer abc", "Bearer đ", "Bearer a b"):
        for _ in range(2):
            with pytest.raises(Problem) as told:
                known(asking(header))
            assert told.value.status == 401
            assert told.value.headers is not None
            assert "WWW-Authenticate" in told.value.headers
    assert tokens.looks == 6
    text = tokens.new(TAX, "test", NOW)
    assert known(asking(f"Bearer {text}")) == TAX
    assert text not in repr(vars(known))
