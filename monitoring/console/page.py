"""Makes pages of templates: in the visitor's language, with nothing left undefined."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache, partial
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from hub.discretion import masked, without_numbers
from monitoring.console import languages, places
from monitoring.console.assets import asset
from monitoring.console.languages import EN, VI, Lang, known
from monitoring.console.showing import SECTORS, badge_of
from monitoring.console.spark import spark_points
from monitoring.console.visitor import LANGUAGE, Visitor
from monitoring.kinds import type_name
from monitoring.words import REASONS, STEPS, Words, reason
from schemas.conversion import millis

#: Seconds that the browser remembers a language or colours.
REMEMBERED: Final = 400 * 86_400


def page(
    request: Request,
    visitor: Visitor,
    template: str,
    *,
    status_code: int = 200,
    **values: Any,
) -> HTMLResponse:
    """Return a page made of a template; `values` are its variables, beside `visitor`, `here` and `now`."""
    html = render(visitor, template, **{"here": _here(request)} | values)
    response = HTMLResponse(html, status_code)
    if lang := known(request.query_params.get("lang")):
        remember(request, response, LANGUAGE, lang)
    return response


def render(visitor: Visitor, template: str, *, here: str = places.PREFIX, **values: Any) -> str:
    """Return what a template makes of values, for a visitor who is at `here`."""
    values.setdefault("now", time.time_ns() // 1_000_000)
    return environment(visitor.lang).get_template(template).render(visitor=visitor, here=here, **values)


def remember(request: Request, response: Response, name: str, value: str) -> None:
    """Let the browser keep how somebody likes the pages."""
    response.set_cookie(
        name, value, REMEMBERED, path=places.PREFIX, secure=is_https(request), httponly=True, samesite="lax"
    )


def is_https(request: Request) -> bool:
    """Whether the browser's connection is encrypted, as far as we or a proxy before us can tell."""
    return "https" in (request.url.scheme, request.headers.get("x-forwarded-proto", ""))


@cache
def environment(lang: Lang) -> Environment:
    """Return the templates of a language: texts, numbers and times are chosen here once, not in every call."""
    made = Environment(
        loader=PackageLoader("monitoring.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {
        "number": partial(languages.number, lang),
        "moment": partial(languages.moment, lang),
        "span": partial(languages.span, lang),
        "day": partial(languages.day, lang),
        "ago": _ago(lang),
        "masked": masked,
        "numberless": without_numbers,
        "words": _chosen(lang),
        "reason": lambda code: _chosen(lang)(reason(code)),
        "instant": lambda text: languages.moment(lang, millis(text)),
        "event_type": lambda code: _chosen(lang)(type_name(code)),
    }
    made.globals |= {
        "t": _text(lang),
        "lang": lang,
        "asset": asset,
        "csrf_field": _csrf_field,
        "places": places,
        "badge_of": badge_of,
        "spark_points": spark_points,
        "STEPS": STEPS,
        "REASONS": REASONS,
        "SECTORS": SECTORS,
    }
    return made


def _text(lang: Lang) -> Callable[[str, str], str]:
    return lambda vi, en: vi if lang == VI else en


def _chosen(lang: Lang) -> Callable[[Words], str]:
    return lambda words: words.en if lang == EN else words.vi


def _ago(lang: Lang) -> Callable[..., Markup]:
    @pass_context
    def ago(context: Context, ms: int | None) -> Markup:
        return languages.ago(lang, ms, context["now"])

    return ago


@pass_context
def _csrf_field(context: Context) -> Markup:
    return Markup('<input type="hidden" name="csrf" value="{}">').format(context["visitor"].csrf)


def _here(request: Request) -> str:
    """Return the page's own address without the language, to come back to."""
    query = request.url.remove_query_params("lang").query
    return request.url.path + (f"?{query}" if query else "")
