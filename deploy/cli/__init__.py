"""The command `dancu`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deploy.cli import (
    agency,
    agency_tokens,
    audit,
    db,
    dev,
    failures,
    intake,
    operator,
    registry,
    replay,
    schemas,
    topics,
)
from deploy.cli.agency_rewind import rewind
from deploy.cli.agency_snapshot import take_snapshot
from deploy.cli.agency_verify import verify
from deploy.cli.connections import connections
from deploy.cli.demo import demo
from deploy.cli.doctor import doctor
from deploy.cli.explain import explain
from deploy.cli.feed import feed
from deploy.cli.health import health
from deploy.cli.ingest import ingest
from deploy.cli.run import run
from deploy.cli.shell import fail
from deploy.cli.status import status
from deploy.cli.worker import deliver, worker
from deploy.leaving import leave
from deploy.logs import set_up_logs
from deploy.settings import BadSetting, load_settings

app = typer.Typer(
    name="dancu",
    help="Dân Cư Hub: sự kiện dân cư đến đúng cơ quan, đúng một lần. / Population events to the agencies, once each.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # they would show personal data
    rich_markup_mode="rich",
)


@app.callback()
def _main(
    context: typer.Context,
    home: Annotated[
        Path | None, typer.Option("--home", help="Thư mục của hệ thống / home folder (DANCU_HOME, else .dancu).")
    ] = None,
) -> None:
    try:
        context.obj = load_settings(home=home)
    except BadSetting as problem:
        if context.invoked_subcommand != "doctor":
            fail(str(problem), 2)
        context.obj = problem  # the doctor shows it as a finding
        return
    set_up_logs(context.obj.log_level)


app.command("demo", epilog="Example: dancu demo --events 2000 --seed 7")(demo)
app.command("ingest", epilog="Example: dancu schemas example DeathRegistered | dancu ingest -")(ingest)
app.command("run", epilog="Example: dancu run --until-idle")(run)
app.command("worker", epilog="Example: dancu worker --health 127.0.0.1:8081")(worker)
app.command("deliver", epilog="Example: dancu deliver --all")(deliver)
app.add_typer(intake.app, name="intake")
app.command("status", epilog="Example: dancu status --json")(status)
app.command("connections", epilog="Example: dancu connections --json")(connections)
app.command("explain", epilog="Example: dancu explain 0199c0de-0000-7000-8000-000000000001")(explain)
app.command("feed", epilog="Example: dancu feed tax --limit 10")(feed)
app.add_typer(failures.app, name="failures")
app.add_typer(replay.app, name="replay")
app.add_typer(audit.app, name="audit")
app.add_typer(operator.app, name="operator")
agency.app.command("rewind", epilog='Example: dancu agency rewind land --to 2026-11-20T08:00:00Z --reason "a backup"')(
    rewind
)
agency.app.command("token", epilog="Example: dancu agency token tax --overlap 7d")(agency_tokens.token)
agency.app.command("tokens", epilog="Example: dancu agency tokens tax --json")(agency_tokens.tokens)
agency.app.command("revoke", epilog='Example: dancu agency revoke 3f9a01c4d2e8 --reason "it was in an e-mail"')(
    agency_tokens.revoke
)
agency.app.command("snapshot", epilog="Example: dancu agency snapshot tax --to tax.ndjson --json")(take_snapshot)
agency.app.command("verify", epilog="Example: dancu agency verify land")(verify)
app.add_typer(agency.app, name="agency")
app.add_typer(schemas.app, name="schemas")
app.add_typer(topics.app, name="topics")
app.add_typer(db.app, name="db")
app.add_typer(registry.app, name="registry")
app.command("doctor", epilog="Example: dancu doctor --role worker --json")(doctor)
app.command("health", epilog="Example: dancu health 127.0.0.1:8081")(health)
app.add_typer(dev.app, name="dev")


def main() -> None:
    """Run the command line."""
    try:
        app()
    except SystemExit as end:
        leave(end.code if isinstance(end.code, int) else int(end.code is not None))
