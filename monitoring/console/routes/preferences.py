"""How somebody likes the pages: language and colours, kept in the browser."""

# No `from __future__ import annotations`: FastAPI reads the annotations, and some name what is made here.

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from monitoring.console.languages import VI, known
from monitoring.console.page import remember
from monitoring.console.parts import Parts
from monitoring.console.places import PREFIX, local
from monitoring.console.visitor import LANGUAGE, THEME, THEMES, posted

Form = Annotated[FormData, Depends(posted)]


def add_preferences(router: APIRouter, _: Parts) -> None:
    """Add the routes. They change nothing but the browser's own cookies, so they need no login."""

    @router.post("/language")
    def language(request: Request, form: Form) -> Response:
        return _kept(request, form, LANGUAGE, known(str(form.get("lang", ""))) or VI)

    @router.post("/theme")
    def theme(request: Request, form: Form) -> Response:
        wanted = str(form.get("theme", ""))
        return _kept(request, form, THEME, wanted if wanted in THEMES else "auto")


def _kept(request: Request, form: FormData, name: str, value: str) -> Response:
    response = RedirectResponse(local(str(form.get("back", PREFIX))), 303)
    remember(request, response, name, value)
    return response
