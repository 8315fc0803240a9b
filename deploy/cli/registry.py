"""`dancu registry …`: serve the recorded schemas to Kafka clients, or keep an external registry like them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Annotated, Any

import typer
from rich.table import Column, Table

from adapters.registry.difference import Difference
from adapters.registry.external import differences, push
from adapters.registry.problem import RegistryProblem
from adapters.registry.serving import Place, load_registry, serve
from deploy.cli.output import show, write, write_json
from deploy.cli.shell import fail, plain_errors, screen, settings_of
from deploy.health import Answers, Health, serve_health
from deploy.metrics import exposition_of
from schemas.catalogue import load_catalogue
from schemas.versions import Recorded

app = typer.Typer(
    help="Sổ đăng ký lược đồ. / The schema registry: what Kafka clients decode our records with.", no_args_is_help=True
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("serve", epilog="Example: dancu registry serve --port 8085")
def serve_registry(
    host: Annotated[str, typer.Option(help="Địa chỉ / the address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Cổng / the port; 0 takes any free one.")] = 8085,
    health: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", envvar="DANCU_HEALTH", help="Answer health questions and /metrics here."),
    ] = None,
) -> None:
    """Mở sổ đăng ký, chỉ đọc. / Serve the recorded schemas, read-only. Stop it with Ctrl-C or SIGTERM."""
    with _plain(), ExitStack() as stack:

        def on_start(url: str) -> None:
            stack.enter_context(_answering(url, health))
            _tell_where(url)

        serve(load_registry(load_catalogue()), Place(host, port), on_start)


@app.command("list", epilog="Example: dancu registry list --json")
def list_recorded(json: Json = False) -> None:
    """Liệt kê lược đồ đã ghi. / List the recorded schemas that the registry serves, with their ids."""
    with _plain():
        recorded = sorted(load_catalogue().recorded.values(), key=lambda one: one.schema_id)
        if json:
            write_json([_row(one) for one in recorded])
            return
        table = Table(Column("id", justify="right"), Column("subject", no_wrap=True), "version")
        for one in recorded:
            table.add_row(str(one.schema_id), one.subject, str(one.version))
        show(table)


@app.command("check", epilog="Example: DANCU_SCHEMA_REGISTRY=http://127.0.0.1:8085 dancu registry check")
def check(context: typer.Context, json: Json = False) -> None:
    """Kiểm tra sổ bên ngoài. / Check that the external registry has every recorded id with the same schema.

    Exit 1 if anything is missing or different.
    """
    with _plain():
        found = differences(_external(context), load_catalogue())
        if json:
            write_json([_difference(one) for one in found])
        else:
            _show(found)
    raise typer.Exit(1 if found else 0)


@app.command("push", epilog="Example: dancu registry push --dry-run")
def push_missing(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be added.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask before adding.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print what was added as JSON; asks nothing.")] = False,
) -> None:
    """Ghi lược đồ còn thiếu. / Add what the external registry lacks, under our ids. Safe to repeat.

    Nothing is ever overwritten: it ends with exit code 1 when an id has another schema there.
    """
    with _plain():
        url = _external(context)
        found = differences(url, load_catalogue())
        if not json:
            _show(found)
        if not found or dry_run:
            added: Sequence[Recorded] = []
        else:
            if not (yes or json) and all(one.can_be_added for one in found):
                typer.confirm(f"Ghi thêm / add {len(found)}?", abort=True, err=True)
            added = push(url, found)
        if json:
            plan = [_difference(one) for one in found]
            write_json({"dry_run": dry_run, "plan": plan, "added": [_row(one) for one in added]})
        elif added:
            screen.print(f"Đã ghi / added {len(added)}", markup=False)


@contextmanager
def _answering(url: str, address: str | None) -> Iterator[None]:
    """Answer health questions, and /metrics, for the registry at a URL."""
    watched = Health()
    watched.add(Answers("registry", url + "/mode"))
    with serve_health(watched, address, exposition_of("registry") if address else None):
        yield


@contextmanager
def _plain() -> Iterator[None]:
    with plain_errors():
        try:
            yield
        except RegistryProblem as problem:
            fail(str(problem))


def _external(context: typer.Context) -> str:
    url = settings_of(context).schema_registry
    if url is None:
        fail("DANCU_SCHEMA_REGISTRY is not set: it names the external registry, such as http://127.0.0.1:8081", 2)
    return url


def _tell_where(url: str) -> None:
    screen.print(f"Sổ đăng ký lược đồ tại / schema registry at {url}", markup=False, soft_wrap=True)


def _show(found: Sequence[Difference]) -> None:
    if not found:
        screen.print("Giống nhau / the registry has every recorded schema under its id", markup=False)
    for one in found:
        write(f"{one.kind}  {one.message}\n".encode())


def _row(one: Recorded) -> dict[str, Any]:
    return {"id": one.schema_id, "subject": one.subject, "version": one.version}


def _difference(one: Difference) -> dict[str, Any]:
    return {"kind": one.kind, **_row(one.ours), "message": one.message}
