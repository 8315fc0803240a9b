"""A hub's web application as a process that kills itself: `python -m tests.adapters.edge_intake.victim HOME STEP`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from adapters.registry.serving import served
from deploy.bootstrap import open_hub
from deploy.settings import load_settings
from deploy.web.app import make_web
from hub.edge.ledger import Ledger
from hub.edge.settling import Settling
from hub.eventlog.sqlite import SqliteLog

#: After which step it kills itself: the place is kept, the log has the event, it is settled and not yet answered.
STEPS: dict[str, tuple[Any, str]] = {
    "entered": (Ledger, "enter"),
    "logged": (SqliteLog, "append"),
    "settled": (Settling, "settle"),
}


def _dying(step: Callable[..., object]) -> Callable[..., object]:
    def once(*given: object, **named: object) -> object:
        step(*given, **named)
        os.kill(os.getpid(), signal.SIGKILL)
        return None

    return once


def main(home: Path, step: str) -> None:
    """Serve until killed; the URL goes to standard output."""
    if step in STEPS:
        owner, name = STEPS[step]
        setattr(owner, name, _dying(getattr(owner, name)))
    with open_hub(load_settings(home=home)) as hub:
        app = make_web(hub)
        with closing(app.state.feeds), served(app) as url:
            print(url, flush=True)  # noqa: T201 - whoever started it reads this
            signal.pause()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
