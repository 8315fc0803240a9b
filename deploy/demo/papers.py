"""Stories of the identity register: cards are issued and read, accounts activated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from deploy.demo.lines import SourceLine
from deploy.demo.population import YEAR
from deploy.demo.world import World

IDENTITY = "/registers/identity"


def card(world: World) -> Iterator[SourceLine | int]:
    """An identity card is issued: the first one, or one after a loss."""
    today = world.day
    if not (person := world.population.draw(lambda p: p.age(today) >= 14)):
        return
    on = world.happens(person)
    data: dict[str, Any] = {
        "document_number": f"{int(world.rng.random() * 1e9):09d}",
        "issued_on": world.date(on),
        "reason": "FIRST",
    }
    if limit := next((age for age in (25, 40, 60) if person.age(on) < age - 2), None):
        data["expires_on"] = world.date(person.born + int(limit * YEAR) + 1)
    if person.card:
        state = "LOST" if world.rng.random() < 0.5 else "DAMAGED"
        old = person.card.data["document_number"]
        data |= {"reason": "REPLACEMENT", "previous_document_number": old, "previous_document_state": state}
    person.card, event = world.open("IdentityCardIssued", person, IDENTITY, data, on)
    yield world.line(event, person.card)


def account(world: World) -> Iterator[SourceLine | int]:
    """An identity account is activated."""
    today = world.day
    if person := world.population.draw(lambda p: p.age(today) >= 14 and not p.account):
        on = world.happens(person)
        data = {"level": 1 if world.rng.random() < 0.2 else 2, "activated_on": world.date(on)}
        person.account, event = world.open("IdentityAccountActivated", person, IDENTITY, data, on)
        yield world.line(event, person.account)


def verification(world: World) -> Iterator[SourceLine | int]:
    """A card is read at a counter."""
    rng, today = world.rng, world.day
    if person := world.population.draw(lambda p: p.age(today) >= 14):
        on, site = world.happens(person), int(rng.random() * 400)
        results = ("CHIP_PA", "CHIP_PA", "PA", "READ_ONLY", "QR")
        data: dict[str, Any] = {
            "site_id": f"site-{site:03d}",
            "purpose": "health-insurance-check" if rng.random() < 0.7 else "one-stop-counter",
            "result": results[int(rng.random() * 5)],
            "device_id": f"reader-{site:03d}-{1 + int(rng.random() * 3)}",
        }
        fact, event = world.open("CardVerified", person, IDENTITY, data, on)
        data["verified_at"] = fact.occurred_at
        yield world.line(event, fact)
