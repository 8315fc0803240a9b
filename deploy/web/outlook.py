"""What the console's first page shows of what is odd beside the agencies' connections."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from deploy.bootstrap import Hub
from deploy.procedures import procedures_of
from deploy.viewpoint import Viewpoint
from hub.edge.figures import figures
from hub.procedures.store import Cases
from monitoring.console.outlook import Outlook
from monitoring.fresh import Fresh, InTime
from monitoring.integrity import Checked, Integrity
from monitoring.words import Words

#: Seconds that each may be old, and how long a page waits for the audit trail to be looked through the first time.
_FRESH: Final = 10.0
_AUDIT: Final = 60.0
_WAIT: Final = 0.05


def outlook_of(hub: Hub, viewpoint: Viewpoint) -> Callable[[], Outlook]:
    """Return what reads it. It raises what the databases raise."""
    audit, late = _audit(viewpoint.integrity), _late(hub)

    def read() -> Outlook:
        silent = [one for one in viewpoint.feeds() if one.silent]
        return Outlook(silent, late(), figures(hub.deliveries_db).open_alerts, audit())

    return Fresh(read, _FRESH)


def _audit(integrity: Integrity) -> Callable[[], Checked]:
    look = InTime(Fresh(integrity.look, _AUDIT), _WAIT)

    def checked() -> Checked:
        if not integrity.is_watching:
            with suppress(TimeoutError):  # it goes on; the next one who asks gets more
                look()
        return integrity.checked

    return checked


def _late(hub: Hub) -> Callable[[], Sequence[tuple[Words, int]]]:
    procedures = procedures_of(hub.settings, hub.rules.catalogue, hub.agencies)
    titles = {one.name: Words(one.title.vi, one.title.en) for one in procedures.each}
    cases = Cases(hub.deliveries_db)

    def late() -> Sequence[tuple[Words, int]]:
        found = cases.counts().items()
        return [(titles.get(name, Words(name, name)), count) for (name, state), count in found if state == "late"]

    return late
