"""One event: its path, how each agency stands, and its content, covered until somebody says why it must be seen."""

# No `from __future__ import annotations`: FastAPI reads the annotations, and some name what is made here.

import re
from collections.abc import Callable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.audit import Entry, write_entry
from hub.discretion import without_numbers
from monitoring.asides import lately
from monitoring.console.looks import REVEALED, session_of
from monitoring.console.page import page
from monitoring.console.parts import Parts
from monitoring.console.places import event
from monitoring.console.refusals import Refused
from monitoring.console.saying_why import NoReason, reason_of, typed
from monitoring.console.visitor import Visitor, may, posted
from monitoring.fresh import Fresh
from monitoring.words import STANDINGS, VERDICTS, Words

Form = Annotated[FormData, Depends(posted)]
#: Seconds that the list of what was set aside may be old.
_FRESH: Final = 3.0
_LONGEST_ID: Final = 200
_NUMBER = re.compile(r"\d{3}[ .]?\d{3}[ .]?\d{3}[ .]?\d{3}")
_A_NUMBER: Final = Words(
    "Đây là số định danh của một người, không phải mã sự kiện. Hãy tra ở trang Công dân.",
    "This is a person's number, not the id of an event. Look it up on the page Persons.",
)
_UNKNOWN: Final = Words(
    "Chưa từng thấy sự kiện có mã này. Kiểm tra xem mã có đủ không; nếu nguồn chưa gửi, hãy gửi bằng `dancu ingest`.",
    "The hub has never seen an event with this id. Look whether the id is whole; if it was never sent, send it with"
    " `dancu ingest`.",
)
_NOT_TYPED: Final = Words("Hãy nhập mã sự kiện.", "Enter the id of an event.")


#: Shows an event to a visitor.
_Show = Callable[[Request, Visitor, str], Response]


def add_events(router: APIRouter, parts: Parts) -> None:
    """Add the routes."""
    look = Annotated[Visitor, Depends(may(parts, "look"))]
    recent = Fresh(lambda: lately(parts.registers), _FRESH)

    def listed(request: Request, visitor: Visitor, wrong: Words | None, status: int) -> Response:
        return page(request, visitor, "events.html", status_code=status, recent=recent(), wrong=wrong)

    def show(request: Request, visitor: Visitor, event_id: str) -> Response:
        shown = parts.looks.allowed(session_of(visitor), event_id, parts.now()) if visitor.may("reveal") else None
        found = parts.looking.of(event_id, revealed=shown is not None)
        if found is None:
            return listed(request, visitor, _UNKNOWN, 404)
        values: dict[str, Any] = {"verdicts": VERDICTS, "standings": STANDINGS, "agreements": parts.agreements}
        return page(request, visitor, "event.html", look=found, revealed=shown, now=parts.now(), **values)

    @router.get("/events")
    def events(request: Request, visitor: look) -> Response:
        return listed(request, visitor, None, 200)

    @router.post("/events")
    def search(request: Request, visitor: look, form: Form) -> Response:
        event_id = typed(form, "event_id").strip()
        if not event_id or len(event_id) > _LONGEST_ID or not event_id.isprintable():
            return listed(request, visitor, _NOT_TYPED, 422)
        if _NUMBER.fullmatch(event_id):
            return listed(request, visitor, _A_NUMBER, 422)
        if parts.looking.of(event_id) is None:
            return listed(request, visitor, _UNKNOWN, 404)
        return _lead(request, visitor, event_id, show)

    @router.get("/events/{event_id:path}")
    def one(request: Request, visitor: look, event_id: str) -> Response:
        return show(request, visitor, event_id)

    _add_reveal(router, parts, show)


def _add_reveal(router: APIRouter, parts: Parts, show: _Show) -> None:
    """Add what uncovers an event's content for some minutes, and covers it again."""
    may_reveal = Annotated[Visitor, Depends(may(parts, "reveal"))]

    @router.post("/reveal")
    def reveal(request: Request, visitor: may_reveal, form: Form) -> Response:
        event_id, why = typed(form, "event_id"), why_of(form)
        if parts.looking.of(event_id) is None:
            raise Refused(404, _UNKNOWN.vi, _UNKNOWN.en)
        now = parts.now()
        entry = Entry(now, visitor.name, "event.revealed", without_numbers(event_id), why, {})
        with parts.deliveries.begin() as connection:
            write_entry(connection, entry)
        parts.looks.allow(session_of(visitor), event_id, now, now + REVEALED)
        return _lead(request, visitor, event_id, show, "#content")

    @router.post("/conceal")
    def conceal(request: Request, visitor: may_reveal, form: Form) -> Response:
        event_id = typed(form, "event_id")
        parts.looks.forbid(session_of(visitor), event_id)
        return _lead(request, visitor, event_id, show)


def _lead(request: Request, visitor: Visitor, event_id: str, show: _Show, part: str = "") -> Response:
    """Lead to an event's page. Where a source has put a personal number into the id, no address has it: it is shown."""
    if without_numbers(event_id) != event_id:
        return show(request, visitor, event_id)
    return RedirectResponse(event(event_id) + part, 303)


def why_of(form: FormData) -> str:
    """Return why, without any personal number: it stays in the audit trail for good. Raises `Refused`."""
    try:
        return without_numbers(reason_of(form))
    except NoReason as missing:
        raise Refused(
            422,
            "Phải nêu lý do, nhiều nhất 2000 ký tự; lý do được ghi vào nhật ký kiểm toán.",
            f"{missing}.",
        ) from missing
