"""The audit trail: who did what, when and why, and whether it is as it was written."""

# No `from __future__ import annotations`: FastAPI reads the annotations, and some name what is made here.

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.audit import check_trail, last_entry, newest_entries
from hub.database import reading
from monitoring.console.page import page
from monitoring.console.parts import Parts
from monitoring.console.places import PREFIX
from monitoring.console.saying_why import typed
from monitoring.console.visitor import Visitor, may, posted

Form = Annotated[FormData, Depends(posted)]
_AT_ONCE: Final = 100
_FILTERS: Final = ("subject", "action", "by")
_NOTED = re.compile(r"(?P<number>[0-9]{1,18}):(?P<hash>[0-9a-f]{64})")


def add_audit(router: APIRouter, parts: Parts) -> None:
    """Add the routes."""
    audit = Annotated[Visitor, Depends(may(parts, "audit"))]

    @router.get("/audit")
    def trail(request: Request, visitor: audit, before: str = "") -> Response:
        only = {name: request.query_params.get(name, "").strip() for name in _FILTERS}
        behind = int(before) if before.isascii() and before.isdecimal() and len(before) < 19 else None
        with reading(parts.deliveries) as connection:
            found = newest_entries(
                connection, _AT_ONCE, behind, **{name: value or None for name, value in only.items()}
            )
            last = last_entry(connection)
        more = _address(only, before=found[-1].number) if len(found) == _AT_ONCE else None
        first = _address(only) if behind is not None else None
        values: dict[str, Any] = {"entries": found, "last": last, "only": only, "more": more, "first": first}
        return page(request, visitor, "audit.html", **values)

    @router.get("/audit/check")
    def check(request: Request, visitor: audit, expect: str = "") -> Response:
        noted = _NOTED.fullmatch(expect.strip())
        wrong = bool(expect.strip()) and noted is None
        pair = (int(noted["number"]), noted["hash"]) if noted else None
        with reading(parts.deliveries) as connection:
            broken, last = check_trail(connection, pair), last_entry(connection)
        values = {"broken": broken, "last": last, "noted": pair, "wrong": wrong, "now": parts.now()}
        return page(request, visitor, "audit_check.html", status_code=422 if wrong else 200, **values)

    @router.post("/audit")
    def narrow(visitor: audit, form: Form) -> Response:  # noqa: ARG001 - who may not audit may not ask either
        """Lead to what is wanted. The number of a person goes no further than here."""
        only = {name: typed(form, name).strip() for name in _FILTERS}
        number = re.sub(r"[\s.]", "", only["subject"])
        if re.fullmatch(r"[0-9]{12}", number):
            only["subject"] = parts.mark(parts.persons.numbers_of(number)[0])
        return RedirectResponse(_address(only), 303)


def _address(only: Mapping[str, Any], **more: Any) -> str:
    asked = {name: value for name, value in {**only, **more}.items() if value not in (None, "")}
    return f"{PREFIX}/audit" + (f"?{urlencode(asked)}" if asked else "")
