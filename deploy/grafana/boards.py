"""All dashboards. `python -m deploy.grafana.boards` writes them into deploy/grafana/dashboards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from deploy.grafana.agency import AGENCY
from deploy.grafana.edge import EDGE
from deploy.grafana.national import NATIONAL
from deploy.grafana.pipeline import PIPELINE
from deploy.grafana.province import PROVINCE

BOARDS: Final = (NATIONAL, AGENCY, PROVINCE, PIPELINE, EDGE)
FOLDER: Final = Path(__file__).parent / "dashboards"


def files() -> Iterator[tuple[Path, str]]:
    """Yield each dashboard's file and what is to be in it."""
    for board in BOARDS:
        yield FOLDER / f"{board.name}.json", json.dumps(board.as_json(), ensure_ascii=False, indent=1) + "\n"


def write() -> None:
    """Write them."""
    FOLDER.mkdir(exist_ok=True)
    for path, content in files():
        path.write_text(content, encoding="utf-8")


if __name__ == "__main__":
    write()
