"""Failures over HTTP: listed, grouped by cause, and one with everything about it."""

# No `from __future__ import annotations`: FastAPI reads the annotations, and some name what is made here.

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from hub.problems import Problem
from replay.api.admission import Parts, allowed, problems
from replay.api.asked import EventId, FailuresPage, Filters, place_of
from replay.api.description import FAILURE, FAILURES, GROUPS


def add_failures(router: APIRouter, parts: Parts) -> None:
    """Add the routes."""
    look = Depends(allowed(parts, "look"))

    @router.get("/failures", dependencies=[look], responses=FAILURES)
    def failures(asked: Annotated[FailuresPage, Query()]) -> Any:
        """Deliveries that have failed, page by page."""
        with problems():
            return parts.failures.page(asked.selection(), place_of(asked.after), asked.limit)

    @router.get("/failures/groups", dependencies=[look], responses=GROUPS)
    def groups(asked: Annotated[Filters, Query()]) -> Any:
        """The same, grouped by cause."""
        with problems():
            return parts.failures.groups(asked.selection())

    @router.get("/failures/{event_id}", dependencies=[look], responses=FAILURE)
    def failure(event_id: EventId) -> Any:
        """Everything about the failures of one event."""
        found = parts.failures.show(event_id)
        if found is None:
            raise Problem(404, "No failure of an event with this id is known.")
        return found
