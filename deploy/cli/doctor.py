"""`dancu doctor`: what is wrong with the world around the hub, layer by layer, and what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer
from rich.markup import escape
from rich.status import Status
from rich.table import Column, Table

from deploy.cli.output import show, write_json
from deploy.cli.shell import screen
from deploy.doctor import Finding, State, Wish, examine
from deploy.settings import BadSetting, Settings
from monitoring.words import Words

_STATES = {
    State.OK: ("green", "✓", Words("tốt", "ok")),
    State.WARNING: ("yellow", "!", Words("cần xem", "warning")),
    State.PROBLEM: ("bold red", "✗", Words("hỏng", "problem")),
    State.SKIPPED: ("dim", "-", Words("bỏ qua", "skipped")),
}
#: The last word of a check's name, or the first where that says more.
_LAYERS = {
    "dns": Words("tên máy", "name"),
    "tcp": Words("kết nối", "connection"),
    "tls": Words("mã hóa", "encryption"),
    "sasl": Words("đăng nhập", "log-in"),
    "listeners": Words("địa chỉ quảng bá", "advertised addresses"),
    "authorisation": Words("quyền", "rights"),
    "topics": Words("chủ đề", "topics"),
    "replicas": Words("bản sao", "replicas"),
    "login": Words("đăng nhập", "log-in"),
    "writable": Words("quyền ghi", "writing"),
    "connections": Words("số kết nối", "connections"),
    "registers": Words("phiên bản bảng", "tables"),
    "deliveries": Words("phiên bản bảng", "tables"),
    "schema": Words("phiên bản bảng", "tables"),
    "space": Words("dung lượng", "space"),
    "inodes": Words("số tệp", "files"),
    "ids": Words("mã lược đồ", "schema ids"),
    "clock": Words("đồng hồ", "clock"),
    "agency": Words("cơ quan", "agency"),
    "home": Words("tệp", "file"),
    "settings": Words("cấu hình", "settings"),
    "agreements": Words("thỏa thuận", "agreements"),
    "library": Words("thư viện", "library"),
    "service": Words("dịch vụ", "service"),
    "readers": Words("đầu đọc", "readers"),
    "access": Words("quyền", "rights"),
    "authorities": Words("chứng thư CSCA", "CSCA certificates"),
    "lists": Words("danh sách thu hồi", "revocation lists"),
    "hub": Words("đường lên", "uplink"),
    "outbox": Words("hàng chờ gửi", "what waits to be sent"),
}


class Role(StrEnum):
    """The processes that a hub has."""

    INTAKE = "intake"
    WORKER = "worker"
    DELIVER = "deliver"
    WEB = "web"
    OPERATOR = "operator"


def doctor(
    context: typer.Context,
    timeout: Annotated[
        float, typer.Option(min=0.5, max=10, help="Số giây chờ mỗi câu trả lời / seconds for one answer.")
    ] = 3.0,
    role: Annotated[
        list[Role] | None,
        typer.Option(help="Tiến trình cần kiểm tra quyền / processes whose rights are checked (default: dancu run's)."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tìm nguyên nhân khi hệ thống không chạy. / Find out why the hub does not work, and what to do."""
    settings = context.find_root().obj
    if not isinstance(settings, Settings | BadSetting):
        raise TypeError("the command was not called through `dancu`")
    wish = Wish(tuple(one.value for one in role) if role else Wish().roles, timeout)
    with screen.status("Đang kiểm tra / Looking …") as progress:
        found = examine(settings, wish, lambda check: _tell(progress, check))
    report(found, json=json)


def report(found: Sequence[Finding], *, json: bool) -> None:
    """Print what was found. Ends the command with exit code 1 when there is a problem."""
    if json:
        write_json([one.as_json() for one in found])
    else:
        show(_table(found), *_advice(found), _summary(found))
    if any(one.state is State.PROBLEM for one in found):
        raise typer.Exit(1)


def _tell(progress: Status, check: str) -> None:
    progress.update(f"Đang kiểm tra / Looking … {check}")


def _table(found: Sequence[Finding]) -> Table:
    table = Table("", Column("Kiểm tra / Check"), Column("Kết quả / Finding", overflow="fold"))
    for one in found:
        style, mark, words = _STATES[one.state]
        layer = _layer(one.check)
        table.add_row(f"[{style}]{mark} {words}[/]", f"{one.check}\n[dim]{layer}[/]" if layer else one.check,
                      escape(one.what))  # fmt: skip
    return table


def _advice(found: Sequence[Finding]) -> list[str]:
    """Say what to do, the problems first."""
    lines = []
    for state in (State.PROBLEM, State.WARNING):
        style, mark, _ = _STATES[state]
        lines += [f"[{style}]{mark} {one.check}[/]: {escape(one.advice)}" for one in found if one.state is state]
    return lines


def _summary(found: Sequence[Finding]) -> str:
    counts = Counter(one.state for one in found)
    if not counts[State.PROBLEM] and not counts[State.WARNING]:
        return "[green]Không thấy vấn đề gì. / Nothing is wrong.[/]"
    return f"{counts[State.PROBLEM]} hỏng / problems · {counts[State.WARNING]} cần xem / warnings"


def _layer(check: str) -> Words | None:
    parts = check.split(".")
    if parts[0] == "home" and parts[-1] != "schema":
        return _LAYERS["home"]
    return _LAYERS.get(parts[-1]) or _LAYERS.get(parts[0])
