"""Agencies' real systems with a bug each: what stays with an operator until the bug is repaired."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hub.destination import Destination, Event, Receipt, Rejection


@dataclass(frozen=True, slots=True)
class Bug:
    """One event in `one_in` of a type is rejected."""

    type: str
    one_in: int
    error_class: str
    message: str

    def meets(self, event: Event) -> bool:
        """Whether an event is rejected: by what it is about, which is the same in every scene. Ids hold the time."""
        about = f"{event.fact_id} {event.fact_version}"
        draw = int.from_bytes(hashlib.sha256(about.encode()).digest()[:4], "big")
        return event.type == self.type and draw % self.one_in == 0


BUGS: Final = {
    "land": (
        Bug("DeathRegistered", 3, "constraint", "cột flagged đang bị khóa / the column flagged is locked"),
        Bug("PersonDetailsCorrected", 2, "unreadable", "không đọc được ngày / a date could not be read"),
    ),
    "insurance": (
        Bug("BirthRegistered", 6, "clinic_unknown", "chưa có cơ sở khám chữa bệnh / no clinic for this ward yet"),
        Bug("ResidenceChanged", 20, "constraint", "trùng thẻ / the health card exists already"),
    ),
    "tax": (
        Bug("ResidenceChanged", 12, "office_unknown", "chưa có thuế cơ sở của xã / no tax office for this ward yet"),
        Bug("MarriageRegistered", 4, "constraint", "hồ sơ bị khóa / the taxpayer's record is locked"),
    ),
    "welfare": (Bug("BirthRegistered", 25, "constraint", "chưa có tài khoản chi trả / no account to pay to"),),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Faulty:
    """A system that rejects what its bugs meet, and takes all else."""

    system: Destination
    bugs: Sequence[Bug]

    def deliver(self, events: Sequence[Event]) -> Receipt:
        """Let the system take what no bug meets."""
        met = {event.event_id: bug for event in events for bug in self.bugs if bug.meets(event)}
        receipt = self.system.deliver([event for event in events if event.event_id not in met])
        rejected = [Rejection(one, bug.error_class, bug.message) for one, bug in met.items()]
        return Receipt([*receipt.rejected, *rejected])
