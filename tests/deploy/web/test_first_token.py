"""The first operator's token: made once, readable for its owner only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.bootstrap import Hub, now_ms, open_hub
from deploy.settings import load_settings
from deploy.web.first_token import first_token
from hub.access import OPERATOR, Holder, Tokens


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """A new hub."""
    with open_hub(load_settings(home=tmp_path / "home")) as hub:
        yield hub


def test_it_opens_everything_and_only_its_owner_reads_it(hub: Hub) -> None:
    file = first_token(hub)
    assert file == hub.home.folder / "operator-token"
    assert file.stat().st_mode & 0o777 == 0o600
    holder = Tokens(hub.deliveries_db).holder_of(file.read_text().strip(), now_ms())
    assert holder == Holder(OPERATOR, "operator", "approver")


def test_it_is_made_once_and_stays_the_same(hub: Hub) -> None:
    first = first_token(hub)
    assert first is not None
    text = first.read_text()
    assert first_token(hub) == first
    assert first.read_text() == text
    assert len(Tokens(hub.deliveries_db).every(OPERATOR)) == 1


def test_none_is_made_where_operators_have_tokens(hub: Hub) -> None:
    Tokens(hub.deliveries_db).new(Holder(OPERATOR, "lan", "viewer"), "test", now_ms())
    assert first_token(hub) is None
