"""One person, for those who say why: facts, consents, and who received what. The number is never in an address."""

# No `from __future__ import annotations`: FastAPI reads the annotations, and some name what is made here.

import re
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.access.looks import Look
from hub.audit import Entry, Written, newest_entries, write_entry
from hub.database import reading
from hub.discretion import masked
from monitoring.console.looks import OPENED, session_of
from monitoring.console.page import page
from monitoring.console.parts import Parts
from monitoring.console.places import PREFIX, person
from monitoring.console.refusals import Refused
from monitoring.console.routes.events import why_of
from monitoring.console.saying_why import typed
from monitoring.console.visitor import Visitor, may, posted
from monitoring.person.history import every_page, page_of
from monitoring.person.receipt import as_csv, as_json, rows_of
from monitoring.person.words import FACTS, PROTECTION, value_in_words
from monitoring.words import Words

Form = Annotated[FormData, Depends(posted)]
_AT_ONCE: Final = 50
_LOOKS_SHOWN: Final = 20
_PLACE = re.compile(r"(?P<at>[0-9]{1,15})-(?P<position>[0-9]{1,18})")
_NOT_A_NUMBER: Final = Words("Số định danh cá nhân có 12 chữ số.", "A personal number has 12 digits.")
_ENDED: Final = Words(
    "Lượt tra cứu này đã kết thúc (sau 15 phút, hoặc khi đăng xuất). Hãy tra lại, nêu lý do.",
    "This look-up has ended (after 15 minutes, or with the session). Ask once more, with a reason.",
)


def add_persons(router: APIRouter, parts: Parts) -> None:
    """Add the routes."""
    may_reveal = Annotated[Visitor, Depends(may(parts, "reveal"))]

    def kept(visitor: Visitor, look_id: str) -> Look | None:
        return parts.looks.kept(session_of(visitor), look_id, parts.now())

    def asked(request: Request, visitor: Visitor, wrong: Words | None = None, status: int = 200) -> Response:
        return page(request, visitor, "persons.html", status_code=status, wrong=wrong)

    @router.get("/persons")
    def persons(request: Request, visitor: may_reveal) -> Response:
        return asked(request, visitor)

    @router.post("/persons")
    def search(request: Request, visitor: may_reveal, form: Form) -> Response:
        number = re.sub(r"[\s.]", "", typed(form, "number"))
        if not re.fullmatch(r"[0-9]{12}", number):
            return asked(request, visitor, _NOT_A_NUMBER, 422)
        _record(parts, visitor, "person.looked_up", number, why_of(form))
        now = parts.now()
        return RedirectResponse(person(parts.looks.keep(session_of(visitor), number, now, now + OPENED)), 303)

    @router.get("/persons/{look_id}")
    def one(request: Request, visitor: may_reveal, look_id: str, after: str = "") -> Response:
        look = kept(visitor, look_id)
        if look is None:
            return asked(request, visitor, _ENDED, 404)
        return page(request, visitor, "person.html", **_shown(parts, visitor, look, look_id, after))

    @router.post("/persons/{look_id}/receipt")
    def receipt(visitor: may_reveal, look_id: str, form: Form) -> Response:
        return _receipt(parts, visitor, kept(visitor, look_id), form)

    @router.post("/persons/{look_id}/close")
    def close(visitor: may_reveal, look_id: str) -> Response:
        parts.looks.drop(session_of(visitor), look_id)
        return RedirectResponse(f"{PREFIX}/persons", 303)


def _shown(parts: Parts, visitor: Visitor, look: Look, look_id: str, after: str) -> dict[str, Any]:
    file = parts.persons.of(look.value, parts.now())
    place = _PLACE.fullmatch(after)
    behind = (int(place["at"]), int(place["position"])) if place else (0, -1)
    events = page_of(parts.looking.stores, file.numbers, behind, _AT_ONCE)
    more = "{}-{}".format(*events[-1].place) if len(events) == _AT_ONCE else None
    return {
        "file": file,
        "events": events,
        "more": more,
        "first": place is not None,
        "look_id": look_id,
        "until": look.until,
        "now": parts.now(),
        "looked": _looked(parts, file.numbers) if visitor.may("audit") else None,
        "agreements": parts.agreements,
        "facts": FACTS,
        "protection": PROTECTION,
        "value_in_words": value_in_words,
    }


def _looked(parts: Parts, numbers: Any) -> list[Written]:
    """Return who has looked at the person here, the newest first: auditors see it."""
    with reading(parts.deliveries) as connection:
        found = [
            one for number in numbers for one in newest_entries(connection, _LOOKS_SHOWN, subject=parts.mark(number))
        ]
    return sorted(found, key=lambda one: -one.number)[:_LOOKS_SHOWN]


def _receipt(parts: Parts, visitor: Visitor, look: Look | None, form: FormData) -> Response:
    if look is None:
        raise Refused(404, _ENDED.vi, _ENDED.en)
    why, as_table = why_of(form), typed(form, "format") == "csv"
    numbers, at = parts.persons.numbers_of(look.value), parts.now()
    _record(parts, visitor, "person.exported", look.value, why)
    events = every_page(parts.looking.stores, numbers)
    rows = rows_of(events, parts.agreements, parts.persons.catalogue)
    if as_table:
        body, kind, ending = as_csv(rows).encode(), "text/csv; charset=utf-8", "csv"
    else:
        content = as_json(numbers[0], at, rows)
        body, kind, ending = orjson.dumps(content, option=orjson.OPT_INDENT_2), "application/json", "json"
    headers = {"Content-Disposition": f'attachment; filename="dancu-receipt.{ending}"', "Cache-Control": "no-store"}
    return Response(body, headers=headers, media_type=kind)


def _record(parts: Parts, visitor: Visitor, action: str, number: str, reason: str) -> None:
    """Write down who looks at whom, under the name of the number that is valid now."""
    valid = parts.persons.numbers_of(number)[0]
    entry = Entry(parts.now(), visitor.name, action, parts.mark(valid), reason, {"person": masked(valid)})
    with parts.deliveries.begin() as connection:
        write_entry(connection, entry)
