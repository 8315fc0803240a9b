"""Where the console's pages are, so that pages of different owners can link to each other."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

PREFIX: Final = "/console"
LOGIN: Final = f"{PREFIX}/login"


def agency(name: str) -> str:
    """Return the page of an agency."""
    return f"{PREFIX}/agencies/{quote(name, safe='')}"


def event(event_id: str) -> str:
    """Return the page of an event."""
    return f"{PREFIX}/events/{quote(event_id, safe='')}"


def person(look_id: str) -> str:
    """Return the page of a person whom somebody is looking at; never the number."""
    return f"{PREFIX}/persons/{quote(look_id, safe='')}"


def failures_of(agency_name: str, event_id: str) -> str:
    """Return the page of the failures of one event at one agency."""
    return f"{PREFIX}/failures?agency={quote(agency_name, safe='')}&event_ids={quote(event_id, safe='')}"


def replay(replay_id: str) -> str:
    """Return the page of a replay."""
    return f"{PREFIX}/replays/{quote(replay_id, safe='')}"


def procedure(event_id: str) -> str:
    """Return the page of the case of a linked procedure that an event has begun."""
    return f"{PREFIX}/procedures/{quote(event_id, safe='')}"


def local(path: str) -> str:
    """Return a path if it is one of the console's own pages, else the first page: nobody is led elsewhere."""
    own = path == PREFIX or path.startswith((PREFIX + "/", PREFIX + "?"))
    plain = path.isascii() and path.isprintable() and "\\" not in path and " " not in path
    return path if own and plain else PREFIX
