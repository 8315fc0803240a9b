"""A dashboard: rows of panels, and the choices at its top."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

from deploy.grafana.panels import SOURCE, Panel, drawn

#: Of the columns of Grafana's grid.
WIDTH: Final = 24
TAG: Final = "dancu"


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice at the top of a dashboard: by a query of Prometheus's labels, or among fixed values."""

    name: str
    label: str
    #: Such as `label_values(metric, label)`; or none.
    query: str = ""
    #: Value → what is shown.
    values: Mapping[str, str] | None = None
    #: Whether several may be chosen, and all of them.
    several: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """Panels under one heading, side by side as long as they fit."""

    title: str
    panels: Sequence[Panel]


@dataclass(frozen=True, slots=True)
class Board:
    """One dashboard."""

    #: The end of its address: `dancu-national`.
    name: str
    title: str
    description: str
    rows: Sequence[Row]
    choices: Sequence[Choice] = ()
    since: str = "now-6h"

    def as_json(self) -> dict[str, Any]:
        """Return what Grafana reads."""
        return {
            "uid": f"dancu-{self.name}",
            "title": f"Dân Cư Hub · {self.title}",
            "description": self.description,
            "tags": [TAG],
            "timezone": "browser",
            "schemaVersion": 39,
            "editable": False,
            "graphTooltip": 1,
            "refresh": "30s",
            "time": {"from": self.since, "to": "now"},
            "links": [_others()],
            "templating": {"list": [_source(), *map(_variable, self.choices)]},
            "annotations": {"list": [_firing()]},
            "panels": _placed(self.rows),
        }


def _placed(rows: Sequence[Row]) -> list[dict[str, Any]]:
    numbers, y, placed = count(1), 0, []
    for row in rows:
        placed.append(_heading(row.title, next(numbers), y))
        x, y, lowest = 0, y + 1, y + 1
        for panel in row.panels:
            if x + panel.width > WIDTH:
                x, y = 0, lowest
            placed.append(drawn(panel, next(numbers), x, y))
            x, lowest = x + panel.width, max(lowest, y + panel.height)
        y = lowest
    return placed


def _heading(title: str, number: int, y: int) -> dict[str, Any]:
    place = {"x": 0, "y": y, "w": WIDTH, "h": 1}
    return {"id": number, "type": "row", "title": title, "collapsed": False, "gridPos": place, "panels": []}


def _source() -> dict[str, Any]:
    return {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus", "hide": 0}


def _variable(choice: Choice) -> dict[str, Any]:
    content: dict[str, Any] = {
        "name": choice.name,
        "label": choice.label,
        "multi": choice.several,
        "includeAll": choice.several,
        "hide": 0,
    }
    if choice.several:
        content |= {"allValue": ".*", "current": {"text": ["All"], "value": ["$__all"]}}
    if choice.values is not None:
        shown = ", ".join(f"{text} : {value}" for value, text in choice.values.items())
        return content | {"type": "custom", "query": shown}
    query = {"query": choice.query, "refId": choice.name}
    return content | {
        "type": "query",
        "datasource": SOURCE,
        "query": query,
        "refresh": 2,
        "sort": 1,
    }


def _firing() -> dict[str, Any]:
    """Alerts that wake somebody, as marks in all graphs."""
    return {
        "name": "Cảnh báo / alerts",
        "datasource": SOURCE,
        "enable": True,
        "iconColor": "red",
        "expr": 'ALERTS{alertname=~"Dancu.+",alertstate="firing",severity="page"}',
        "titleFormat": "{{alertname}}",
    }


def _others() -> dict[str, Any]:
    return {
        "title": "Dân Cư Hub",
        "type": "dashboards",
        "tags": [TAG],
        "asDropdown": True,
        "includeVars": True,
        "keepTime": True,
        "targetBlank": False,
    }
