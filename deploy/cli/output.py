"""Writing a command's answer to standard output, whatever is behind it: a reader that leaves, or a full disk."""

from __future__ import annotations

import os
import sys
from io import StringIO
from typing import Any

import orjson
import typer
from rich.console import Console, RenderableType


def write(content: bytes) -> None:
    """Write at once. A reader that has left ends the command quietly; else raises OSError, once and for all."""
    try:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        _let_go()
        raise typer.Exit(0) from None
    except OSError as error:
        _let_go()
        raise OSError(error.errno, error.strerror, "standard output") from error


def write_json(content: Any) -> None:
    """Write one JSON document on one line."""
    write(orjson.dumps(content) + b"\n")


def show(*parts: RenderableType) -> None:
    """Write tables and texts for people."""
    screen, text = Console(), StringIO()
    console = Console(file=text, width=screen.width, force_terminal=screen.is_terminal, highlight=False)
    for part in parts:
        console.print(part, soft_wrap=isinstance(part, str))
    write(text.getvalue().encode())


def _let_go() -> None:
    """Point standard output to nowhere: what is still buffered would fail again, loudly, when Python ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
