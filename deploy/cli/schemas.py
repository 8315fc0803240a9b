"""`dancu schemas …`: what may be said, and whether a change to it is safe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, NoReturn

import orjson
import typer
from rich.console import Console
from rich.table import Column, Table

from schemas.avsc import FOLDER
from schemas.catalogue import Catalogue, EventType, View, load_catalogue
from schemas.committed_json import outdated, write_json_schemas
from schemas.compatibility import problems, unrecorded
from schemas.current import read_current
from schemas.example import example
from schemas.json_schema import file_of
from schemas.payload import CHANGES
from schemas.problem import Problem, SchemaProblem
from schemas.python_types import python_types
from schemas.versions import event_subject, record, view_subject

app = typer.Typer(
    help="What may be said: event types, the agencies' views of them, and whether a change is safe.",
    no_args_is_help=True,
)

Folder = Annotated[
    Path,
    typer.Option(
        "--folder",
        help="The schema folder; the hub's own unless told.",
        file_okay=False,
        exists=True,
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list", epilog="Example: dancu schemas list --json")
def list_schemas(json: Json = False, folder: Folder = FOLDER) -> None:
    """List the event types, with the changes they allow and the agencies that take them."""
    catalogue = _catalogue(folder)
    if json:
        _print_json([_row(kind, catalogue) for kind in catalogue.types.values()])
        return
    table = Table(
        Column("type", no_wrap=True), "id", "changes", "same fact by", "agencies", title="Loại sự kiện · Event types"
    )
    for row in (_row(kind, catalogue) for kind in catalogue.types.values()):
        key = row["vital_key"]
        same = "" if key is None else ", ".join(["subject", *key])
        table.add_row(row["type"], str(row["schema_id"]), " ".join(row["changes"]), same, " ".join(row["views"]))
    Console().print(table)


@app.command(epilog="Example: dancu schemas show DeathRegistered --agency tax")
def show(
    name: Annotated[str, typer.Argument(metavar="TYPE|SUBJECT", help="An event type, or a registry subject.")],
    agency: Annotated[str | None, typer.Option(help="Show what this agency sees of the type.")] = None,
    json_schema: Annotated[bool, typer.Option("--json-schema", help="Show the JSON Schema of the type.")] = False,
    folder: Folder = FOLDER,
) -> None:
    """Print a schema: the resolved Avro text that the hub records and serves, or the JSON Schema of intake."""
    catalogue = _catalogue(folder)
    kind = _subject(name, catalogue) or _type(name, catalogue)
    if agency is not None and isinstance(kind, EventType):
        kind = _view(agency, kind.name, catalogue)
    if json_schema:
        typer.echo(file_of(kind.schema["name"], folder).read_bytes().decode(), nl=False)
        return
    recorded = catalogue.by_id(kind.schema_id)
    typer.echo(f"{recorded.subject}, version {recorded.version}, schema id {recorded.schema_id}", err=True)
    _print_json(kind.schema)


@app.command("example", epilog="Example: dancu schemas example DeathRegistered | dancu ingest -")
def print_example(
    type_name: Annotated[str, typer.Argument(metavar="TYPE", help="An event type.")],
    change: Annotated[str, typer.Option(help="CREATED, CORRECTED, ANNULLED or CEASED.")] = "CREATED",
    fixed: Annotated[bool, typer.Option("--fixed", help="The same ids each time, for documents.")] = False,
) -> None:
    """Print a valid event of a type on one line, as CloudEvents JSON. Each call gives a new event."""
    catalogue = _catalogue(FOLDER)
    kind = _type(type_name, catalogue)
    try:
        event = example(kind.name, catalogue, change, fixed=fixed)
    except ValueError as refused:
        _refuse(str(refused))
    typer.echo(orjson.dumps(event).decode())


@app.command(epilog="Example: dancu schemas check --json")
def check(json: Json = False, folder: Folder = FOLDER) -> None:
    """Check the files with each other and with every published version (FULL_TRANSITIVE).

    Exit 1 if anything is wrong.
    """
    found = problems(folder)
    if json:
        _print_json([problem._asdict() for problem in found])
    elif not found:
        new = unrecorded(folder)
        typer.echo("OK: the schemas agree with each other and with all that was published")
        if new:
            typer.echo(f"{len(new)} new: run `dancu schemas record`")
        for path in outdated(folder):
            typer.echo(f"{path}: is behind the Avro schemas: run `dancu schemas json --write`")
    else:
        _print_problems(found, err=False)
    raise typer.Exit(1 if found else 0)


@app.command("record", epilog="Example: dancu schemas record")
def record_versions(json: Json = False, folder: Folder = FOLDER) -> None:
    """Give each new or changed schema its version and id, after a successful check. Commit what it writes."""
    if found := problems(folder):
        _print_problems(found)
        raise typer.Exit(1)
    if behind := outdated(folder):
        typer.echo(f"{', '.join(behind)}: behind the Avro schemas: run `dancu schemas json --write`", err=True)
        raise typer.Exit(1)
    added = record(folder, read_current(folder).subjects())
    if json:
        _print_json([{"subject": new.subject, "version": new.version, "id": new.schema_id} for new in added])
        return
    for new in added:
        typer.echo(f"{new.subject}: version {new.version}, schema id {new.schema_id}")
    typer.echo(f"{len(added)} recorded" if added else "Nothing new to record")


@app.command("json", epilog="Example: dancu schemas json --write")
def json_schemas(
    write: Annotated[bool, typer.Option("--write", help="Rewrite the committed files.")] = False,
    folder: Folder = FOLDER,
) -> None:
    """Name the JSON Schemas that differ from what the Avro says, exit 1 if any; with --write, write them."""
    try:
        changed = write_json_schemas(folder, dry=not write)
    except SchemaProblem as broken:
        _print_problems([broken.problem])
        raise typer.Exit(1) from None
    for path in changed:
        typer.echo(f"{'written' if write else 'differs'}: {path.relative_to(folder)}")
    if not changed:
        typer.echo("All JSON Schemas are what the Avro says")
    raise typer.Exit(1 if changed and not write else 0)


@app.command("client", epilog="Example: dancu schemas client tax > tax_types.py")
def client_types(
    agency: Annotated[str, typer.Argument(help="The agency.")],
    folder: Folder = FOLDER,
) -> None:
    """Print Python types of an agency's events, for its own client (consumers/client.py, as dancu_feed.py)."""
    catalogue = _catalogue(folder)
    views = [view for (name, _), view in sorted(catalogue.views.items()) if name == agency]
    if not views:
        _refuse(f"{agency!r} has no view. Those who have: {', '.join(sorted({name for name, _ in catalogue.views}))}")
    typer.echo(python_types(views), nl=False)


