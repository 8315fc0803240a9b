"""Events as an agency sees them, and destinations that post them to a test's endpoint."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from adapters.ways.way import Place
from adapters.ways.webhook.system import WebhookSystem, open_system
from hub.agreements import Agreement
from hub.contacts.endpoints import Consent, Endpoints
from hub.database import open_database, sqlite_url
from hub.deliveries.tables import metadata
from hub.destination import Event
from tests.adapters.ways.webhook.receiver import Receiver
from tests.hub.making import CATALOGUE, SAIGON, agreement

_numbers = itertools.count(1)


def secret(letter: str) -> str:
    """Return a secret that is made of one letter, so that tests can tell them apart."""
    return "whsec_" + base64.b64encode(letter.encode() * 32).decode()


SECRET = secret("k")
NAME = "LAND_WEBHOOK_SECRETS"


def event(number: int | None = None, **changes: Any) -> Event:
    """Return the event of a person of their own."""
    number = next(_numbers) if number is None else number
    content: dict[str, Any] = {
        "event_id": f"0199c0de-0000-7000-8000-{number:012x}",
        "type": "DeathRegistered",
        "source": "/registers/civil-status/79",
        "subject": f"079090{number:06d}",
        "occurred_at": "2026-11-20T00:00:00.000Z",
        "registered_at": "2026-11-21T02:30:00.000Z",
        "change": "CREATED",
        "previous_event_id": None,
        "fact_id": f"KT-{number}",
        "fact_version": 1,
        "bulk_id": None,
        "sequence": number,
        "legal_basis": "statute: Luật Đất đai 31/2024/QH15, Chương X",
        "purpose": "land-registration",
        "data": {
            "died_on": "2026-11-20",
            "name": {"family": "Nguyễn", "middle": "Thị", "given": "Lệ"},
            "last_residence": SAIGON,
            "certificate_number": None,
        },
    }
    return Event(**(content | changes))


def events(count: int, **changes: Any) -> list[Event]:
    """Return events of different persons."""
    return [event(**changes) for _ in range(count)]


def land(url: str, **settings: Any) -> Agreement:
    """Return the agreement of the land agency with a webhook."""
    delivery = {"way": "webhook", "url": url, "secrets_env": NAME, "allow_private": True, "timeout": 10}
    return agreement("land", delivery=delivery | settings)


def place(endpoints: Endpoints | None = None, environment: Mapping[str, str] | None = None) -> Place:
    """Return where the hub runs, with the secret in the environment."""
    return Place(Path("nowhere"), CATALOGUE, {NAME: SECRET} if environment is None else environment, endpoints)


@contextmanager
def posting_to(
    endpoint: Receiver | str, endpoints: Endpoints | None = None, **settings: Any
) -> Iterator[WebhookSystem]:
    """Open the destination that posts to an endpoint; its connections are ended."""
    url = endpoint if isinstance(endpoint, str) else endpoint.url
    system = open_system(land(url, **settings), place(endpoints))
    try:
        yield system
    finally:
        system.close()


def consent_of(url: str, folder: Path) -> Endpoints:
    """Return the knowledge that an endpoint has agreed already."""
    engine = open_database(sqlite_url(folder / "deliveries.db"))
    metadata.create_all(engine)
    endpoints = Endpoints(engine)
    endpoints.keep("land", Consent(url, 1), "dancu")
    return endpoints


def ids(given: Sequence[Event]) -> list[str]:
    """Return the ids of events."""
    return [one.event_id for one in given]
