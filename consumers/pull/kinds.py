"""The problems that a client can tell apart by their `type`, as problem details want it (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from hub.problems import Problem


class Kind(NamedTuple):
    """One kind of problem. Its `type` is `/problems/{name}` at the hub, where its text can be read."""

    status: int
    title: str
    #: What a developer should know and do.
    says: str


KINDS: Mapping[str, Kind] = {
    "cursor-damaged": Kind(
        400,
        "The cursor is damaged",
        "It is no cursor that the hub ever gave. Send the member `cursor` of the last event that you have taken, whole;"
        " not its `id`. Leave it out to begin with the first event of the feed.",
    ),
    "cursor-foreign": Kind(
        400,
        "The cursor is of another feed",
        "Every feed has its own cursors. This one is of another agency's feed, or of another hub, or the hub was put"
        " back to an earlier state. Ask the hub's operators in the last case.",
    ),
    "cursor-too-old": Kind(
        410,
        "The cursor is too old",
        "Events behind it have left the feed: going on would leave a gap. Take a snapshot and go on from its cursor, or"
        " leave the cursor out to begin with the first event that is still there, knowing that some are missing.",
    ),
    "not-your-feed": Kind(
        403,
        "The token is not for this feed",
        "A token opens the feed of the agency that it was given to, and nothing else.",
    ),
    "suspended": Kind(
        403,
        "The agency is suspended",
        "An operator of the hub has suspended the agency. Nothing is lost: the same cursor works when it is resumed.",
    ),
    "too-many-requests": Kind(
        429,
        "Too many requests of one agency at once",
        "So many requests of this agency wait or are being answered. Use fewer connections: one is enough, as a page"
        " has up to 1,000 events. Send the same again after `Retry-After` seconds.",
    ),
    "busy": Kind(
        503,
        "The hub has too many requests at once",
        "Send the same again after `Retry-After` seconds.",
    ),
}
_BEFORE = "/problems/"


def problem(name: str, detail: str, headers: Mapping[str, str] | None = None) -> Problem:
    """Return the problem of a kind."""
    kind = KINDS[name]
    return Problem(kind.status, detail, headers, {"type": _BEFORE + name, "title": kind.title})
