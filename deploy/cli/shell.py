"""What every command shares: the home it works in, and errors in plain words."""

from __future__ import annotations

import errno
import getpass
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import sqlalchemy as sa
import typer
from rich.console import Console

from adapters.ingest import CannotRead
from adapters.registry.problem import RegistryProblem
from adapters.ways import WayProblem
from deploy.bootstrap import Hub, open_hub
from deploy.home import HomeBusy, HomeDamaged
from deploy.memory import settle_memory
from deploy.settings import BadSetting, Settings
from hub.agreements import AgreementProblem
from hub.database_errors import plain
from hub.eventlog import LogUnavailable
from hub.migrations import OldSchema, UpgradeRefused
from hub.observe import AgencyUnavailable, Happening
from hub.registers.store import RegistersBehind
from schemas.problem import SchemaProblem

#: Tables and progress go here; what a program reads goes to standard output.
screen = Console(stderr=True, highlight=False)

_KNOWN = (
    AgreementProblem,
    CannotRead,
    HomeBusy,
    HomeDamaged,
    LogUnavailable,
    OldSchema,
    RegistersBehind,
    RegistryProblem,
    SchemaProblem,
    UpgradeRefused,
)


def settings_of(context: typer.Context) -> Settings:
    """Return the settings that the command line and the environment gave."""
    settings = context.find_root().obj
    if isinstance(settings, BadSetting):
        fail(str(settings), 2)
    if not isinstance(settings, Settings):
        raise TypeError("the command was not called through `dancu`")
    return settings


@contextmanager
def hub_of(context: typer.Context) -> Iterator[Hub]:
    """Open the hub of the home folder; known errors end the command with plain words, see `plain_errors`."""
    with plain_errors(), open_hub(settings_of(context)) as hub:
        settle_memory()
        yield hub


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn the errors of a broken world into one sentence and exit code 1; a bad setting's is 2. Bugs stay bugs."""
    try:
        yield
    except (BadSetting, WayProblem) as problem:
        fail(str(problem), 2)
    except _KNOWN as problem:
        fail(str(problem))
    except sa.exc.DBAPIError as error:
        fail(plain(error))
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has gone; there is nobody left to tell
        raise typer.Exit(1) from None
    except OSError as error:
        if error.errno == errno.ENOSPC:
            where = f": {error.filename}" if error.filename else ""
            fail(f"the disk is full{where}. Make room and start again; nothing is lost.")
        fail(f"{error.filename or 'the system'}: {error.strerror or error}")


def fail(message: str, code: int = 1) -> NoReturn:
    """End the command with a message."""
    screen.print(f"Lỗi / Error: {message}", style="bold red", markup=False, soft_wrap=True)
    raise typer.Exit(code)


def asker(by: str | None) -> str:
    """Return who asks for something: as told, else the user of this session. Nobody ends the command with code 2."""
    try:
        who = (getpass.getuser() if by is None else by).strip()
    except (KeyError, OSError):  # in a container the user often has no name
        who = ""
    if not who:
        fail("say who asks for it: --by may not be empty, and the user of this session has no name", 2)
    return who


def stop_when_told() -> None:
    """End cleanly on a SIGTERM that comes before the run has begun to listen to it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))


def tell_outages(happening: Happening) -> None:
    """Say on the screen that an agency can't be reached: the first time, and now and then."""
    if isinstance(happening, AgencyUnavailable) and happening.times in (1, 10, 100):
        screen.print(
            f"{happening.agency}: không phản hồi / unavailable ({happening.times}×): {happening.reason}",
            style="yellow",
            markup=False,
            soft_wrap=True,
        )
