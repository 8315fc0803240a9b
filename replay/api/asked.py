"""What is asked for over HTTP: the filters, the places in lists, and the bodies of steps."""

# No `from __future__ import annotations`: FastAPI reads the annotations, and some name what is made here.

from typing import Annotated, Any, Final, Literal

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field, field_validator

from hub.replays import ItemState
from replay.filters import NAMES, selection_of
from replay.selection import Selection

#: Whole numbers that every database takes, and that stay exact in JSON.
LARGEST: Final = 2**53 - 1
_PLACE: Final = r"^([A-Za-z0-9_-]{0,100}:[0-9]{1,15})?$"

ReplayId = Annotated[str, Path(pattern=r"^[!-~]{1,100}$", description="As `POST /api/replays` or the list says it.")]
EventId = Annotated[str, Path(pattern=r"^[^\x00-\x1f\x7f]{1,200}$", description="The event's id.")]
Limit = Annotated[int, Field(ge=1, le=1000, description="At most so many.")]
After = Annotated[str, Field(pattern=_PLACE, description="Go on behind this place: `next` of the page before.")]


class _Query(BaseModel):
    #: A filter that is not known would mean more than wanted. Persons are named in a body only, never in a URL.
    model_config = ConfigDict(extra="forbid")


class Filters(_Query):
    """Which failures: the filters of a selection but `persons`, with the same names and the same form."""

    agency: str | None = Field(default=None, description="Only of this agency.")
    type: str | None = Field(default=None, description="Only events of this type.")
    error_class: str | None = Field(default=None, description="Only failures of this class.")
    since: str | None = Field(default=None, description="Failed first at this time or later (RFC 3339).")
    until: str | None = Field(default=None, description="Failed first before this time (RFC 3339).")
    attempts: str | None = Field(default=None, description="Tried so often: `3`, `3..` or `1..5`.")
    event_ids: list[str] = Field(default=[], description="Only these events; several with `&event_ids=`.")

    @field_validator("since", "until")
    @classmethod
    def _with_plus(cls, value: str | None) -> str | None:
        """In a URL `+` means a space, unless somebody thought of writing `%2B`."""
        return value and value.replace(" ", "+")

    def selection(self) -> Selection:
        """Return what is meant; without any filter all failures. Raises `BadSelection`."""
        given = {name: value for name, value in self.model_dump(include={*NAMES}).items() if value not in (None, [])}
        return selection_of(given) if given else Selection()


class FailuresPage(Filters):
    """A page of them."""

    after: After = ""
    limit: Limit = 100


class ReplaysPage(_Query):
    """A page of the replays."""

    before: str | None = Field(default=None, pattern=r"^[!-~]{1,100}$", description="`next` of the page before.")
    limit: Limit = 100


class ItemsPage(_Query):
    """A page of the deliveries of a replay."""

    state: ItemState | None = Field(default=None, description="Only those in this state.")
    after: After = ""
    limit: Limit = 100


class TrailPage(_Query):
    """A page of the audit trail."""

    subject: str | None = Field(default=None, pattern=r"^[^\x00-\x1f\x7f]{1,200}$", description="Only about this.")
    after: int = Field(default=0, ge=0, le=LARGEST, description="Go on behind this number.")
    limit: Limit = 100


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class PlanBody(_Body):
    """What shall be sent again."""

    kind: Literal["deliveries", "refused"] = "deliveries"
    selection: dict[str, Any] = Field(description="Filters; see docs/replay.md. An empty one is refused.")
    reason: str = ""
    rate: float | None = Field(default=None, description="Deliveries per second.")
    cap: int | None = Field(default=None, description="Deliveries in all.")
    dry_run: bool = Field(default=False, description="Only estimate; keep nothing.")


class StepBody(_Body):
    """Why the step is taken."""

    reason: str = ""


def place_of(after: str) -> tuple[str, int]:
    """Return (agency, position) of a place in a list."""
    agency, _, position = after.rpartition(":")
    return (agency, int(position)) if after else ("", 0)
