"""Follows agencies that read their topic with their own Kafka client: how far their groups are, and when they moved."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from deploy.bootstrap import Hub, now_ms
from hub.contacts import Contact
from hub.eventlog import LogUnavailable
from hub.passing import passes
from hub.topics import DELIVER, outbox

if TYPE_CHECKING:
    from hub.eventlog.kafka.onlooking import Onlooker

_LOG = logging.getLogger(__name__)
#: Seconds between two looks.
_EVERY = 10.0


class Reached(NamedTuple):
    """How far an agency's own client is."""

    #: Of the feed: the last that it has read. Far behind it may be somewhat too small.
    position: int
    #: Kafka's, which is exact, and the same for whoever looks.
    offset: int


def groups_of(hub: Hub) -> Mapping[str, str]:
    """Return agency → group of those whose agreement says that they read their topic, and by which group."""
    agreements = hub.rules.agreements.by_agency.items()
    ways = {name: one.delivery for name, one in agreements}
    return {name: way["group"] for name, way in ways.items() if way["way"] == "kafka" and "group" in way}


def contacts_of(hub: Hub) -> Mapping[str, Contact]:
    """Return the contacts with all agencies; of those with their own Kafka client, how far they are right now."""
    known = dict(hub.contacts.all())
    groups = groups_of(hub)
    if groups and (onlooker := _onlooker(hub)):
        for agency, reached in read_up_to(hub, onlooker, groups).items():
            known[agency] = replace(known.get(agency, Contact(agency)), asked_behind=reached.position)
    return known


def fetching_of(hub: Hub) -> Mapping[str, Contact]:
    """Return the agencies that fetch their events themselves, with the contact with each."""
    known = contacts_of(hub) if hub.fetching else {}
    return {agency: known.get(agency, Contact(agency)) for agency in hub.fetching}


def read_up_to(hub: Hub, onlooker: Onlooker, groups: Mapping[str, str]) -> dict[str, Reached]:
    """Return agency → up to where its group has read, for those that have read anything.

    Of a group that can't be asked for, nothing new is known: `dancu agency show` says why.
    """
    found = {}
    for agency, group in groups.items():
        try:
            _, last = hub.log.extent(outbox(agency), DELIVER)  # first: what comes meanwhile is not read yet
            standing = onlooker.standing(group, outbox(agency))
        except LogUnavailable as problem:
            _LOG.info("%s: how far its own client is, is not known just now: %s", agency, problem)
            continue
        if standing is not None:
            found[agency] = Reached(max(0, last - standing.behind), standing.offset)
    return found


@contextmanager
def following_groups(hub: Hub) -> Iterator[None]:
    """Look now and then while the block runs, and note who has read on."""
    groups, stop = groups_of(hub), threading.Event()
    if groups and (onlooker := _onlooker(hub)):
        threading.Thread(target=_follow, args=(hub, onlooker, groups, stop), name="groups", daemon=True).start()
    try:
        yield
    finally:
        stop.set()


def _onlooker(hub: Hub) -> Onlooker | None:
    connection = hub.settings.kafka_connection()
    if connection is None:
        return None
    from hub.eventlog.kafka.onlooking import Onlooker  # its client is in the extra `kafka`

    return Onlooker(connection)


def _follow(hub: Hub, onlooker: Onlooker, groups: Mapping[str, str], stop: threading.Event) -> None:
    seen: dict[str, int] = {}
    while not stop.is_set():
        try:
            for agency, reached in read_up_to(hub, onlooker, groups).items():
                if _is_news(hub, agency, reached, seen.get(agency)):
                    hub.contacts.read_up_to(agency, reached.position, now_ms())
                seen[agency] = reached.offset
        except Exception as error:
            if not (stop.is_set() or passes(error)):  # when we stop, the log may be closed already
                raise
        stop.wait(_EVERY)


def _is_news(hub: Hub, agency: str, reached: Reached, before: int | None) -> bool:
    """Whether the agency has read on since the last look; at the first one, whether it was never seen."""
    if before is None:
        return hub.contacts.of(agency).asked_behind is None
    return reached.offset != before
