"""Linked procedures: the cases of each, those late first, and one case as steps over agencies."""

# No `from __future__ import annotations`: FastAPI reads the annotations, and some name what is made here.

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from hub.procedures.case import Case
from hub.procedures.course import State
from hub.procedures.store import NoSuchPage, Page
from monitoring.console.page import page
from monitoring.console.parts import Parts
from monitoring.console.places import PREFIX
from monitoring.console.refusals import Refused
from monitoring.console.visitor import Visitor, may
from monitoring.evidence import gather
from monitoring.fresh import Fresh
from monitoring.procedures import KINDS, counts_as_json, in_order, last_day
from monitoring.story import Standing
from monitoring.telling import tell

#: Cases of a page, and seconds that the counts may be old.
_ROWS: Final = 50
_FRESH: Final = 3.0
_ENDED: Final = (State.DONE, State.CANCELLED)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases a visitor wants to see. An empty text: all."""

    procedure: str = ""
    state: str = ""
    agency: str = ""
    after: str = ""

    def address(self, **other: str) -> str:
        """Return where the list is with other wishes; a page that was gone to is left."""
        wishes = replace(self, **{"after": "", **other})
        query = {name: value for name in self.__slots__ if (value := getattr(wishes, name))}
        return f"{PREFIX}/procedures" + (f"?{urlencode(query)}" if query else "")


def add_procedures(router: APIRouter, parts: Parts) -> None:
    """Add the routes."""
    look = Annotated[Visitor, Depends(may(parts, "look"))]
    cases, names = parts.cases, parts.procedures
    counts, late = Fresh(cases.counts, _FRESH), Fresh(cases.late_by_agency, _FRESH)
    words: dict[str, Any] = {"names": names, "kinds": KINDS, "agreements": parts.agreements, "in_order": in_order}
    words["last_day"] = last_day

    @router.get("/procedures")
    def procedures(
        request: Request, visitor: look, procedure: str = "", state: str = "", agency: str = "", after: str = ""
    ) -> Response:
        wanted = Wanted(procedure, state if state in list(State) else "", agency, after)
        found = _page(wanted)
        next_ = wanted.address(after=found.next) if found.next else None
        values: dict[str, Any] = {
            "wanted": wanted,
            "rows": found.cases,
            "next": next_,
            "now": parts.now(),
            "late": late(),
        }
        return page(request, visitor, "procedures.html", counts=counts_as_json(counts(), names), **values, **words)

    @router.get("/procedures/{event_id}")
    def one_case(request: Request, visitor: look, event_id: str) -> Response:
        case = cases.case(event_id)
        if case is None:
            raise Refused(
                404,
                "Không có hồ sơ liên thông nào do sự kiện này mở ra.",
                "No case of a linked procedure was begun by this event.",
            )
        return page(request, visitor, "procedure.html", case=case, standings=_standings(case), now=parts.now(), **words)

    def _standings(case: Case) -> Mapping[str, Standing]:
        """Say where the event stands with the agencies, while the case waits for one of them."""
        if case.state in _ENDED or all(step.done_at is not None for step in case.steps):
            return {}
        evidence = gather(parts.looking.stores, case.event_id)
        return tell(evidence, parts.agreements).agencies if evidence else {}

    def _page(wanted: Wanted) -> Page:
        state = State(wanted.state) if wanted.state else None
        if wanted.agency and state in _ENDED:
            return Page((), None)  # what has ended waits for nobody: the page says so
        chosen = wanted.procedure or None, state, wanted.after or None
        try:
            return cases.page(*chosen, limit=_ROWS, agency=wanted.agency or None)
        except NoSuchPage as error:
            said = "Địa chỉ của trang này không đúng; hãy mở lại danh sách từ đầu."
            raise Refused(400, said, "This is no page of the list; open it from its beginning.") from error
