"""The HTTP interface for devices at counters: POST /edge/enrol, /edge/rotate and /edge/events."""

from __future__ import annotations

import asyncio
import logging
import threading
import traceback
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
import orjson
from fastapi import APIRouter, Request, Response

from adapters.bodies import body_of
from adapters.edge_intake.description import ENROL, EVENTS, ROTATE
from adapters.edge_intake.hub_keys import HubKeyProblem
from adapters.edge_intake.office import MOST, Enrolment, EventsRequest, Office, RotationRequest
from hub.problems import Problem, try_again

_LOG = logging.getLogger(__name__)
#: Bytes of one request.
_LARGEST = 4 * 1024 * 1024

T = TypeVar("T")


class _Desk:
    """The office, opened at the first request: the hub's key is made only where somebody needs it."""

    def __init__(self, open_office: Callable[[], Office], unavailable: tuple[type[Exception], ...]) -> None:
        self._open_office = open_office
        self._unavailable = unavailable
        self._office: Office | None = None
        self._lock = threading.Lock()

    def do(self, step: Callable[[Office], T]) -> T:
        """Do something in the office. Raises `Problem` for whatever is wrong."""
        try:
            with self._lock:
                self._office = self._office or self._open_office()
            return step(self._office)
        except Problem:
            raise
        except HubKeyProblem as problem:
            _LOG.error("edge: the hub's key can't be used: %s", problem)
            raise try_again("The hub's key for counters can't be used now.", 60) from None
        except self._unavailable as error:
            _LOG.warning("edge: nothing can be taken now: %s", type(error).__name__)
            raise try_again("The hub's log or database can't be used now.", 5) from error
        except Exception as error:  # a bug; its words may hold what was sent
            where = traceback.extract_tb(error.__traceback__)[-1]
            _LOG.error("edge: a request broke the desk: %s in %s:%s", type(error).__name__, where.name, where.lineno)
            raise Problem(500, "The hub failed on this request; its log says where.") from None


def make_router(open_office: Callable[[], Office], unavailable: tuple[type[Exception], ...]) -> APIRouter:
    """Return the routes. `unavailable` are the errors of a broken world, after which the same may be sent again."""
    router = APIRouter(prefix="/edge", tags=["counters"])
    desk = _Desk(open_office, unavailable)

    @router.post("/enrol", status_code=201, summary="Admit a device with a one-time code", **ENROL)
    async def enrol(request: Request) -> Response:
        asked = await _read(request, Enrolment)
        return _json(await asyncio.to_thread(desk.do, lambda office: office.enrol(asked)), 201)

    @router.post("/rotate", summary="Give a device another key", **ROTATE)
    async def rotate(request: Request) -> Response:
        asked = await _read(request, RotationRequest)
        return _json(await asyncio.to_thread(desk.do, lambda office: office.rotate(asked)))

    @router.post("/events", summary="Take sealed events of a device", **EVENTS)
    async def events(request: Request) -> Response:
        asked = await _read(request, EventsRequest)
        results = await asyncio.to_thread(desk.do, lambda office: office.take(asked))
        return _json({"results": [one._asdict() for one in results]})

    return router


async def _read(request: Request, kind: type[T]) -> T:
    """Read a JSON body of a kind. Raises `Problem`, which tells nothing of what was sent."""
    body = await body_of(request, _LARGEST)
    try:
        return msgspec.json.decode(body, type=kind)
    except RecursionError:
        raise Problem(400, "The body is nested far too deeply.") from None
    except msgspec.ValidationError as error:
        where = str(error).rpartition(" - at ")[2] if " - at " in str(error) else "`$`"
        if kind is EventsRequest and "length <=" in str(error):
            raise Problem(413, f"At most {MOST} events are taken at once. Nothing was taken.") from None
        raise Problem(400, f"The body is not as /openapi.json says, at {where}.") from None
    except msgspec.DecodeError:
        raise Problem(400, "The body is not JSON in UTF-8.") from None


def _json(content: dict[str, Any], status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, {"Cache-Control": "no-store"}, "application/json")
