"""`dancu intake`: take events in over HTTP. `dancu intake token`: make a token for a source."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import sqlalchemy as sa
import typer

from deploy.bootstrap import Hub
from deploy.cli.output import show, write_json
from deploy.cli.shell import fail, hub_of, plain_errors, screen
from deploy.health import Health, Pulse, probes_of, serve_health
from deploy.home import HomeDamaged
from deploy.metrics import Measured, measuring
from deploy.recording import recorded
from hub.eventlog import LogUnavailable

if TYPE_CHECKING:
    from adapters.http_intake.collector import Collector
    from adapters.http_intake.senders import Senders

app = typer.Typer(
    invoke_without_command=True,
    epilog="Example: dancu intake --port 8090 --tokens intake-tokens --health 127.0.0.1:8081",
)

#: Seconds that the log may take for one group of requests before the intake counts as not ready.
_LATE = 30.0
#: What a broken world raises, rather than one event.
_UNAVAILABLE = (LogUnavailable, HomeDamaged, sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError)


@app.callback()
def intake(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Address to listen at; others than this machine need --tokens.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0: any free one.")] = 8090,
    health: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", envvar="DANCU_HEALTH", help="Answer health questions and /metrics here."),
    ] = None,
    tokens: Annotated[
        Path | None,
        typer.Option(envvar="DANCU_INTAKE_TOKENS", help="File with the sources and the hashes of their tokens."),
    ] = None,
) -> None:
    """Nhận sự kiện qua HTTP. / Take CloudEvents in over HTTP, at POST /events. Stop it with Ctrl-C or SIGTERM.

    The answer comes after the events are in the log. Sending the same events again is always safe.
    """
    if context.invoked_subcommand is not None:
        return
    with plain_errors():
        senders = _senders(host, tokens)
    with (
        hub_of(context) as opened,
        recorded(opened) as recording,
        measuring(recording, "intake", asked=health is not None) as measured,
    ):
        _serve(measured, (host, port), health, senders)


@app.command(epilog="Example: dancu intake token civil-status --source /registers/civil-status/")
def token(
    name: Annotated[str, typer.Argument(help="Lower-case letters, digits and `-`.")],
    source: Annotated[
        str | None, typer.Option(metavar="PREFIX", help="It may only send events whose source begins so.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Tạo mã truy cập cho một nguồn. / Make a token for a source. It is shown once and kept nowhere."""
    from adapters.http_intake.senders import BadTokens, new_token

    try:
        made, line = new_token(name, source)
    except BadTokens:
        fail("a NAME has lower-case letters, digits and `-`, a letter first; a --source begins with `/`", 2)
    if json:
        write_json({"token": made, "line": line})
        return
    screen.print("Mã truy cập, chỉ hiện một lần / the token, shown once; give it to the source:")
    show(made)
    screen.print("Thêm dòng này vào tệp / append this line to the file of DANCU_INTAKE_TOKENS:")
    show(line)


def _senders(host: str, tokens: Path | None) -> Senders | None:
    """Read who may send; None means everybody on this machine. Ends the command where that would be too many."""
    try:
        from adapters.http_intake.serving import is_loopback  # uvicorn: only this command needs it
    except ModuleNotFoundError as missing:
        fail(f"{missing.name} is not installed. Install the extra: pip install 'dancu-hub[web]'")
    from adapters.http_intake.senders import BadTokens, Senders

    if tokens is None:
        if not is_loopback(host):
            fail(f"--host {host}: others than this machine could send. Name a file of tokens: --tokens FILE", 2)
        return None
    try:
        return Senders(tokens)
    except BadTokens as problem:
        fail(str(problem), 2)


def _serve(measured: Measured, place: tuple[str, int], health: str | None, senders: Senders | None) -> None:
    from adapters.http_intake.app import make_app
    from adapters.http_intake.serving import serve
    from adapters.listening import listen
    from deploy.counters import router_of as counters_of

    hub, metrics = measured
    watched = Health()
    turns = watched.add(Pulse("intake", _LATE))
    for probe in probes_of(hub):
        watched.add(probe)
    collector = _collector(hub, turns.beat)
    with listen(*place) as listening, serve_health(watched, health, metrics):
        collector.start()
        try:
            _say(listening.getsockname(), senders is not None)
            app = make_app(collector, senders)
            app.include_router(counters_of(hub))
            serve(app, listening, watched.stopping)
        finally:
            collector.close()


def _collector(hub: Hub, beat: Callable[[], None]) -> Collector:
    from adapters.http_intake.collector import Collector
    from adapters.http_intake.places import first_places_in

    return Collector(hub.desk(), first_places_in(hub.registers_db), _UNAVAILABLE, beat)


def _say(address: tuple[Any, ...], with_tokens: bool) -> None:
    host = f"[{address[0]}]" if ":" in address[0] else address[0]
    who = "có mã truy cập / with tokens" if with_tokens else "không cần mã, chỉ máy này / no tokens, this machine only"
    screen.print(
        f"Đang nhận / taking events at http://{host}:{address[1]}/events · {who}", markup=False, soft_wrap=True
    )
