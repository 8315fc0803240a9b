"""`dancu edge join`: make this machine a counter of a hub, or give the counter a new key."""

from __future__ import annotations

import platform
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.cli.edge.extra import edge_extra
from deploy.cli.edge.plain import plain_edge_errors
from deploy.cli.output import write_json
from deploy.cli.shell import fail, plain_errors, screen
from deploy.edge.settings import EdgeSettings, load_edge_settings

if TYPE_CHECKING:
    from adapters.card_reader.producer.device import Enrolment


def join(
    hub: Annotated[
        str | None, typer.Option(metavar="URL", help="Trung tâm / the hub's address (DANCU_EDGE_HUB).")
    ] = None,
    code: Annotated[
        str, typer.Option(metavar="CODE", help="Mã một lần / the one-time code; `-`: from standard input.")
    ] = "-",
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="Tên quầy / what the hub's operators call it.")
    ] = None,
    ca: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Chứng thư gốc / PEM of the hub's authority (DANCU_EDGE_CA_FILE)."),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Đăng ký lại / even if it belongs to a hub: it becomes a new device.")
    ] = False,
    rotate: Annotated[bool, typer.Option("--rotate", help="Đổi khoá / give it a new key; no code is needed.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Đăng ký quầy này với trung tâm. / Make this machine a counter of a hub, with a code from the hub's operators.

    The counter's private key is made here and never leaves. Without --code the code is a line of standard input: what
    is on the command line can be seen by everyone on this machine.
    """
    with edge_extra(), plain_errors():
        settings = load_edge_settings(hub=hub, ca_file=ca)
        enrolment = _rotate(settings) if rotate else _join(settings, code, name, again)
        _tell(enrolment, json)


def _join(settings: EdgeSettings, code: str, name: str | None, again: bool) -> Enrolment:
    from adapters.card_reader.producer.device import NotJoined, load_enrolment
    from adapters.card_reader.producer.joining import join as join_hub
    from adapters.card_reader.producer.line import Line
    from deploy.edge.run_lock import alone

    if settings.hub is None:
        fail("thiếu địa chỉ trung tâm / no hub: name it with --hub URL or DANCU_EDGE_HUB", 2)
    with plain_edge_errors():
        try:
            joined = load_enrolment(settings.home)
        except NotJoined:
            joined = None
        if joined is not None and not again:
            fail(f"đã đăng ký / this counter is {joined.device_id} of {joined.hub} already. Another one: --again")
        with alone(settings.home), closing(Line(settings.hub, settings.ca_file)) as line:
            return join_hub(line, settings.home, settings.hub, _code(code), name or platform.node() or "counter")


def _rotate(settings: EdgeSettings) -> Enrolment:
    from adapters.card_reader.producer.device import load_enrolment
    from adapters.card_reader.producer.line import Line
    from deploy.edge.run_lock import alone
    from deploy.edge.running import change_key

    with plain_edge_errors(), alone(settings.home):
        hub = settings.hub or load_enrolment(settings.home).hub
        with closing(Line(hub, settings.ca_file)) as line:
            return change_key(settings, line)


def _code(given: str) -> str:
    if given == "-":
        if sys.stdin.isatty():
            screen.print("Mã một lần / the one-time code: ", end="")
        given = sys.stdin.readline(1000)
    if not given.strip():
        fail("thiếu mã / no code was given", 2)
    return given.strip()


def _tell(enrolment: Enrolment, as_json: bool) -> None:
    if as_json:
        write_json(
            {
                "device_id": enrolment.device_id,
                "kid": enrolment.kid,
                "site_id": enrolment.site_id,
                "purposes": list(enrolment.purposes),
                "window_seconds": enrolment.window_seconds,
                "hub": enrolment.hub,
            }
        )
        return
    screen.print(
        f"Đã đăng ký / joined: {enrolment.device_id} · {enrolment.site_id} · {', '.join(enrolment.purposes)}. "
        "Chạy / run it: dancu edge run",
        markup=False,
        soft_wrap=True,
    )
