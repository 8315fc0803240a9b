"""What became of each event of a request, told from what the desk said of a whole group. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from hub.intake.desk import Sent
from hub.registers.intake import Rejected


@dataclass(frozen=True, slots=True)
class RefusedEvent:
    """Why an event of a request was refused."""

    #: Where it stands in the request, from 0.
    index: int
    id: str | None
    reason: str
    detail: str


class Verdict(NamedTuple):
    """What became of a request: how many events are new, which were refused, how many had a known id."""

    accepted: int
    refused: Sequence[RefusedEvent]
    duplicates: int

    def as_json(self) -> dict[str, Any]:
        """Return it as the sender gets it."""
        refused = [asdict(event) for event in self.refused]
        return {"accepted": self.accepted, "refused": refused, "duplicates": self.duplicates}


class Told(NamedTuple):
    """The pieces of one request, and the ids of its events where they have one."""

    pieces: Sequence[Sent]
    event_ids: Sequence[str | None]


def verdicts(
    producer: str, requests: Sequence[Told], rejected: Sequence[Rejected], first_places: Mapping[str, str] | None
) -> list[Verdict]:
    """Return the verdict of each request of a group.

    `first_places` says where each id was met first: elsewhere means that it was known. None: all were new.
    """
    refusals = {found.place: found for found in rejected}
    return [_verdict(producer, request, refusals, first_places) for request in requests]


def _verdict(
    producer: str, request: Told, refusals: Mapping[str, Rejected], first_places: Mapping[str, str] | None
) -> Verdict:
    refused: list[RefusedEvent] = []
    accepted = duplicates = 0
    for index, (piece, event_id) in enumerate(zip(request.pieces, request.event_ids, strict=True)):
        place = f"{producer}:{piece.place}"
        if (found := refusals.get(place)) is not None:
            refused.append(RefusedEvent(index, found.event_id or event_id, found.reason, found.detail))
        elif first_places is None or first_places.get(composed(event_id)) == place:
            accepted += 1
        else:
            duplicates += 1
    return Verdict(accepted, refused, duplicates)


def composed(event_id: str | None) -> str:
    """Return an id as the desk knows it, whose texts are in NFC."""
    return unicodedata.normalize("NFC", event_id or "")
