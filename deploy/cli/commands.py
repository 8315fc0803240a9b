"""Which commands there are. Each is loaded when it is asked for, so that none waits for what only others need."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any, Final, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command_from_info, get_group_from_info
from typer.models import CommandInfo, TyperInfo

_MARKUP: Final = "rich"


class Place(NamedTuple):
    """Where a command is: a function, or a group with an `app`."""

    module: str
    function: str | None = None
    epilog: str | None = None


#: In the order of the help page. A new command gets a line here and nothing else.
COMMANDS: Mapping[str, Place] = {
    "demo": Place("demo", "demo", "Example: dancu demo --events 2000 --seed 7"),
    "ingest": Place("ingest", "ingest", "Example: dancu schemas example DeathRegistered | dancu ingest -"),
    "run": Place("run", "run", "Example: dancu run --until-idle"),
    "worker": Place("worker", "worker", "Example: dancu worker --health 127.0.0.1:8081"),
    "deliver": Place("worker", "deliver", "Example: dancu deliver --all"),
    "web": Place("web", "web", "Example: dancu web --port 8080 --health 127.0.0.1:8081"),
    "intake": Place("intake"),
    "status": Place("status", "status", "Example: dancu status --json"),
    "connections": Place("connections", "connections", "Example: dancu connections --json"),
    "explain": Place("explain", "explain", "Example: dancu explain 0199c0de-0000-7000-8000-000000000001"),
    "feeds": Place("feeds"),
    "feed": Place("feed", "feed", "Example: dancu feed tax --limit 10"),
    "procedures": Place("procedures"),
    "failures": Place("failures"),
    "replay": Place("replay"),
    "audit": Place("audit"),
    "operator": Place("operator"),
    "agency": Place("agencies"),
    "schemas": Place("schemas"),
    "topics": Place("topics"),
    "db": Place("db"),
    "registry": Place("registry"),
    "doctor": Place("doctor", "doctor", "Example: dancu doctor --role worker --json"),
    "health": Place("health", "health", "Example: dancu health 127.0.0.1:8081"),
    "dev": Place("dev"),
    "edge": Place("edge"),
}


class Commands(TyperGroup):
    """The group of all of them."""

    def __init__(self, **settings: Any) -> None:
        """Take what Typer gives; the commands are those of the table."""
        super().__init__(**settings)
        self.commands = _Loaded()  # type: ignore[assignment]  # nobody adds one later


class _Loaded(Mapping[str, TyperCommand | TyperGroup]):
    """The commands by name, each loaded when it is first looked up."""

    def __init__(self) -> None:
        self._there: dict[str, TyperCommand | TyperGroup] = {}

    def __getitem__(self, name: str) -> TyperCommand | TyperGroup:
        if name not in self._there:
            self._there[name] = _load(name, COMMANDS[name])
        return self._there[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


def _load(name: str, place: Place) -> TyperCommand | TyperGroup:
    module = import_module(f"deploy.cli.{place.module}")
    if place.function is None:
        group: typer.Typer = module.app
        return get_group_from_info(
            TyperInfo(group, name=name),
            pretty_exceptions_short=True,
            suggest_commands=True,
            rich_markup_mode=_MARKUP,
        )
    function: Callable[..., Any] = getattr(module, place.function)
    return get_command_from_info(  # type: ignore[return-value]  # it is told to be of Typer's own kind
        CommandInfo(name=name, callback=function, epilog=place.epilog, cls=TyperCommand),
        pretty_exceptions_short=True,
        rich_markup_mode=_MARKUP,
    )