def _row(kind: EventType, catalogue: Catalogue) -> dict[str, Any]:
    views = {agency: view.schema_id for (agency, name), view in catalogue.views.items() if name == kind.name}
    return {
        "type": kind.name,
        "subject": event_subject(kind.name),
        "schema_id": kind.schema_id,
        "changes": [change for change in CHANGES if change in kind.changes],
        "vital_key": kind.vital_key,
        "fields": [field.name for field in kind.payload],
        "views": views,
    }


def _catalogue(folder: Path) -> Catalogue:
    try:
        return load_catalogue(folder)
    except SchemaProblem as broken:
        _print_problems([broken.problem])
        raise typer.Exit(1) from None


def _subject(name: str, catalogue: Catalogue) -> EventType | View | None:
    for kind in catalogue.types.values():
        if name == event_subject(kind.name):
            return kind
    return next((view for key, view in catalogue.views.items() if name == view_subject(*key)), None)


def _type(name: str, catalogue: Catalogue) -> EventType:
    if name in catalogue.types:
        return catalogue.types[name]
    return _refuse(f"There is no event type {name!r}. The types are: {', '.join(catalogue.types)}")


def _view(agency: str, type_name: str, catalogue: Catalogue) -> View:
    if (agency, type_name) in catalogue.views:
        return catalogue.views[agency, type_name]
    takers = sorted(taker for taker, name in catalogue.views if name == type_name)
    return _refuse(f"{agency!r} has no view of {type_name}. Those who have: {', '.join(takers) or 'nobody'}")


def _refuse(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(2)


def _print_problems(found: list[Problem], *, err: bool = True) -> None:
    for problem in found:
        typer.echo(f"{problem.kind}  {problem.path}\n    {problem.message}", err=err)
    typer.echo(f"{len(found)} problem{'s' * (len(found) != 1)}", err=err)


def _print_json(content: Any) -> None:
    typer.echo(orjson.dumps(content, option=orjson.OPT_INDENT_2).decode())
