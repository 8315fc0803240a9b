"""How it stands with the sets of one agency: a few numbers for operators, from the folder as it is now."""

from __future__ import annotations

from collections import Counter
from typing import Any

from adapters.ways.files.receipts import FileSet, SetState, file_sets
from adapters.ways.files.settings import settings_of
from adapters.ways.way import Place
from hub.agreements import Agreement

#: So many sets are named that ask for somebody.
_NAMED = 20


def sets_json(agreement: Agreement, place: Place, now: int) -> dict[str, Any]:
    """Return how many sets are in which state, and which ask for somebody. `now`: ms since 1970 UTC.

    Reasons of the agency are left out: nobody has checked them for personal data. A folder that can't be read is told.
    """
    settings = settings_of(agreement, place)
    counts: Counter[str] = Counter({state.value: 0 for state in SetState})
    overdue, asking = 0, list[dict[str, str]]()
    try:
        for one in file_sets(settings.folder):
            counts[one.state.value] += 1
            late = one.overdue(now, settings.receipt_within)
            overdue += late
            if (late or one.state in (SetState.REJECTED, SetState.UNCLEAR)) and len(asking) < _NAMED:
                asking.append({"set": one.name, "state": _state(one, late=late)})
    except (OSError, ValueError, KeyError) as error:
        return {"folder": str(settings.folder), "problem": f"can't be read: {type(error).__name__}"}
    return {"folder": str(settings.folder), **counts, "overdue": overdue, "asking": asking}


def _state(one: FileSet, *, late: bool) -> str:
    return "no receipt in time" if late else one.state.value
