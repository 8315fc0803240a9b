"""What the pages of failures and replays read from a URL or a form besides the filters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.datastructures import FormData, ImmutableMultiDict

from hub.replays import ItemState
from monitoring.console.saying_why import typed
from replay.desk import BadPlan, Limits

#: A place in a list of deliveries: agency and position.
_PLACE: Final = re.compile(r"([A-Za-z0-9_-]{0,100}):([0-9]{1,15})")
_POSITION: Final = re.compile(r"[0-9]{1,15}")
_NUMBER: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,6})?")
_COUNT: Final = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class PlanTyped:
    """A plan as somebody typed it."""

    reason: str = ""
    rate: str = ""
    cap: str = ""

    @classmethod
    def of(cls, form: FormData) -> PlanTyped:
        """Take what a form brings."""
        return cls(typed(form, "reason")[:2100], typed(form, "rate").strip()[:40], typed(form, "cap").strip()[:40])

    def limits(self) -> Limits:
        """Return what is meant. Raises `BadPlan`."""
        if self.rate and not _NUMBER.fullmatch(self.rate):
            raise BadPlan("rate: deliveries per second, more than 0")
        if self.cap and not _COUNT.fullmatch(self.cap):
            raise BadPlan("cap: 1 to 1,000,000,000")
        return Limits(float(self.rate) if self.rate else None, int(self.cap) if self.cap else None)


def place(given: Mapping[str, Any]) -> tuple[str, int]:
    """Return (agency, position) behind which a list goes on; the beginning for what is no place."""
    found = _PLACE.fullmatch(str(given.get("after", "")))
    return (found[1], int(found[2])) if found else ("", 0)


def position(given: Mapping[str, Any]) -> int:
    """Return the position behind which a list goes on; 0 for what is none."""
    text = str(given.get("after", ""))
    return int(text) if _POSITION.fullmatch(text) else 0


def item_state(given: ImmutableMultiDict[str, Any]) -> ItemState | None:
    """Return the state of the items to list, or None for all."""
    text = str(given.get("state", ""))
    return ItemState(text) if text in set(ItemState) else None
