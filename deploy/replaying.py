"""Gives replays their parts of the hub: for the command line, for HTTP, and for the process that works on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.bootstrap import Hub, now_ms
from hub.access import Tokens
from hub.registers.today import Today
from hub.replays import Replays
from replay.desk import Desk
from replay.failures import Failures
from replay.refused import RefusedEvents
from replay.runner import Runner
from replay.taking_in import Door
from replay.verdict import Judge

if TYPE_CHECKING:
    from fastapi import APIRouter


def failures_of(hub: Hub) -> Failures:
    """Return what looks at failures."""
    return Failures(hub.deliveries_db, hub.registers_db, Today(hub.registers_db).numbers_of)


def desk_of(hub: Hub) -> Desk:
    """Return where replays are planned and approved."""
    return Desk(
        replays=Replays(hub.deliveries_db),
        judge=judge_of(hub),
        refused=refused_of(hub),
        numbers_of=Today(hub.registers_db).numbers_of,
        agencies=hub.agencies,
        now=now_ms,
        threshold=hub.settings.replay_alone,
    )


def runner_of(hub: Hub) -> Runner:
    """Return what works on replays; `replay.runner.run_replays` lets it run until it is stopped."""
    return Runner(Replays(hub.deliveries_db), judge_of(hub), Door(refused_of(hub), hub.desk().take), now_ms)


def judge_of(hub: Hub) -> Judge:
    """Return what knows why a delivery would be skipped."""
    numbers_of = Today(hub.registers_db).numbers_of
    return Judge(hub.deliveries_db, hub.registers_db, numbers_of, hub.entitlement(), hub.settings.replay_tries)


def refused_of(hub: Hub) -> RefusedEvents:
    """Return what was refused."""
    return RefusedEvents(hub.log, hub.registers_db, Today(hub.registers_db).numbers_of)


def router_of(hub: Hub) -> APIRouter:
    """Return the routes of failures, replays and the audit trail, under `/api`. Needs the extra `web`."""
    from hub.access.bearer import ByToken
    from replay.api import Parts, make_router

    parts = Parts(desk_of(hub), failures_of(hub), hub.deliveries_db, ByToken(Tokens(hub.deliveries_db), now_ms))
    return make_router(parts)
