"""Lives told at random, and what a system has made of them: for tests that quantify over both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

import sqlalchemy as sa

from adapters.agencies import AGENCIES
from hub.destination import Event
from tests.adapters.agencies.register import DALAT, HANOI, NAME, SAIGON, Register

_NO_CHANGES = {"CardVerified", "ConsentWithdrawn"}
_ONLY_ANNULLED = {"PersonalNumberChanged", "PersonsMerged", "ConsentGranted"}


def told_at_random(agency: str, random: Random, length: int, people: int) -> list[Event]:
    """Return events that the agency takes: facts of a few people, changed and annulled, in a mixed order."""
    register = Register()
    numbers = [f"0013010{number:05d}" for number in range(people)]
    types = sorted(AGENCIES[agency].takes or ())
    story: list[Event] = []
    while len(story) < length:
        before = random.choice(story) if story and random.random() < 0.35 else None
        if before is None or before.type in _NO_CHANGES:
            kind, subject = random.choice(types), random.choice(numbers)
            story.append(register.tells(kind, subject, **_payload(kind, random, subject, numbers)))
        elif before.type in _ONLY_ANNULLED or random.random() < 0.4:
            story.append(replace(register.annuls(before), subject=random.choice([before.subject, *numbers])))
        elif random.random() < 0.2:
            story.append(register.ceases(before))
        else:
            subject = random.choice([before.subject, *numbers])
            payload = _payload(before.type, random, subject, numbers)
            story.append(replace(register.corrects(before, **payload), subject=subject))
    return story


def held(engine: sa.Engine) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table, less the time of applying."""
    metadata = sa.MetaData()
    metadata.reflect(engine)
    with engine.connect() as connection:
        return {
            table.name: sorted(
                tuple(str(value) for name, value in row.items() if name != "applied_at")
                for row in connection.execute(sa.select(table)).mappings()
            )
            for table in metadata.sorted_tables
        }


def empty(engine: sa.Engine) -> None:
    """Drop every table."""
    metadata = sa.MetaData()
    metadata.reflect(engine)
    metadata.drop_all(engine)


def _payload(kind: str, random: Random, subject: str, numbers: Sequence[str]) -> dict[str, Any]:
    day = f"202{random.randrange(6)}-{random.randrange(1, 13):02d}-{random.randrange(1, 29):02d}"
    place, other = random.choice([HANOI, SAIGON, DALAT]), random.choice(numbers)
    consent = {"agency": "bank", "purpose": "customer-due-diligence"}
    payloads: dict[str, dict[str, Any]] = {
        "BirthRegistered": {"name": NAME, "born_on": day, "residence": place, "mother_number": other},
        "DeathRegistered": {"died_on": day, "certificate_number": day},
        "ResidenceChanged": {"kind": "PERMANENT", "to_address": place, "moved_on": day},
        "MarriageRegistered": {"married_on": day, "spouse_number": other},
        "MarriageEnded": {"ended_on": day, "reason": "DIVORCE"},
        "PersonDetailsCorrected": {"name": {**NAME, "given": random.choice(["Lan", "Mai"])}},
        "IdentityCardIssued": {"document_number": other, "issued_on": day},
        "IdentityAccountActivated": {"level": random.choice([1, 2]), "activated_on": day},
        "PersonalNumberChanged": {"old_number": subject, "new_number": other, "changed_on": day},
        "PersonsMerged": {"merged_numbers": [other], "merged_on": day},
        "AddressProtectionChanged": {"level": random.choice(["NONE", "STRICT"]), "valid_from": day},
        "CardVerified": {"site_id": "bv-01", "purpose": "x", "result": "CHIP_PA", "verified_at": day},
        "ConsentGranted": {**consent, "granted_on": day, "evidence": "x"},
        "ConsentWithdrawn": {**consent, "withdrawn_on": day},
    }
    return payloads[kind]
