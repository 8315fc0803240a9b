"""The HTTP interface of intake: POST /events, and its description at /openapi.json."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated

import orjson
import uuid_utils
from fastapi import FastAPI, Request, Response, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException

from adapters.bodies import body_of
from adapters.http_intake.collector import Collector, Unavailable
from adapters.http_intake.description import EVENTS, SAYS, TITLE
from adapters.http_intake.modes import Offer, Offered, read_request
from adapters.http_intake.queue import Busy, HandedIn
from adapters.http_intake.senders import LOCAL, BadTokens, Sender, Senders, forbidden
from adapters.http_intake.verdict import Verdict
from hub.intake.admit import LONGEST
from hub.intake.desk import Sent, Unread
from hub.problems import Problem, try_again

#: Seconds that a sender waits for the log.
_LOG_PATIENCE = 60.0
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

_BEARER = HTTPBearer(auto_error=False, description="The source's token, as `dancu intake token NAME` printed it.")


def make_app(collector: Collector, senders: Senders | None) -> FastAPI:
    """Return the application. Without `senders` nobody needs a token; then it must listen on this machine only."""
    app = FastAPI(title=TITLE, description=SAYS, version="1", docs_url=None, redoc_url=None)
    app.add_exception_handler(Problem, _answer_problem)
    app.add_exception_handler(HTTPException, _answer_http)
    identify = _identify(senders)

    @app.post("/events", status_code=202, **EVENTS)
    async def events(
        request: Request, bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)]
    ) -> Response:
        sender = identify(request, bearer)
        offer = read_request(request.headers.raw, await body_of(request, LONGEST))
        verdict = await _hand_in(collector, sender, [_checked(sender, event) for event in offer.events])
        return _answer(sender, offer, verdict)

    return app


def _identify(
    senders: Senders | None,
) -> Callable[[Request, HTTPAuthorizationCredentials | None], Sender]:
    def by_token(_: Request, bearer: HTTPAuthorizationCredentials | None) -> Sender:
        if bearer is None:
            raise Problem(401, "Send the header Authorization: Bearer TOKEN.", _challenge())
        try:
            sender = senders.of(bearer.credentials) if senders else None
        except BadTokens as problem:
            raise try_again("The list of tokens can't be read at the hub.", 30) from problem
        if sender is None:
            raise Problem(401, "The token is not known.", _challenge("invalid_token"))
        return sender

    def by_place(request: Request, _: HTTPAuthorizationCredentials | None) -> Sender:
        if request.url.hostname not in _LOOPBACK:  # a page in a browser here that calls itself another name
            raise Problem(403, "Without tokens the hub answers on this machine only, as 127.0.0.1 or localhost.")
        return LOCAL

    return by_place if senders is None else by_token


def _challenge(error: str | None = None) -> dict[str, str]:
    return {"WWW-Authenticate": 'Bearer realm="dancu intake"' + (f', error="{error}"' if error else "")}


def _checked(sender: Sender, event: Offered) -> Offered:
    """Replace an event that its sender may not speak for by its refusal."""
    if isinstance(event.content, Unread) or sender.may_say(event.source):
        return event
    return event._replace(content=forbidden(sender, event.content))


async def _hand_in(collector: Collector, sender: Sender, events: list[Offered]) -> Verdict:
    """Wait until the events are in the log. Raises `Problem` when that can't be promised."""
    request_id = uuid_utils.uuid7().hex
    pieces = [Sent(f"{request_id}.{index}", event.content) for index, event in enumerate(events)]
    try:
        future = collector.hand_in(HandedIn(sender.name, pieces, [event.event_id for event in events]))
        return await asyncio.wait_for(asyncio.wrap_future(future), _LOG_PATIENCE)
    except Busy:
        raise try_again("The hub has more to take in than it can now.") from None
    except Unavailable:
        raise try_again("The hub's log or database can't be used now.", 5) from None
    except TimeoutError:
        raise try_again("The hub's log does not answer.", 30) from None
    except Exception as error:
        raise Problem(500, "The hub failed on this request; its log says where.") from error


def _answer(sender: Sender, offer: Offer, verdict: Verdict) -> Response:
    """Tell the sender. Where something was taken, what was refused beside it is in the list."""
    told = verdict.as_json()
    if verdict.accepted or verdict.duplicates or not verdict.refused:
        return Response(orjson.dumps(told), 202, media_type="application/json")
    if offer.malformed:
        raise Problem(400, f"The request can't be read: {verdict.refused[0].detail}", more=told)
    if all(event.reason == "forbidden_source" for event in verdict.refused):
        detail = f"The sender {sender.name} may not speak for this source."
        raise Problem(403, detail, _challenge("insufficient_scope"), told)
    raise Problem(422, "No event was taken; `refused` says of each why.", more=told)


async def _answer_problem(_: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)  # noqa: S101 - registered for it alone
    return problem.response()


async def _answer_http(_: Request, error: Exception) -> Response:
    """Answer what Starlette refuses by itself, such as an unknown path, in the same form."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it alone
    return Problem(error.status_code, f"{error.detail}. Events go to POST /events.", error.headers).response()
