"""The panels of a dashboard as data: what is asked, how it is shown. `drawn` turns one into Grafana's JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from string import ascii_uppercase
from typing import Any, Final

#: Every panel asks the Prometheus that is chosen at the top of the dashboard.
SOURCE: Final = {"type": "prometheus", "uid": "${source}"}

GREEN, AMBER, RED = "green", "orange", "red"
#: Colour from a value on; None is for everything below.
Steps = Sequence[tuple[float | None, str]]
NEUTRAL: Final[Steps] = ((None, "text"),)
BAD_FROM_ONE: Final[Steps] = ((None, GREEN), (1, RED))


@dataclass(frozen=True, slots=True)
class Query:
    """A question in PromQL, and what its answer is called in the legend."""

    expr: str
    legend: str = "__auto"


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel. Titles and descriptions are `tiếng Việt / English`."""

    title: str
    queries: Sequence[Query]
    #: stat, timeseries, table, bargauge, heatmap or state-timeline.
    kind: str = "timeseries"
    #: Grafana's name of the unit.
    unit: str = "short"
    #: Of 24 columns, and of rows of 30 pixels.
    width: int = 8
    height: int = 8
    description: str = ""
    steps: Steps = NEUTRAL
    options: Mapping[str, Any] = field(default_factory=dict)
    #: Of the field's own settings for this kind of panel, such as `stacking`.
    custom: Mapping[str, Any] = field(default_factory=dict)
    overrides: Sequence[Mapping[str, Any]] = ()
    transformations: Sequence[Mapping[str, Any]] = ()
    mappings: Sequence[Mapping[str, Any]] = ()
    #: Only the value of now is asked for, not its history.
    now: bool = False
    decimals: int | None = None


def drawn(panel: Panel, number: int, x: int, y: int) -> dict[str, Any]:
    """Return the panel as Grafana's JSON, at a place of the grid."""
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": SOURCE,
        "gridPos": {"x": x, "y": y, "w": panel.width, "h": panel.height},
        "targets": [_target(panel, letter, one) for letter, one in zip(ascii_uppercase, panel.queries, strict=False)],
        "fieldConfig": {"defaults": _defaults(panel), "overrides": list(panel.overrides)},
        "options": dict(_OPTIONS[panel.kind]) | dict(panel.options),
        "transformations": list(panel.transformations),
    }


def _target(panel: Panel, letter: str, query: Query) -> dict[str, Any]:
    return {
        "refId": letter,
        "datasource": SOURCE,
        "editorMode": "code",
        "expr": query.expr,
        "legendFormat": query.legend,
        "instant": panel.now,
        "range": not panel.now,
        "format": {"table": "table", "heatmap": "heatmap"}.get(panel.kind, "time_series"),
    }


def _defaults(panel: Panel) -> dict[str, Any]:
    steps = [{"value": value, "color": color} for value, color in panel.steps]
    content: dict[str, Any] = {
        "unit": panel.unit,
        "color": {"mode": "palette-classic" if panel.kind == "timeseries" else "thresholds"},
        "thresholds": {"mode": "absolute", "steps": steps},
        "mappings": list(panel.mappings),
        "custom": dict(_CUSTOM.get(panel.kind, {})) | dict(panel.custom),
        "noValue": "–",
    }
    return content if panel.decimals is None else content | {"decimals": panel.decimals}


_LAST: Final = {"calcs": ["lastNotNull"], "fields": "", "values": False}
_OPTIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    "stat": {
        "colorMode": "value",
        "graphMode": "area",
        "justifyMode": "auto",
        "textMode": "auto",
        "reduceOptions": _LAST,
    },
    "timeseries": {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "table": {"showHeader": True, "cellHeight": "sm", "footer": {"show": False}},
    "bargauge": {"orientation": "horizontal", "displayMode": "basic", "showUnfilled": True, "reduceOptions": _LAST},
    "heatmap": {
        "calculate": False,
        "cellGap": 1,
        "color": {"mode": "scheme", "scheme": "Blues", "steps": 32, "exponent": 0.5},
        "yAxis": {"unit": "s", "axisPlacement": "left"},
        "tooltip": {"mode": "single", "yHistogram": False},
        "legend": {"show": False},
    },
    "state-timeline": {"mergeValues": True, "showValue": "never", "rowHeight": 0.8, "legend": {"showLegend": False}},
}
_CUSTOM: Final[Mapping[str, Mapping[str, Any]]] = {
    "timeseries": {"lineWidth": 1, "fillOpacity": 10, "showPoints": "never", "spanNulls": False},
    "table": {"align": "auto", "filterable": True},
    "state-timeline": {"fillOpacity": 80, "lineWidth": 0},
}
