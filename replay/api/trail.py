"""The audit trail over HTTP, for auditors."""

# No `from __future__ import annotations`: FastAPI reads the annotations, and some name what is made here.

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from hub.audit import entries_of
from hub.database import reading
from replay.api.admission import Parts, allowed
from replay.api.asked import TrailPage
from replay.api.description import ENTRIES
from replay.views import entry_json


def add_trail(router: APIRouter, parts: Parts) -> None:
    """Add the route."""

    @router.get("/audit", dependencies=[Depends(allowed(parts, "audit"))], responses=ENTRIES)
    def audit(asked: Annotated[TrailPage, Query()]) -> Any:
        """The audit trail, the oldest first."""
        with reading(parts.engine) as connection:
            found = entries_of(connection, asked.subject, asked.after, asked.limit)
        more = found[-1].number if len(found) == asked.limit else None
        return {"entries": [entry_json(one) for one in found], "next": more}
