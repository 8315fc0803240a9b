"""`dancu registry`, as its users call it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from adapters.registry.client import registry_at
from adapters.registry.serving import load_registry, served
from schemas.catalogue import Catalogue
from tests.commands import Dancu, terminate, wait_for, words_of
from tests.hub.making import CATALOGUE


@pytest.fixture
def dancu(tmp_path: Path) -> Dancu:
    """The command line without an external registry."""
    return Dancu(tmp_path / "home")


def test_it_serves_until_it_is_told_to_stop_and_says_where(dancu: Dancu) -> None:
    with dancu.started("registry", "serve", "--port", "0") as process:
        said = words_of(dancu.home)
        wait_for(process, lambda: "http://127.0.0.1:" in said.read_text())
        (url,) = re.findall(r"http://127\.0\.0\.1:\d+", said.read_text())
        with registry_at(url) as registry:
            mode = registry.get("mode")
            assert mode is not None
            assert mode.body == {"mode": "READONLY"}
        assert terminate(process) == 0


def test_a_taken_port_is_one_plain_sentence(dancu: Dancu, registry_url: str) -> None:
    answer = dancu("registry", "serve", "--port", registry_url.rpartition(":")[2])
    assert answer.code == 1
    assert "in use. Stop what listens there, or choose another port" in answer.err


def test_it_lists_what_is_recorded(dancu: Dancu) -> None:
    rows = dancu("registry", "list", "--json").json
    assert [row["id"] for row in rows] == sorted(CATALOGUE.recorded)
    assert rows[0] == {"id": 1, "subject": CATALOGUE.by_id(1).subject, "version": 1}
    assert CATALOGUE.by_id(1).subject in dancu("registry", "list").out


@pytest.mark.parametrize("command", ["check", "push"])
def test_without_an_external_registry_it_says_what_to_set(dancu: Dancu, command: str) -> None:
    answer = dancu("registry", command)
    assert answer.code == 2
    assert "DANCU_SCHEMA_REGISTRY is not set" in answer.err


def test_an_external_registry_like_ours_needs_nothing(tmp_path: Path, registry_url: str) -> None:
    dancu = Dancu(tmp_path, {"DANCU_SCHEMA_REGISTRY": registry_url})
    assert dancu("registry", "check").code == 0
    assert dancu("registry", "check", "--json").json == []
    assert dancu("registry", "push", "--json").json == {"dry_run": False, "plan": [], "added": []}


def test_what_an_external_registry_lacks_is_shown_before_it_is_added(tmp_path: Path) -> None:
    with served(load_registry(Catalogue({}, {}, {1: CATALOGUE.by_id(1)}))) as url:
        dancu = Dancu(tmp_path, {"DANCU_SCHEMA_REGISTRY": url})
        checked = dancu("registry", "check")
        assert (checked.code, checked.out.count("\n")) == (1, len(CATALOGUE.recorded) - 1)
        assert "schema id 2 " in checked.out.splitlines()[0]
        dry = dancu("registry", "push", "--dry-run", "--json").json
        assert (len(dry["plan"]), dry["added"]) == (len(CATALOGUE.recorded) - 1, [])
        asked = dancu("registry", "push")
        assert (asked.code, "add 55?" in asked.err) == (1, True)
        refused = dancu("registry", "push", "--yes")
        assert refused.code == 1
        assert "HTTP 422: This registry is read-only" in refused.err
