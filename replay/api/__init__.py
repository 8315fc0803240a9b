"""Failures, replays and the audit trail over HTTP: for the console and for operators' own programs.

The same steps and the same JSON as on the command line. Needs the extra `web`.
"""

from __future__ import annotations

from fastapi import APIRouter, Depends

from replay.api.admission import Parts, bounded
from replay.api.failures import add_failures
from replay.api.replays import add_replays
from replay.api.steps import add_steps
from replay.api.trail import add_trail

__all__ = ["Parts", "make_router"]


def make_router(parts: Parts) -> APIRouter:
    """Return the routes, which are below `/api`."""
    router = APIRouter(prefix="/api", tags=["operators"], dependencies=[Depends(bounded)])
    for add in (add_failures, add_replays, add_steps, add_trail):
        add(router, parts)
    return router
