"""`dancu edge read`: one card, read and checked, then the end."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer
from typer.core import TyperCommand

from deploy.cli.edge.extra import edge_extra
from deploy.cli.edge.key_input import key_given
from deploy.cli.output import write_json
from deploy.cli.shell import fail, plain_errors, screen
from deploy.edge.core_dumps import forbid_core_dumps
from deploy.edge.settings import EdgeSettings, load_edge_settings
from deploy.settings import BadSetting

if TYPE_CHECKING:
    from adapters.card_reader.result import Reading
    from adapters.card_reader.trust import Trust

#: Exit codes: 0 the card is verified.
_FAILED, _NOT_TRUSTED = 1, 2
#: What Typer raises for every mistake on a command line; its newest versions bring a Click of their own.
_UsageError: Any = typer.BadParameter.__bases__[0]


class Asked(NamedTuple):
    """Where a card is waited for, and how many seconds."""

    reader: str | None
    virtual: bool
    wait: float


class Reads(TyperCommand):
    """A mistake on the command line is exit code 1 here: 2 says that a card is not to be trusted."""

    def parse_args(self, *given: Any, **named: Any) -> list[str]:
        """Read the command line."""
        try:
            return super().parse_args(*given, **named)
        except _UsageError as error:
            error.exit_code = _FAILED
            raise


def read(
    number: Annotated[
        str | None, typer.Option(metavar="N", help="Số định danh / the personal number, 12 digits; `-`: from stdin.")
    ] = None,
    mrz: Annotated[
        str | None, typer.Option(metavar="LINES", help="Ba dòng MRZ / the lines of the MRZ; `-`: from stdin.")
    ] = None,
    can: Annotated[
        str | None, typer.Option(metavar="N", help="Sáu số cuối / the card access number, 6 digits; `-`: from stdin.")
    ] = None,
    trust: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Chứng thư CSCA và CRL / CSCA certificates and CRLs (DANCU_EDGE_TRUST)."),
    ] = None,
    reader: Annotated[str | None, typer.Option(metavar="NAME", help="Đầu đọc / a reader's name or part of it.")] = None,
    wait: Annotated[
        float, typer.Option(min=0, max=3600, metavar="SECONDS", help="Chờ thẻ / how long to wait for a card.")
    ] = 30.0,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Đọc và xác thực một thẻ căn cước. / Read and verify one citizen's card.

    Without --number, --mrz or --can the key is a line of standard input: 6 digits (CAN), 12 digits (number), an MRZ or
    a QR code. What is on the command line can be seen by everyone on this machine. Exit code 0: verified; 2: the card
    is not to be trusted; 1: anything else.
    """
    forbid_core_dumps()
    given = {kind: value for kind, value in (("number", number), ("mrz", mrz), ("can", can)) if value is not None}
    if len(given) > 1:
        fail("chỉ chọn một / only one of --number, --mrz, --can can be given")
    with edge_extra(), plain_errors():
        settings, folder = _settings(trust)
        trusted = _trust(folder)
        reading = _reading(given, Asked(reader, settings.allow_virtual, wait), trusted)
        _answer(reading, json)


def _settings(trust: Path | None) -> tuple[EdgeSettings, Path]:
    try:
        settings = load_edge_settings(trust=trust)
    except BadSetting as problem:
        fail(str(problem))
    if settings.trust is None:
        fail("thiếu thư mục chứng thư / no trust folder: name it with --trust DIR or DANCU_EDGE_TRUST")
    return settings, settings.trust


def _trust(folder: Path) -> Trust:
    from adapters.card_reader.trust import load_trust

    trusted = load_trust(folder)
    for problem in trusted.problems:
        screen.print(problem, style="yellow", markup=False, soft_wrap=True)
    return trusted


def _reading(given: dict[str, str], asked: Asked, trust: Trust) -> Reading:
    from adapters.card_reader.failure import Failed
    from adapters.card_reader.insertion import Insertion
    from adapters.card_reader.reading import Wish
    from adapters.card_reader.result import failed
    from adapters.card_reader.session import Slot
    from deploy.edge.waiting import Place, wait_for_card

    try:
        key = key_given(given)
        name = wait_for_card(Place(asked.reader, asked.virtual), asked.wait, _tell_once())
    except Failed as failure:
        return failed(failure.code)
    return Insertion(Slot(name, virtual=asked.virtual)).read(key, trust, Wish(datetime.now(UTC)))


def _tell_once() -> Any:
    """Say what is waited for, when that changes."""
    from adapters.card_reader.failure import Code
    from deploy.edge.words import WAITING

    told: list[Code] = []

    def tell(state: Code) -> None:
        if told[-1:] != [state]:
            told.append(state)
            screen.print(f"{WAITING[state]} …", style="dim", markup=False)

    return tell


def _answer(reading: Reading, json: bool) -> None:
    from deploy.edge.showing import sentence, table

    if json:
        write_json(reading.as_json())
    else:
        from deploy.cli.output import show

        show(*table(reading))
        screen.print(
            sentence(reading), style="bold green" if reading.verified else "bold red", markup=False, soft_wrap=True
        )
    if not reading.verified:
        raise typer.Exit(_NOT_TRUSTED if reading.untrusted else _FAILED)
