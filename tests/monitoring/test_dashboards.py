"""Grafana's dashboards: made by the generator, asking only what is measured, and in order on the screen."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.grafana.boards import BOARDS, FOLDER, files
from tests.monitoring.promql import labels_of, merged_wrongly, wrong_in
from tests.promtool import promtool

#: What Grafana puts in the place of its variables.
_GIVEN = {"$__rate_interval": "5m", "$agency": "tax", "$province": "01", "$site": "hn-01"}
_FILES = sorted(FOLDER.glob("*.json"))
_LABEL_VALUES = re.compile(r"label_values\((\w+)(?:\{(.*)\})?, (\w+)\)")


def _read(path: Path) -> dict[str, Any]:
    board: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return board


@pytest.fixture(params=_FILES, ids=lambda path: path.stem)
def board(request: pytest.FixtureRequest) -> dict[str, Any]:
    return _read(request.param)


def panels(board: dict[str, Any]) -> list[dict[str, Any]]:
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def questions(board: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each panel's title and what it asks, with the choices filled in."""
    for panel in panels(board):
        for target in panel["targets"]:
            yield panel["title"], _filled(target["expr"])
    for marks in board["annotations"]["list"]:
        yield marks["name"], _filled(marks["expr"])


def _filled(expr: str) -> str:
    for name, value in _GIVEN.items():
        expr = expr.replace(name, value)
    return expr


def test_the_files_are_what_the_generator_makes() -> None:
    assert {path: path.read_text(encoding="utf-8") for path in _FILES} == dict(files())


def test_there_is_a_board_for_the_country_an_agency_a_province_the_pipeline_and_counters() -> None:
    assert [one.name for one in BOARDS] == ["national", "agency", "province", "pipeline", "edge"]


def test_every_query_names_only_metrics_and_labels_that_exist(board: dict[str, Any]) -> None:
    assert {title: wrong for title, expr in questions(board) if (wrong := wrong_in(expr))} == {}


def test_what_several_processes_show_of_the_same_state_is_one(board: dict[str, Any]) -> None:
    assert {title: bad for title, expr in questions(board) if (bad := merged_wrongly(expr))} == {}


def test_promtool_can_read_every_query(tmp_path: Path) -> None:
    exprs = [expr for path in _FILES for _, expr in questions(_read(path))]
    assert not [expr for expr in exprs if "$" in expr]
    rules = [{"record": f"asked:{number}", "expr": expr} for number, expr in enumerate(exprs)]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "asked", "rules": rules}]}))
    done = subprocess.run([promtool(), "check", "rules", file], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_choices_are_used_and_come_from_labels_that_exist(board: dict[str, Any]) -> None:
    _, *choices = board["templating"]["list"]
    for choice in choices:
        if choice["type"] == "query":
            found = _LABEL_VALUES.fullmatch(choice["query"]["query"])
            assert found is not None, choice["query"]
            metric, matchers, label = found.groups()
            assert label in (labels_of(metric) or ())
            assert wrong_in(f"{metric}{{{_filled(matchers or '')}}}") == []
        else:
            assert len(choice["query"].split(", ")) == 34
    text = json.dumps([panel["targets"] for panel in panels(board)])
    assert {choice["name"] for choice in choices} == set(re.findall(r"\$([a-z]+)", text))


def test_titles_are_in_both_languages(board: dict[str, Any]) -> None:
    titles = [board["title"], board["description"], *(panel["title"] for panel in board["panels"])]
    titles += [choice["label"] for choice in board["templating"]["list"][1:]]
    assert [title for title in titles if title.count(" / ") != 1] == []


def test_panels_fit_beside_each_other(board: dict[str, Any]) -> None:
    places = [panel["gridPos"] for panel in board["panels"]]
    assert all(one["x"] + one["w"] <= 24 and one["h"] > 0 for one in places)
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or below, (one, other)
    assert all(one["y"] <= other["y"] for one, other in pairwise(places))


def test_a_board_has_what_grafana_needs(board: dict[str, Any]) -> None:
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    for panel in panels(board):
        assert panel["datasource"] == {"type": "prometheus", "uid": "${source}"}
        letters = [target["refId"] for target in panel["targets"]]
        assert letters
        assert letters == sorted(set(letters))
        assert all(target["instant"] != target["range"] for target in panel["targets"])


def test_addresses_differ_and_links_lead_to_boards() -> None:
    boards = [_read(path) for path in _FILES]
    addresses = [one["uid"] for one in boards]
    assert len(set(addresses)) == len(addresses)
    linked = re.findall(r"/d/([a-z-]+)\?var-([a-z]+)=", json.dumps(boards))
    choices = {(one["uid"], choice["name"]) for one in boards for choice in one["templating"]["list"]}
    assert linked
    assert set(linked) <= choices
