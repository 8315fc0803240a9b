"""Panels and parts of panels that several dashboards have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import ascii_uppercase
from typing import Any, Final

from deploy.grafana.panels import NEUTRAL, Panel, Query, Steps
from schemas.reference.units import VN34, provinces

STACKED: Final = {"stacking": {"mode": "normal", "group": "A"}, "fillOpacity": 35}

#: How an agency is connected, with the words of `dancu connections` and a colour.
STATES: Final = {
    "connected": ("đang kết nối / connected", "green"),
    "silent": ("im lặng / silent", "yellow"),
    "failing": ("không phản hồi / failing", "red"),
    "suspended": ("tạm ngừng / suspended", "purple"),
    "never_connected": ("chưa kết nối / never connected", "gray"),
}


def figure(
    title: str, expr: str, *, unit: str = "short", steps: Steps = NEUTRAL, width: int = 4, description: str = ""
) -> Panel:
    """Return a panel with one large number."""
    return Panel(title, [Query(expr)], "stat", unit, width, 4, description, steps)


def table(
    title: str,
    columns: Mapping[str, Query],
    *,
    label: str,
    names: Mapping[str, str],
    overrides: Sequence[Mapping[str, Any]] = (),
    size: tuple[int, int] = (24, 9),
    description: str = "",
) -> Panel:
    """Return a table with a row for each value of `label` and a column for each query.

    `names`: label → heading. A query under the heading "" only brings its labels. `size`: width and height.
    """
    values = (
        ["Value"]
        if len(columns) == 1
        else [f"Value #{letter}" for letter, _ in zip(ascii_uppercase, columns, strict=False)]
    )
    renamed = dict(zip(values, columns, strict=True))
    left_out = [value for value, heading in renamed.items() if not heading]
    organize = {"excludeByName": dict.fromkeys(left_out, True), "indexByName": {}, "renameByName": {**renamed, **names}}
    return Panel(
        title,
        list(columns.values()),
        "table",
        width=size[0],
        height=size[1],
        description=description,
        overrides=overrides,
        transformations=[
            {"id": "joinByField", "options": {"byField": label, "mode": "outer"}},
            {"id": "filterFieldsByName", "options": {"exclude": {"pattern": "/^(Time|__name__)( [0-9]+)?$/"}}},
            {"id": "organize", "options": organize},
        ],
        now=True,
    )


def column(name: str, **properties: Any) -> dict[str, Any]:
    """Return settings of a table's column, such as its unit."""
    return {
        "matcher": {"id": "byName", "options": name},
        "properties": [{"id": key.replace("__", "."), "value": value} for key, value in properties.items()],
    }


def link(title: str, url: str) -> list[dict[str, Any]]:
    """Return links of a column to another dashboard."""
    return [{"title": title, "url": url}]


def states() -> list[dict[str, Any]]:
    """Return how the states of a connection are shown where they are values."""
    shown = {name: {"text": text, "color": color, "index": i} for i, (name, (text, color)) in enumerate(STATES.items())}
    return [{"type": "value", "options": shown}]


def of_states() -> list[dict[str, Any]]:
    """Return overrides that show the states of a connection in words and colours where each is a series."""
    return [
        column(name, displayName=text, color={"mode": "fixed", "fixedColor": color})
        for name, (text, color) in STATES.items()
    ]


def yes_no(yes: tuple[str, str], no: tuple[str, str]) -> list[dict[str, Any]]:
    """Return how 1 and 0 are shown: text and colour of each."""
    return [
        {
            "type": "value",
            "options": {
                "1": {"text": yes[0], "color": yes[1], "index": 0},
                "0": {"text": no[0], "color": no[1], "index": 1},
            },
        }
    ]


def by_province() -> list[dict[str, Any]]:
    """Return overrides that show the names of today's provinces in the place of their codes."""
    return [column(one.code, displayName=one.name) for one in provinces(VN34)]


def quantiles(of: str, by: str = "") -> list[Query]:
    """Return the median and the slow ends of a histogram; `of`: its buckets, chosen by labels."""
    rate = f"sum by ({', '.join(filter(None, ['le', by]))}) (rate({of}[$__rate_interval]))"
    return [Query(f"histogram_quantile({q}, {rate})", f"{round(float(q) * 100)} %") for q in ("0.5", "0.95", "0.99")]
