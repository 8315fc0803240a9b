"""Reads Grafana dashboards with Grafana's own classes and says what those do not know.

Called by .ci/lint-deploy: grafana_dashboards.py FILE…
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

#: Fields of Prometheus's marks, which the classes for all kinds of marks do not have.
_OWN = {"titleFormat"}


def main(files: list[Path]) -> int:
    plugins.register_default_plugins()
    problems = []
    for file in files:
        written = json.loads(file.read_text(encoding="utf-8"))
        read = json.loads(json.dumps(Dashboard.from_json(written), cls=JSONEncoder))
        problems += [f"{file}: {problem}" for problem in _differences(written, read, "")]
    sys.stderr.writelines(f"{problem}\n" for problem in problems)
    if not files:
        sys.stderr.write("no dashboard was found\n")
    return 1 if problems or not files else 0


def _differences(written: Any, read: Any, place: str) -> Iterator[str]:
    if isinstance(written, dict) and isinstance(read, dict):
        for name, value in written.items():
            if name in read:
                yield from _differences(value, read[name], f"{place}.{name}")
            elif name not in _OWN and value not in (None, [], {}, "", False):
                yield f"{place}.{name} is not known"
    elif isinstance(written, list) and isinstance(read, list) and len(written) == len(read):
        for number, (one, other) in enumerate(zip(written, read, strict=True)):
            yield from _differences(one, other, f"{place}[{number}]")
    elif written != read:
        yield f"{place} is read otherwise than it is written"


if __name__ == "__main__":
    sys.exit(main([Path(name) for name in sys.argv[1:]]))
