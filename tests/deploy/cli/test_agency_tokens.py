"""The commands for agencies' tokens: shown once, listed without their secret, replaced and ended."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from deploy.bootstrap import open_hub
from deploy.cli import app
from deploy.settings import load_settings
from hub.access import Tokens
from hub.audit import entries_of

Dancu = Callable[..., Any]


@pytest.fixture
def dancu(tmp_path: Path) -> Dancu:
    """The command line over a new home, in this process."""
    return lambda *words: CliRunner().invoke(app, ["--home", str(tmp_path / "home"), *words])


def made(result: Any) -> Any:
    """Return the JSON that a command printed."""
    assert result.exit_code == 0, result.output
    return orjson.loads(result.stdout)


def test_a_token_is_all_that_goes_to_standard_output_and_opens_what_it_should(dancu: Dancu, tmp_path: Path) -> None:
    token = dancu("agency", "token", "tax").stdout.strip()
    with open_hub(load_settings(home=tmp_path / "home")) as hub:
        holder = Tokens(hub.deliveries_db).holder_of(token, 2**41)
        assert holder is not None
        assert (holder.kind, holder.name) == ("agency", "tax")
    assert token not in dancu("agency", "tokens").output + dancu("agency", "tokens", "--json").output


def test_a_token_without_overlap_ends_the_others_at_once(dancu: Dancu) -> None:
    ids = [made(dancu("agency", "token", "land", "--overlap", "0s", "--json"))["id"] for _ in range(2)]
    listed = made(dancu("agency", "tokens", "--json"))["tokens"]
    assert [(one["id"], one["state"]) for one in listed] == [(ids[0], "expired"), (ids[1], "valid")]
    assert "expired" in dancu("agency", "tokens", "land").stdout


@pytest.mark.parametrize("overlap", ["", "soon", "7", "-1d", "400d", "99999999999d"])
def test_an_overlap_that_is_none_is_refused_and_no_token_is_made(dancu: Dancu, overlap: str) -> None:
    answer = dancu("agency", "token", "tax", f"--overlap={overlap}")
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert made(dancu("agency", "tokens", "--json")) == {"tokens": []}


def test_wrong_names_are_said(dancu: Dancu) -> None:
    assert "no such agency" in dancu("agency", "token", "fisheries").output
    assert dancu("agency", "tokens", "fisheries").exit_code == 2
    assert "no agency's token has this id" in dancu("agency", "revoke", "0123456789ab", "--reason", "x").output
    assert dancu("agency", "revoke", "0123456789ab").exit_code == 2  # without a reason


def test_every_step_is_in_the_audit_trail_with_who_and_why(dancu: Dancu, tmp_path: Path) -> None:
    given = made(dancu("agency", "token", "tax", "--by", "Lan", "--json"))
    assert dancu("agency", "revoke", given["id"], "--reason", "lost", "--by", "Mai").exit_code == 0
    with open_hub(load_settings(home=tmp_path / "home")) as hub, hub.deliveries_db.connect() as connection:
        entries = [written.entry for written in entries_of(connection, "tax")]
    assert [(e.action, e.by, e.reason, e.detail["token"]) for e in entries] == [
        ("token.created", "Lan", None, given["id"]),
        ("token.revoked", "Mai", "lost", given["id"]),
    ]
    assert given["token"] not in str(entries)


def test_types_for_an_agencys_client_are_printed(dancu: Dancu) -> None:
    types = dancu("schemas", "client", "tax")
    assert types.exit_code == 0
    compile(types.stdout, "tax_types.py", "exec")
    assert dancu("schemas", "client", "fisheries").exit_code == 2
