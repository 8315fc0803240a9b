"""Reads a PromQL expression as far as tests need it: which metrics it names, with which labels, inside of what."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from monitoring.declared import Declared
from monitoring.metrics import DECLARED as COUNTED
from monitoring.state import DECLARED as LOOKED_AT

ROOT: Final = Path(__file__).parents[2]
ALERTS: Final = ROOT / "monitoring" / "alerts.yml"
DECLARED: Final[Mapping[str, Declared]] = {**COUNTED, **LOOKED_AT}
#: What Prometheus adds, and what it has itself.
ADDED: Final = frozenset({"job", "instance"})
OWN: Final = {"up": frozenset(ADDED), "ALERTS": frozenset({"alertname", "alertstate", "severity"})}

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|\$?\d[\w.]*|\$?[a-zA-Z_:][\w:]*|[=!]~|!=|[^\s]')
_NAME: Final = re.compile(r"[a-zA-Z_:][\w:]*")
_GROUPING: Final = {"by", "without", "on", "ignoring", "group_left", "group_right"}
_WORDS: Final = {"and", "or", "unless", "offset", "bool"}


@dataclass(slots=True)
class Used:
    """A metric as an expression uses it."""

    name: str
    #: Label → what is written behind it, without quotes.
    matched: dict[str, str] = field(default_factory=dict)
    #: The functions and aggregations around it, the nearest last.
    inside: tuple[str, ...] = ()


@dataclass(slots=True)
class Expression:
    """What an expression names."""

    used: list[Used] = field(default_factory=list)
    #: Labels by which it groups or joins.
    grouped: set[str] = field(default_factory=set)


def read(text: str) -> Expression:
    """Read one expression."""
    tokens = _TOKEN.findall(text)
    found, around, last = Expression(), [""], ""
    at = 0
    while at < len(tokens):
        token, following = tokens[at], tokens[at + 1] if at + 1 < len(tokens) else ""
        if token in _GROUPING:
            end = tokens.index(")", at)
            found.grouped.update(name for name in tokens[at + 1 : end] if _NAME.fullmatch(name))
            at = end
        elif token == "(":
            around.append(last)
        elif token == ")":
            around.pop()
        elif token == "[":
            at = tokens.index("]", at)
        elif _NAME.fullmatch(token) and token not in _WORDS:
            if following == "(" or following in _GROUPING:
                last = token
            else:
                found.used.append(Used(token, inside=tuple(filter(None, around))))
            if following == "{":
                end = tokens.index("}", at)
                _match(found.used[-1], tokens[at + 2 : end])
                at = end
            at += 1
            continue
        if token not in _GROUPING:
            last = last if token == "(" else ""
        at += 1
    return found


def _match(used: Used, tokens: list[str]) -> None:
    for label, _, value in zip(tokens[0::4], tokens[1::4], tokens[2::4], strict=False):
        used.matched[label] = value.strip('"')


@cache
def rules() -> tuple[Mapping[str, Any], ...]:
    """Return all rules, with those that record first."""
    groups = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]
    return tuple(rule for group in groups for rule in group["rules"])


def alerts() -> dict[str, Mapping[str, Any]]:
    """Return the alerts by name."""
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


@cache
def recorded() -> Mapping[str, frozenset[str]]:
    """Return what the rules record, with its labels."""
    found: dict[str, frozenset[str]] = {}
    for rule in rules():
        if "record" in rule:
            labels = frozenset(read(rule["expr"]).grouped | set(rule.get("labels", ())))
            found[rule["record"]] = found.get(rule["record"], frozenset()) | labels
    return found


def labels_of(name: str) -> frozenset[str] | None:
    """Return the labels that a metric has, or None if there is no such metric."""
    if name in OWN:
        return OWN[name]
    if name in recorded():
        return recorded()[name]
    bare = re.sub(r"_(bucket|count|sum)$", "", name)
    one = DECLARED.get(name) or (DECLARED.get(bare) if bare != name else None)
    if one is None or (one.name != name and one.kind != "histogram") or (one.name == name and one.kind == "histogram"):
        return None
    return frozenset(one.labels) | ADDED | ({"le"} if name.endswith("_bucket") else set())


def wrong_in(text: str) -> list[str]:
    """Return what an expression names that does not exist."""
    expression = read(text)
    wrong, known = [], set(ADDED)
    for used in expression.used:
        labels = labels_of(used.name)
        if labels is None:
            wrong.append(f"no metric {used.name}")
            continue
        known |= labels
        wrong += [f"{used.name} has no label {label}" for label in used.matched if label not in labels]
    wrong += [f"no label {label}" for label in expression.grouped - known]
    return wrong


def merged_wrongly(text: str) -> list[str]:
    """Return the gauges of the state that are not brought together with max or min: several processes show them."""
    bad = []
    for used in read(text).used:
        if used.name in LOOKED_AT:
            nearest = next((name for name in reversed(used.inside) if name in _MERGES), "")
            if nearest not in ("max", "min", "absent"):
                bad.append(used.name)
    return bad


_MERGES: Final = {"max", "min", "sum", "avg", "count", "absent", "topk", "bottomk", "quantile", "group"}


def values(pattern: str) -> Iterator[str]:
    """Yield the values that a matcher names, if they are listed."""
    if re.fullmatch(r"[\w|-]+", pattern):
        yield from pattern.split("|")
