"""What is counted, and by which spans of time."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

#: Seconds of the two spans that are counted.
MINUTE: Final = 60
HOUR: Final = 3600


class Kind(StrEnum):
    """What is counted. The first four by when the log took the event, the others by when it happened here."""

    #: Events that the pipeline decided about, by type, by source, and by province that they tell of.
    TYPE = "type"
    SOURCE = "source"
    PROVINCE = "province"
    #: Events put into an agency's outbox.
    PUBLISHED = "published"
    #: Events that an agency took, or was given when it asked; and that it rejected.
    DELIVERED = "delivered"
    REJECTED = "rejected"
    #: Events that an agency has no legal basis for.
    WITHHELD = "withheld"
    #: Refused events by reason, and duplicates by kind, of intake and of the pipeline.
    REFUSED = "refused"
    DUPLICATE = "duplicate"
    #: Deliveries by how late they were: the name is the bound of a bucket in seconds, as of a histogram.
    LATENCY = "latency"
