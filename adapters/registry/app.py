"""The registry over HTTP, as the clients of Confluent's registry speak to it. Read-only. Needs the extra `web`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.registry.shelf import HOW, READ_ONLY, Refusal, Shelf, about, row_of, schema_in, text_of
from schemas.catalogue import Catalogue

_CONTENT_TYPE = "application/vnd.schemaregistry.v1+json"
#: The longest question that is read, in bytes; the longest schema has a tenth of that.
_LONGEST = 262_144

Ask = Callable[[Request], Any]


def registry_app(catalogue: Catalogue) -> Starlette:
    """Return the web application that answers for a catalogue's recorded schemas."""
    shelf = Shelf(catalogue)
    routes = [_get(path, ask) for path, ask in _questions(shelf).items()]
    routes.append(Route("/subjects/{subject}", _lookup(shelf, HOW), methods=["POST"]))
    routes.append(Route("/subjects/{subject}/versions", _lookup(shelf, READ_ONLY), methods=["POST"]))
    handlers: dict[Any, Any] = {Refusal: _refused, HTTPException: _unknown, Exception: _broken}
    return Starlette(routes=routes, exception_handlers=handlers)


def _questions(shelf: Shelf) -> dict[str, Ask]:
    """Return what can be asked by GET. Parts of a path arrive without their percent signs."""

    def version(request: Request) -> Any:
        return shelf.version(request.path_params["subject"], request.path_params["version"])

    def one(request: Request) -> Any:
        return shelf.by_id(request.path_params["id"])

    def known(request: Request) -> str:
        subject: str = request.path_params["subject"]
        shelf.versions(subject)
        return subject

    def by_id(request: Request) -> Any:
        answer: dict[str, Any] = {"schema": text_of(one(request))}
        if request.query_params.get("fetchMaxId") == "true":
            answer["maxId"] = shelf.all()[-1].schema_id
        return answer

    def listed(request: Request) -> Any:
        prefix = request.query_params.get("subjectPrefix", "")
        return [row_of(each) for each in shelf.all() if each.subject.startswith(prefix)]

    return {
        "/": lambda _: about(shelf),
        "/subjects": lambda r: [s for s in shelf.subjects() if s.startswith(r.query_params.get("subjectPrefix", ""))],
        "/subjects/{subject}/versions": lambda r: list(shelf.versions(r.path_params["subject"])),
        "/subjects/{subject}/versions/{version}": lambda r: row_of(version(r)),
        "/subjects/{subject}/versions/{version}/schema": lambda r: dict(version(r).schema),
        "/subjects/{subject}/versions/{version}/referencedby": lambda r: [] if version(r) else None,
        "/schemas": listed,
        "/schemas/types": lambda _: ["AVRO"],
        "/schemas/ids/{id}": by_id,
        "/schemas/ids/{id}/schema": lambda r: dict(one(r).schema),
        "/schemas/ids/{id}/subjects": lambda r: [one(r).subject],
        "/schemas/ids/{id}/versions": lambda r: [{"subject": one(r).subject, "version": one(r).version}],
        "/config": lambda _: {"compatibilityLevel": "FULL_TRANSITIVE"},
        "/config/{subject}": lambda r: {"compatibilityLevel": "FULL_TRANSITIVE"} if known(r) else None,
        "/mode": lambda _: {"mode": "READONLY"},
        "/mode/{subject}": lambda r: {"mode": "READONLY"} if known(r) else None,
    }


def _get(path: str, ask: Ask) -> Route:
    async def answer(request: Request) -> Response:
        return _json(ask(request))

    return Route(path, answer, methods=["GET"])


def _lookup(shelf: Shelf, otherwise: str) -> Callable[[Request], Any]:
    """Answer with the version that says the same as the posted text: also to a producer that wants to register it."""

    async def answer(request: Request) -> Response:
        text = schema_in(await _body(request))
        try:
            found = await run_in_threadpool(shelf.same, request.path_params["subject"], text)
        except Refusal as refusal:
            if otherwise == READ_ONLY and refusal.code in (40401, 40403):
                raise Refusal(42205, READ_ONLY) from None
            raise
        return _json(row_of(found))

    return answer


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LONGEST:
            raise Refusal(413, f"The question is longer than {_LONGEST} bytes.")
    return bytes(body)


def _json(content: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, media_type=_CONTENT_TYPE)


def _problem(code: int, status: int, message: str) -> Response:
    return _json({"error_code": code, "message": message}, status)


async def _refused(_: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)  # noqa: S101 - Starlette calls by type
    return _problem(refusal.code, refusal.status, refusal.message)


async def _unknown(request: Request, error: Exception) -> Response:
    """Answer for a path or method that isn't there: whoever wanted to change something learns how it is done."""
    if request.method not in ("GET", "HEAD"):
        return _problem(42205, 422, READ_ONLY)
    status = error.status_code if isinstance(error, HTTPException) else 404
    return _problem(status, status, f"There is nothing at {request.url.path}. See / for what can be asked.")


async def _broken(_: Request, __: Exception) -> Response:
    return _problem(50001, 500, "The registry broke on this question; its log says why.")
