"""The topics of the event log and the groups that read them."""

from __future__ import annotations

from typing import Final

#: Every event that intake has taken, in the order of taking.
RECEIVED: Final = "received"
#: What is set aside, with the reason: whole events, references to events, and references to events.
REFUSED: Final = "refused"
WITHHELD: Final = "withheld"
DUPLICATES: Final = "duplicates"

#: What a log on Kafka keeps for itself, in compacted topics: the producers' marks, and where positions are.
MARKS: Final = "dancu.marks"
PLACES: Final = "dancu.places"

#: The group that decides about `received`, and the one that hands out the outboxes.
PIPELINE: Final = "pipeline"
DELIVER: Final = "deliver"


def outbox(agency: str) -> str:
    """Return the topic of an agency's feed."""
    return f"outbox.{agency}"
