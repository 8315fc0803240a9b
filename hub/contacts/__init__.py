"""The contact with each agency: when it answered, since when it does not, and who has suspended it."""

from __future__ import annotations

from hub.contacts.contact import Contact, Failing, Outage, Suspension
from hub.contacts.rewinds import Rewind, RewindRefused, Rewinds
from hub.contacts.store import HUB, Contacts

__all__ = [
    "HUB",
    "Contact",
    "Contacts",
    "Failing",
    "Outage",
    "Rewind",
    "RewindRefused",
    "Rewinds",
    "Suspension",
]
