"""Puts the console into a web application: its pages, what guards them, and how they answer errors."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI
from starlette.responses import RedirectResponse

from monitoring.console.assets import add_assets
from monitoring.console.errors import answer_pages
from monitoring.console.languages import VI
from monitoring.console.page import environment
from monitoring.console.parts import Parts
from monitoring.console.places import PREFIX
from monitoring.console.routes import PAGES
from monitoring.console.security import Door

#: What the first page is made of.
_FIRST_TEMPLATES = ("layout.html", "parts.html", "icons.html", "overview.html", "overview_figures.html")


def make_console(parts: Parts) -> APIRouter:
    """Return the routes below `/console`. They take `security.Door` before them: `add_console` does it all."""
    router = APIRouter(prefix=PREFIX, include_in_schema=False)
    add_assets(router)
    for add in PAGES:
        add(router, parts)
    return router


def add_console(app: FastAPI, parts: Parts) -> None:
    """Add the console to an application whose error handlers are there already; `/` leads to it."""
    app.include_router(make_console(parts))
    app.add_api_route("/", _to_console, include_in_schema=False)
    app.add_middleware(Door, on_change=parts.standing.forget)
    answer_pages(app)


def warm_up() -> None:
    """Make what the first page needs, so that its first visitors do not all make it at once."""
    for template in _FIRST_TEMPLATES:
        environment(VI).get_template(template)


def _to_console() -> RedirectResponse:
    return RedirectResponse(PREFIX, 303)
