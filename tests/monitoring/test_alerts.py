"""The alerts: each can fire and can be quiet, names only what is measured, and has its section in the runbook."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry, generate_latest

from hub.agreements import ways
from hub.edge.alerts import Kind
from hub.replays.replay import ItemState, ReplayState
from monitoring.connections import State
from monitoring.metrics import Metrics
from tests.monitoring.promql import (
    ADDED,
    ALERTS,
    ROOT,
    alerts,
    labels_of,
    merged_wrongly,
    read,
    recorded,
    rules,
    values,
    wrong_in,
)
from tests.promtool import promtool

RUNBOOK = ROOT / "docs" / "runbook.md"
CASES = sorted((ROOT / "tests" / "monitoring" / "alerts").glob("*.test.yml"))
_ASPECTS = ["Nghĩa / Means", "Ảnh hưởng / Matters for", "Xem trước / Look first", "Sửa / Repair", "Gọi / Call"]
#: What labels may hold where the code fixes it.
_VALUES: dict[tuple[str, str], set[str]] = {
    ("dancu_agency_state", "state"): {state.value for state in State},
    ("dancu_connections", "state"): {state.value for state in State},
    ("dancu_agency_info", "way"): set(ways()),
    ("dancu_edge_alerts", "kind"): {kind.value for kind in Kind},
    ("dancu_replays", "state"): {state.value for state in ReplayState},
    ("dancu_replay_items", "state"): {state.value for state in ItemState},
    ("dancu_procedure_cases", "state"): {"open", "late", "done"},
    ("dancu_delivery_attempts_total", "outcome"): {"taken", "rejected", "waiting", "unavailable"},
}
# Vietnamese letters that English has not.
_VIETNAMESE = re.compile(r"[ăâđêôơưàáảãạằắẳẵặầấẩẫậèéẻẽẹềếểễệìíỉĩịòóỏõọồốổỗộờớởỡợùúủũụừứửữựỳýỷỹỵ]", re.IGNORECASE)


def test_every_metric_and_label_of_a_rule_exists() -> None:
    wrong = {rule.get("alert", rule.get("record")): found for rule in rules() if (found := wrong_in(rule["expr"]))}
    assert wrong == {}


def test_every_value_of_a_label_that_is_asked_for_is_one_that_the_code_has() -> None:
    for rule in rules():
        for used in read(rule["expr"]).used:
            for label, pattern in used.matched.items():
                known = _VALUES.get((used.name, label))
                assert known is None or set(values(pattern)) <= known, f"{used.name}{{{label}={pattern}}}"


def test_what_several_processes_show_of_the_same_state_is_one() -> None:
    wrong = {rule.get("alert", rule.get("record")): bad for rule in rules() if (bad := merged_wrongly(rule["expr"]))}
    assert wrong == {}


def test_the_tests_notice_names_labels_and_sums_that_are_wrong() -> None:
    assert wrong_in("sum by (colour) (rate(dancu_events_received_total[5m])) > dancu_nothing") == [
        "no metric dancu_nothing",
        "no label colour",
    ]
    assert wrong_in('dancu_agency_state{agency="tax",mood="good"}') == ["dancu_agency_state has no label mood"]
    assert wrong_in("rate(dancu_delivery_latency_seconds[5m])") == ["no metric dancu_delivery_latency_seconds"]
    assert merged_wrongly("sum(dancu_undecided_events) + max(dancu_held_events)") == ["dancu_undecided_events"]


def test_the_bounds_of_a_histogram_that_are_asked_for_are_shown() -> None:
    registry = CollectorRegistry()
    Metrics(registry, ["tax"])
    shown = generate_latest(registry).decode()
    asked = [(used.name, used.matched["le"]) for r in rules() for used in read(r["expr"]).used if "le" in used.matched]
    assert asked
    assert all(f'{name}{{agency="tax",le="{bound}"}}' in shown for name, bound in asked)


def test_every_way_of_delivery_has_a_target() -> None:
    named = [rule["labels"]["way"] for rule in rules() if rule.get("record", "").startswith("way:")]
    assert sorted(named) == sorted(ways())


@pytest.mark.parametrize("name", alerts())
def test_an_alert_says_in_both_languages_what_is_wrong_and_where_to_read_on(name: str) -> None:
    alert = alerts()[name]
    assert name.startswith("Dancu")
    assert alert["labels"]["severity"] in ("page", "ticket")
    said = alert["annotations"]
    assert set(said) == {"summary", "description", "runbook_url"}
    vietnamese, english = said["summary"].split(" / ")
    first, second = said["description"].strip().split("\n")
    for vi, en in ((vietnamese, english), (first, second)):
        assert _VIETNAMESE.search(vi)
        assert not _VIETNAMESE.search(en)
    assert said["runbook_url"] == f"docs/runbook.md#{name.lower()}"


def test_an_alert_shows_only_labels_that_it_has() -> None:
    for name, alert in alerts().items():
        shown = set(re.findall(r"\$labels\.(\w+)", str(alert["annotations"])))
        assert shown <= read(alert["expr"]).grouped | _kept(alert["expr"]), name


def _kept(expr: str) -> set[str]:
    """Labels that stay where nothing groups: those of what was recorded before."""
    return {label for used in read(expr).used for label in recorded().get(used.name, ())}


@cache
def _sections() -> Mapping[str, str]:
    parts = re.split(r"^### (\S+)$", RUNBOOK.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_alert_has_a_section_in_the_runbook_and_every_section_an_alert() -> None:
    assert list(_sections()) == list(alerts())


@pytest.mark.parametrize("name", alerts())
def test_a_section_says_in_both_languages_what_to_do(name: str) -> None:
    section = _sections()[name]
    severity = alerts()[name]["labels"]["severity"]
    assert section.strip().startswith(f"**{severity}** · ")
    rows = dict(re.findall(r"^\| ([^|]+?/[^|]+?) \| (.+) \|$", section, re.MULTILINE))
    assert list(rows) == _ASPECTS
    for aspect, cells in rows.items():
        vietnamese, english = cells.split(" | ")
        assert _VIETNAMESE.search(vietnamese) or vietnamese == english, aspect
        assert not _VIETNAMESE.search(english.replace("Tết", "")), aspect


def test_promtool_accepts_the_rules() -> None:
    done = subprocess.run([promtool(), "check", "rules", ALERTS], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_alerts_fire_when_they_should_and_only_then() -> None:
    done = subprocess.run([promtool(), "test", "rules", *CASES], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@cache
def _tests() -> tuple[dict[str, Any], ...]:
    return tuple(test for path in CASES for test in yaml.safe_load(path.read_text(encoding="utf-8"))["tests"])


def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not() -> None:
    fires, quiet = Counter[str](), Counter[str]()
    for test in _tests():
        for case in test["promql_expr_test"]:
            (used,) = read(case["expr"]).used
            names = [name for name in alerts() if re.fullmatch(used.matched["alertname"], name)]
            (fires if case["exp_samples"] else quiet).update(names)
    assert set(fires) == set(alerts())
    assert set(quiet) == set(alerts())


def test_the_cases_are_made_of_series_as_the_hub_shows_them() -> None:
    for test in _tests():
        for series in test["input_series"]:
            (used,) = read(series["series"]).used
            labels = labels_of(used.name)
            assert labels is not None, used.name
            assert set(used.matched) == labels | ADDED, series["series"]
            for label, value in used.matched.items():
                assert value in _VALUES.get((used.name, label), {value}), series["series"]
