"""The command `dancu`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.commands import Commands
from deploy.cli.shell import fail
from deploy.leaving import leave
from deploy.logs import set_up_logs
from deploy.settings import BadSetting, load_settings

app = typer.Typer(
    name="dancu",
    cls=Commands,
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
        if context.invoked_subcommand not in ("doctor", "edge"):
            fail(str(problem), 2)
        context.obj = problem  # the doctor shows it as a finding; a counter has settings of its own
        set_up_logs("WARNING")
        return
    set_up_logs(context.obj.log_level)


def main() -> None:
    """Run the command line."""
    try:
        app()
    except SystemExit as end:
        leave(end.code if isinstance(end.code, int) else int(end.code is not None))
