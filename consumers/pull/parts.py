"""What answering agencies takes, and how much of it is allowed at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from hub.access.bearer import Authenticate
from hub.agreements import Agreements
from hub.deliveries import DeliveryBrowser
from hub.destination import OpenEvents
from hub.entitlement import MayHave, all_may_go
from hub.eventlog import LogBrowser
from hub.observe import Observer, nobody
from schemas.catalogue import Catalogue


class Contacts(Protocol):
    """Who has asked, and since when an agency may not."""

    def asked(self, agency: str, position: int) -> None:
        """Note that an agency asks for what is behind a position of its feed."""

    def suspended(self, agency: str) -> str | None:
        """Return why an operator has suspended the agency, or None."""


class NoContacts:
    """Notes nothing."""

    def asked(self, agency: str, position: int) -> None:
        """Note nothing."""

    def suspended(self, agency: str) -> str | None:  # noqa: ARG002 - the port's
        """Return None."""
        return None


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is allowed. Times in seconds."""

    #: Events of one page, at most; and unless told.
    page: int = 1000
    usual_page: int = 100
    #: A page ends early when its records hold more bytes than this, so that memory stays bounded.
    page_bytes: int = 4 * 1024 * 1024
    #: The longest that a request waits for something new.
    wait: float = 60.0
    #: Between two signs of life in a stream.
    heartbeat: float = 15.0
    #: A reader that takes nothing for so long is cut off.
    reader: float = 30.0
    #: Between two looks at the ends of the feeds that somebody waits for.
    look: float = 0.1
    #: Requests that wait, streams that are open, and pages that are being sent: of one agency, and of all.
    waiting: tuple[int, int] = (1000, 20_000)
    streams: tuple[int, int] = (50, 2_000)
    sending: tuple[int, int] = (16, 200)
    #: Pages that are made at once, of one agency and of all.
    making: tuple[int, int] = (2, 4)


@dataclass(frozen=True, slots=True)
class Parts:
    """What answering agencies takes."""

    log: LogBrowser
    agreements: Agreements
    catalogue: Catalogue
    open_events: OpenEvents
    authenticate: Authenticate
    deliveries: DeliveryBrowser
    may_have: MayHave = all_may_go
    contacts: Contacts = field(default_factory=NoContacts)
    limits: Limits = field(default_factory=Limits)
    #: Told of what agencies were given.
    observe: Observer = nobody
