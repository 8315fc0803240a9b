"""`dancu feed --url`: an agency's feed as the agency gets it, with its own client."""

from __future__ import annotations

import os
from typing import NamedTuple

import orjson
import typer

from consumers.client import Feed, FeedError, MemoryCursor, Unreachable
from deploy.cli.output import write
from deploy.cli.shell import fail

#: Seconds without an answer after which the command gives up.
_PATIENCE = 10.0


class Asked(NamedTuple):
    """What is asked of which hub."""

    agency: str
    url: str
    token_env: str
    after: str | None
    limit: int | None
    follow: bool


def fetch(asked: Asked) -> None:
    """Print the events, one on a line."""
    if asked.limit == 0:
        return
    try:
        for number, event in enumerate(_feed(asked), 1):
            write(orjson.dumps(event.raw) + b"\n")
            if number == asked.limit:
                return
    except (FeedError, Unreachable, ValueError) as problem:
        fail(str(problem))
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _feed(asked: Asked) -> Feed:
    token = os.environ.get(asked.token_env, "").strip()
    if not token:
        fail(f"{asked.token_env} is not set: it has the agency's token (see `dancu agency token`)", 2)
    url = f"{asked.url.rstrip('/')}/feeds/{asked.agency}"
    page = min(asked.limit or 500, 500)
    cursors = MemoryCursor(asked.after and asked.after.strip().strip('"'))
    return Feed(url, cursors, token, follow=asked.follow, page=page, patience=_PATIENCE)
