"""Bearer tokens: who has one, how long, and what is left of it in the database. On SQLite and PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from hub.access import AGENCY, OPERATOR, Holder, Tokens
from hub.access.tables import tokens as table
from hub.audit import check_trail, entries_of
from hub.database import open_database, sqlite_url
from hub.deliveries.tables import metadata

TAX = Holder(AGENCY, "tax", None)
NOW = 1_795_309_200_000


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    """The database of the deliveries."""
    url = sqlite_url(tmp_path / "deliveries.db")
    engine = open_database(url if request.param == "sqlite" else request.getfixturevalue("postgres_url"))
    metadata.create_all(engine)
    yield engine
    engine.dispose()


def test_a_token_says_whose_it_is_and_only_its_hash_is_kept(engine: sa.Engine) -> None:
    tokens = Tokens(engine)
    operator = Holder(OPERATOR, "Lan", "approver")
    made = {holder: tokens.new(holder, "test", NOW) for holder in (TAX, operator)}
    assert all(tokens.holder_of(text, NOW) == holder for holder, text in made.items())
    with engine.connect() as connection:
        kept = str(connection.execute(sa.select(table)).all())
        told = str(entries_of(connection))
    secrets = [text.split("_", 2)[2] for text in made.values()]
    assert not any(secret in kept + told + repr(tokens.every(AGENCY)) for secret in secrets)
    assert tokens.every(AGENCY)[0].digest not in repr(tokens.every(AGENCY))


@pytest.mark.parametrize("change", ["", "x", "dancu_", "dancu_000000000000_", "đ", "\0", "\ud800", "a" * 100_000])
def test_what_is_no_token_opens_nothing(engine: sa.Engine, change: str) -> None:
    tokens = Tokens(engine)
    text = tokens.new(TAX, "test", NOW)
    public, secret = text.rsplit("_", 1) if text.count("_") == 2 else (text[:19], text[19:])
    for wrong in (change, text + change + "x", public + change, f"{public}_{'A' * 43}", text.upper(), text[1:]):
        assert tokens.holder_of(wrong, NOW) is None or wrong == text
    assert secret


def test_the_secret_of_one_token_does_not_open_another(engine: sa.Engine) -> None:
    tokens = Tokens(engine)
    mine, yours = tokens.new(TAX, "test", NOW), tokens.new(Holder(AGENCY, "land", None), "test", NOW)
    assert tokens.holder_of(yours[:19] + mine[19:], NOW) is None


def test_with_a_new_token_the_others_of_the_same_holder_end_and_nobody_elses(engine: sa.Engine) -> None:
    tokens = Tokens(engine)
    others = [Holder(AGENCY, "land", None), Holder(OPERATOR, "tax", "viewer")]
    theirs = {holder: tokens.new(holder, "test", NOW) for holder in others}
    old = tokens.new(TAX, "test", NOW)
    new = tokens.new(TAX, "test", NOW, old_until=NOW + 1000)
    assert [tokens.holder_of(old, NOW + after) for after in (999, 1000)] == [TAX, None]
    assert tokens.holder_of(new, NOW + 10**12) == TAX
    assert all(tokens.holder_of(text, NOW + 10**12) == holder for holder, text in theirs.items())


def test_a_later_overlap_gives_no_token_a_longer_life(engine: sa.Engine) -> None:
    tokens = Tokens(engine)
    first = tokens.new(TAX, "test", NOW)
    tokens.new(TAX, "test", NOW, old_until=NOW + 10)
    tokens.new(TAX, "test", NOW, old_until=NOW + 10_000)
    assert tokens.holder_of(first, NOW + 10) is None


def test_a_revoked_token_ends_at_once_and_once(engine: sa.Engine) -> None:
    tokens = Tokens(engine)
    text = tokens.new(TAX, "Lan", NOW)
    [known] = tokens.every(AGENCY, "tax")
    assert not tokens.revoke(known.id, "Mai", "lost", NOW + 1, kind=OPERATOR), "of an operator there is none"
    assert tokens.revoke(known.id, "Mai", "lost", NOW + 1)
    assert not tokens.revoke(known.id, "Mai", "lost", NOW + 2)
    assert not tokens.revoke("0123456789ab", "Mai", "lost", NOW + 2)
    assert tokens.holder_of(text, NOW + 1) is None
    assert tokens.holder_of(text, 0) is None, "also when the clock was put back"
    with engine.connect() as connection:
        steps = [(w.entry.action, w.entry.by, w.entry.subject, w.entry.reason) for w in entries_of(connection)]
        assert check_trail(connection) is None
    assert steps == [("token.created", "Lan", "tax", None), ("token.revoked", "Mai", "tax", "lost")]


def test_of_tokens_that_are_made_at_the_same_moment_one_is_left_after_the_overlap(engine: sa.Engine) -> None:
    tokens = Tokens(engine)
    made: list[str] = []
    start = threading.Barrier(5)

    def make() -> None:
        start.wait()
        made.append(tokens.new(TAX, "test", NOW, old_until=NOW + 1))

    threads = [threading.Thread(target=make) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 5
    left: list[Any] = [text for text in made if tokens.holder_of(text, NOW + 1)]
    assert len(left) == 1


def test_tokens_are_listed_by_kind_and_holder(engine: sa.Engine) -> None:
    tokens = Tokens(engine)
    for number, name in enumerate(("tax", "land", "tax")):
        tokens.new(Holder(AGENCY, name, None), "test", NOW + number)
    assert [one.holder.name for one in tokens.every(AGENCY)] == ["tax", "land", "tax"]
    assert [one.created_at - NOW for one in tokens.every(AGENCY, "tax")] == [0, 2]
    assert tokens.every(OPERATOR) == []
