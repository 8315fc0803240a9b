"""Social and health insurance: cards for children under 6, benefits stopped, funeral cases, the clinic."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from adapters.agencies.agency import Agency, Effect, Person, derived, log, text
from adapters.agencies.dates import vietnam_date
from adapters.agencies.life import area, death, details, is_known, latest_card, stays

_META = sa.MetaData()

INSURED = derived(
    "insured",
    _META,
    text("full_name"),
    text("sex"),
    text("born_on"),
    # active or stopped
    text("state", nullable=False),
    text("stopped_on"),
    # Where the clinic is registered; NULL while unknown, and under strict protection.
    text("clinic_area"),
    # The chip card that the health card is matched to.
    text("document_number"),
    text("document_expires_on"),
)
CARDS = derived(
    "health_cards",
    _META,
    text("card_number", nullable=False),
    text("valid_from", nullable=False),
    text("valid_until", nullable=False),
    # valid or stopped
    text("state", nullable=False),
    text("stopped_on"),
)
FUNERALS = derived(
    "funeral_cases",
    _META,
    text("fact_id", nullable=False),
    # open or cancelled
    text("state", nullable=False),
    text("died_on"),
    text("certificate_number"),
    text("cancelled_on"),
)
CLINICS = derived("clinic_registrations", _META, text("area", nullable=False), text("from_on"), text("until"))
CHECK_INS = log("check_ins", _META, "site_id", "purpose", "result", "verified_at")


def effects(person: Person) -> Iterator[Effect]:
    """Make the rows of one person."""
    if not is_known(person.facts):
        return
    died = death(person.facts)
    died_on = died.data["died_on"] if died else None
    yield from _funerals(person)
    clinics = [(area(stay.address), stay) for stay in stays(person.facts, {"PERMANENT", "TEMPORARY"}, True)]
    for clinic, stay in clinics:
        yield CLINICS, {"area": clinic, "from_on": stay.from_on, "until": stay.until}
    known, chip = details(person.facts), latest_card(person.facts)
    yield (
        INSURED,
        {
            **known._asdict(),
            "state": "stopped" if died else "active",
            "stopped_on": died_on,
            "clinic_area": clinics[-1][0] if clinics else None,
            "document_number": chip.data["document_number"] if chip else None,
            "document_expires_on": chip.data.get("expires_on") if chip else None,
        },
    )
    yield from _card(person, known.born_on, died_on)


def card_number(number: str) -> str:
    """Return the health-card number of a child: `TE1`, the province, and the rest of the personal number.

    15 characters as on the card; another personal number always gives another card number.
    """
    return f"TE1{number[1:3]}{number[0]}{number[3:]}"


def card_valid_until(born_on: str) -> str:
    """Return the last day of an under-6 card: the day of 72 months, or 30 September before school begins.

    Law on Health Insurance 25/2008/QH12 as amended by 46/2014/QH13, Article 16(3).
    """
    return f"{int(born_on[:4]) + 6:04d}-{max(born_on[5:], '09-30')}"


def _card(person: Person, born_on: str | None, died_on: str | None) -> Iterator[Effect]:
    birth = person.facts.last("BirthRegistered")
    if birth is None or born_on is None:
        return
    valid_until = card_valid_until(born_on)
    stopped = died_on is not None and died_on <= valid_until
    yield (
        CARDS,
        {
            # By the number at birth: a card keeps its number when the personal number changes.
            "card_number": card_number(birth.subject),
            "valid_from": born_on,
            "valid_until": valid_until,
            "state": "stopped" if stopped else "valid",
            "stopped_on": died_on if stopped else None,
        },
    )


def _funerals(person: Person) -> Iterator[Effect]:
    """Open a case for every death told; one that never was is cancelled and stays to be seen."""
    for fact in person.facts.known("DeathRegistered"):
        if fact.data.get("died_on"):
            yield (
                FUNERALS,
                {
                    "fact_id": fact.fact_id,
                    "state": "cancelled" if fact.annulled else "open",
                    "died_on": fact.data["died_on"],
                    "certificate_number": fact.data.get("certificate_number"),
                    "cancelled_on": vietnam_date(fact.registered_at) if fact.annulled else None,
                },
            )


AGENCY = Agency(
    name="insurance",
    takes=frozenset(
        {
            "BirthRegistered",
            "DeathRegistered",
            "ResidenceChanged",
            "PersonDetailsCorrected",
            "IdentityCardIssued",
            "PersonalNumberChanged",
            "PersonsMerged",
            "AddressProtectionChanged",
            "CardVerified",
        }
    ),
    metadata=_META,
    derived=(INSURED, CARDS, FUNERALS, CLINICS),
    logs={"CardVerified": CHECK_INS},
    effects=effects,
)
