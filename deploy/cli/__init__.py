"""The command `dancu`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deploy.cli import db, dev, intake, registry, schemas, topics
from deploy.cli.demo import demo
from deploy.cli.doctor import doctor
from deploy.cli.explain import explain
from deploy.cli.feed import feed
from deploy.cli.health import health
from deploy.cli.ingest import ingest
from deploy.cli.replay import replay
from deploy.cli.run import run
from deploy.cli.shell import fail
from deploy.cli.status import status
from deploy.cli.worker import deliver, worker
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
app.command("explain", epilog="Example: dancu explain 0199c0de-0000-7000-8000-000000000001")(explain)
app.command("feed", epilog="Example: dancu feed tax --limit 10")(feed)
app.command("replay", epilog='Example: dancu replay land --reason "titles repaired"')(replay)
app.add_typer(schemas.app, name="schemas")
app.add_typer(topics.app, name="topics")
app.add_typer(db.app, name="db")
app.add_typer(registry.app, name="registry")
app.command("doctor", epilog="Example: dancu doctor --role worker --json")(doctor)
app.command("health", epilog="Example: dancu health 127.0.0.1:8081")(health)
app.add_typer(dev.app, name="dev")


def main() -> None:
    """Run the command line."""
    app()
