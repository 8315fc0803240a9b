"""How the web application answers what it can't do: always with a problem (RFC 9457), and nothing of its inside."""

from __future__ import annotations

import logging
from typing import Any

import sqlalchemy as sa
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from deploy.home import HomeDamaged
from hub.database_errors import plain
from hub.eventlog import LogUnavailable
from hub.passing import passes
from hub.problems import Problem

_LOG = logging.getLogger(__name__)
#: The parameters that may be given several times.
_SEVERAL = frozenset({"event_ids"})


def answer_errors(app: FastAPI) -> None:
    """Let an application answer every error so, and describe itself so."""
    app.add_exception_handler(Problem, _answer_problem)
    app.add_exception_handler(HTTPException, _answer_http)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    for broken in (LogUnavailable, HomeDamaged, sa.exc.SQLAlchemyError):
        app.add_exception_handler(broken, _answer_broken)
    app.add_exception_handler(Exception, _answer_bug)
    describe = app.openapi
    app.openapi = lambda: _as_answered(describe())  # type: ignore[method-assign]  # FastAPI's own way to change it


def said_once(request: Request) -> None:
    """Raises `Problem` for a parameter that stands there twice: one of them would be passed over in silence."""
    names = [name for name, _ in request.query_params.multi_items() if name not in _SEVERAL]
    if len(names) != len(set(names)):
        raise Problem(400, "The request can't be read: a parameter stands there more than once.")


def _as_answered(described: dict[str, Any]) -> dict[str, Any]:
    """Take out FastAPI's 422: what can't be read is answered with 400, see `_answer_invalid`."""
    for methods in described["paths"].values():
        for operation in methods.values():
            if "HTTPValidationError" in str(operation["responses"].get("422")):
                del operation["responses"]["422"]
    for name in ("HTTPValidationError", "ValidationError"):
        described.get("components", {}).get("schemas", {}).pop(name, None)
    return described


async def _answer_problem(_: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)  # noqa: S101 - registered for it alone
    return problem.response()


async def _answer_http(_: Request, error: Exception) -> Response:
    """Answer what Starlette refuses by itself, such as an unknown path, in the same form."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it alone
    return Problem(error.status_code, f"{error.detail}. See /openapi.json for what there is.", error.headers).response()


async def _answer_invalid(_: Request, error: Exception) -> Response:
    """Name what is wrong with a request, without the value: it may be personal."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it alone
    found = "; ".join(f"{'.'.join(map(str, one['loc'][1:]))}: {one['msg']}" for one in error.errors())
    return Problem(400, f"The request can't be read: {found}.").response()


async def _answer_broken(request: Request, error: Exception) -> Response:
    """Answer for a broken world; mostly it mends itself. Whoever asks learns nothing of its inside."""
    words = plain(error) if isinstance(error, sa.exc.SQLAlchemyError) else str(error)
    _LOG.warning("%s: not answered: %s", request.scope["route"].path if "route" in request.scope else "?", words)
    if passes(error) or isinstance(error, LogUnavailable):
        return Problem(503, "The hub's log or database can't be used now.", {"Retry-After": "5"}).response()
    return Problem(500, "The hub can't use its log or database; its operators must look.").response()


async def _answer_bug(_: Request, __: Exception) -> Response:
    return Problem(500, "The hub failed on this request; its log says where.").response()
