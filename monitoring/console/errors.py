"""Errors below `/console` as pages that say what to do; programs get the problems that they get everywhere else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlsplit

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.problems import Problem
from monitoring.console.page import page
from monitoring.console.places import LOGIN, local
from monitoring.console.refusals import Refused
from monitoring.console.security import is_console, secure
from monitoring.console.visitor import stranger
from monitoring.words import Words

_Handler = Callable[[Request, Exception], Awaitable[Response]]
#: Headers of the answer that the page keeps.
_KEPT: Final = ("retry-after", "allow")


class _Said(NamedTuple):
    title: Words
    help: Words


_SAID: Final = {
    400: _Said(
        Words("Không đọc được yêu cầu", "The request can't be read"),
        Words("Kiểm tra địa chỉ hoặc những gì đã nhập.", "Check the address, or what was entered."),
    ),
    401: _Said(Words("Cần đăng nhập", "Log in first"), Words("Đăng nhập rồi thử lại.", "Log in, then try again.")),
    403: _Said(
        Words("Không được phép", "Not allowed"),
        Words(
            "Nếu công việc cần việc này, hãy nhờ người có vai trò phù hợp.",
            "If your work takes this, ask somebody who has the role.",
        ),
    ),
    404: _Said(
        Words("Không tìm thấy", "Not found"),
        Words("Kiểm tra địa chỉ, hoặc bắt đầu lại từ trang tổng quan.", "Check the address, or begin at the overview."),
    ),
    409: _Said(
        Words("Lúc này không làm được", "Not possible now"),
        Words(
            "Tình trạng đã thay đổi. Hãy tải lại trang và xem.", "Things have changed meanwhile. Load the page again."
        ),
    ),
    422: _Said(
        Words("Nội dung không hợp lệ", "What was entered can't be used"),
        Words("Quay lại và sửa.", "Go back and correct it."),
    ),
    429: _Said(
        Words("Quá nhiều lần thử", "Too many tries"),
        Words("Hãy đợi một lát rồi thử lại.", "Wait a while, then try again."),
    ),
    500: _Said(
        Words("Hệ thống gặp lỗi", "The hub failed"),
        Words(
            "Nhật ký của hệ thống ghi rõ chỗ lỗi. Chạy `dancu doctor` và báo người vận hành.",
            "The hub's log says where. Run `dancu doctor`, and tell those who operate it.",
        ),
    ),
    503: _Said(
        Words("Tạm thời không dùng được", "Not available now"),
        Words(
            "Không đọc được nhật ký sự kiện hoặc cơ sở dữ liệu. Thử lại sau ít giây; nếu vẫn vậy, chạy `dancu doctor`.",
            "The log or the database can't be used. Try again in some seconds; if it stays so, run `dancu doctor`.",
        ),
    ),
}


def answer_pages(app: FastAPI) -> None:
    """Let the errors that an application answers be pages for browsers below `/console`."""
    for kind, handler in list(app.exception_handlers.items()):
        app.add_exception_handler(kind, _as_page(handler))


def _as_page(handler: Any) -> _Handler:
    async def answer(request: Request, error: Exception) -> Response:
        response: Response = await handler(request, error)
        if not is_console(request.url.path):
            return response
        if response.status_code == 401 and "authorization" not in request.headers:
            response = _to_login(request)
        elif _is_browser(request):
            response = _error_page(request, response, error)
        secure(response.headers)  # what answers a bug stands outside the door
        return response

    return answer


def _is_browser(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _to_login(request: Request) -> Response:
    """Lead to the login, and back from there. What htmx fetches must not put the login into a part of a page."""
    if "hx-request" in request.headers:
        at = urlsplit(request.headers.get("hx-current-url", ""))
        return Response(status_code=401, headers={"HX-Redirect": _login(at.path, at.query)})
    if request.method != "GET":
        return RedirectResponse(LOGIN, 303)
    return RedirectResponse(_login(request.url.path, request.url.query), 303)


def _login(path: str, query: str) -> str:
    goal = local(path + (f"?{query}" if query else ""))
    return f"{LOGIN}?next={quote(goal, safe='')}"


def _error_page(request: Request, response: Response, error: Exception) -> Response:
    status = response.status_code
    said = _SAID.get(status) or _SAID[500 if status >= 500 else 400]
    detail = error.detail if isinstance(error, Problem) and status < 500 else ""
    more = error.words if isinstance(error, Refused) else Words(detail, detail)
    visitor = getattr(request.state, "visitor", None) or stranger(request)
    found = page(request, visitor, "error.html", status_code=status, status=status, said=said, more=more)
    for name in _KEPT:
        if name in response.headers:
            found.headers[name] = response.headers[name]
    return found
