"""What became of every event of every agency's feed: delivered, parked, waiting, replayed."""

from __future__ import annotations

from hub.deliveries.browser import DeliveryBrowser
from hub.deliveries.chains import Link
from hub.deliveries.delivery import (
    OPEN,
    Account,
    Fact,
    FactKind,
    Failure,
    Held,
    Outcome,
    Request,
    State,
    Summary,
    Trial,
    Waiting,
)
from hub.deliveries.put_off import PutOff
from hub.deliveries.store import Deliveries, ask, can_be_made_due

__all__ = [
    "OPEN",
    "Account",
    "Deliveries",
    "DeliveryBrowser",
    "Fact",
    "FactKind",
    "Failure",
    "Held",
    "Link",
    "Outcome",
    "PutOff",
    "Request",
    "State",
    "Summary",
    "Trial",
    "Waiting",
    "ask",
    "can_be_made_due",
]
