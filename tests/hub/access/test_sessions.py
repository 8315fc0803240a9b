"""Sessions in the console: how long they hold, and what ends them. On SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.access import OPERATOR, Holder, Tokens
from hub.access.sessions import IDLE, LATELY, LONGEST, Sessions
from hub.access.tables import sessions as table
from hub.audit import entries_of
from hub.database import open_database, sqlite_url
from hub.deliveries.tables import metadata

LAN = Holder(OPERATOR, "lan", "approver")
NOW = 1_800_000_000_000


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    """The database of the deliveries."""
    url = sqlite_url(tmp_path / "deliveries.db")
    engine = open_database(url if request.param == "sqlite" else request.getfixturevalue("postgres_url"))
    metadata.create_all(engine)
    yield engine
    engine.dispose()


def opened(engine: sa.Engine) -> tuple[str, str]:
    """Return the text of a new session, and the id of its token."""
    tokens = Tokens(engine)
    token = tokens.token_of(tokens.new(LAN, "test", NOW), NOW)
    assert token is not None
    return Sessions(engine).open(token.holder, token.id, NOW), token.id


def test_a_session_says_whose_it_is_and_only_its_hash_is_kept(engine: sa.Engine) -> None:
    text, token_id = opened(engine)
    found = Sessions(engine).of(text, NOW)
    assert found is not None
    assert (found.holder, found.token_id) == (LAN, token_id)
    with engine.connect() as connection:
        assert text not in str(connection.execute(sa.select(table)).all())
    assert Sessions(engine).of("another", NOW) is None


def test_a_revoked_token_ends_its_sessions_at_once(engine: sa.Engine) -> None:
    text, token_id = opened(engine)
    Tokens(engine).revoke(token_id, "test", "she has left", NOW)
    assert Sessions(engine).of(text, NOW) is None


def test_a_token_that_has_ended_ends_its_sessions(engine: sa.Engine) -> None:
    text, _ = opened(engine)
    Tokens(engine).new(LAN, "test", NOW, old_until=NOW + 1000)
    assert Sessions(engine).of(text, NOW + 999) is not None
    assert Sessions(engine).of(text, NOW + 1000) is None


def test_an_unused_session_ends_and_a_timer_does_not_use_it(engine: sa.Engine) -> None:
    text, _ = opened(engine)
    sessions = Sessions(engine)
    assert sessions.of(text, NOW + IDLE // 2, used=False) is not None
    assert sessions.of(text, NOW + IDLE) is None


def test_a_used_session_lasts_until_its_longest(engine: sa.Engine) -> None:
    text, _ = opened(engine)
    sessions, at = Sessions(engine), NOW
    while at + IDLE // 2 < NOW + LONGEST:
        at += IDLE // 2
        assert sessions.of(text, at) is not None
    assert sessions.of(text, NOW + LONGEST) is None


def test_a_closed_session_is_gone_and_both_are_in_the_audit_trail(engine: sa.Engine) -> None:
    text, token_id = opened(engine)
    Sessions(engine).close(text, NOW + 1)
    Sessions(engine).close(text, NOW + 2)
    assert Sessions(engine).of(text, NOW + 1) is None
    with engine.connect() as connection:
        said = [one.entry for one in entries_of(connection)]
    assert [(one.action, one.by) for one in said[1:]] == [("session.opened", "lan"), ("session.closed", "lan")]
    assert said[1].detail == {"role": "approver", "token": token_id}


def test_what_was_looked_up_is_believed_for_ten_seconds_without_a_look(engine: sa.Engine) -> None:
    text, token_id = opened(engine)
    sessions = Sessions(engine)
    assert sessions.lately(text, NOW) is None, "nobody has looked it up"
    found = sessions.of(text, NOW)
    Tokens(engine).revoke(token_id, "test", "she has left", NOW)
    assert sessions.lately(text, NOW + LATELY - 1) == found
    assert sessions.lately(text, NOW + LATELY) is None
    assert sessions.lately(text, NOW - 1) is None, "the clock was put back"
    assert sessions.of(text, NOW + 1) is None
    assert sessions.lately(text, NOW + 1) is None, "it is known to have ended"


def test_a_session_that_is_closed_here_is_not_believed_any_more(engine: sa.Engine) -> None:
    text, _ = opened(engine)
    sessions = Sessions(engine)
    assert sessions.of(text, NOW) is not None
    sessions.close(text, NOW)
    assert sessions.lately(text, NOW) is None


def test_sessions_that_have_ended_are_forgotten(engine: sa.Engine) -> None:
    opened(engine)
    Sessions(engine).open(LAN, None, NOW + LONGEST)
    with engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(table)) == 1


def test_a_session_without_a_token_holds_for_whom_somebody_else_knows(engine: sa.Engine) -> None:
    text = Sessions(engine).open(Holder(OPERATOR, "an", "viewer"), None, NOW)
    found = Sessions(engine).of(text, NOW)
    assert found is not None
    assert found.holder == Holder(OPERATOR, "an", "viewer")
