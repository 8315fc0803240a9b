"""Tax: taxpayers opened and closed, dependants for the family deduction, the managing office by residence.

The personal number is the tax code (Law on Tax Administration 38/2019/QH14, Article 35(7)).
"""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from adapters.agencies.agency import Agency, Effect, Person, derived, mention, text
from adapters.agencies.dates import month
from adapters.agencies.life import Details, area, death, details, is_known, marriages, stays

_META = sa.MetaData()

TAXPAYERS = derived(
    "taxpayers",
    _META,
    text("full_name"),
    text("sex"),
    text("born_on"),
    # open or closed
    text("state", nullable=False),
    # The day of death.
    text("closed_on"),
    # NULL while no permanent residence is known, and under strict protection.
    text("managing_office"),
    mention("spouse"),
    text("married_on"),
)
OFFICES = derived("managing_offices", _META, text("office", nullable=False), text("from_on"), text("until"))
DEPENDANTS = derived(
    "dependants",
    _META,
    mention("taxpayer"),
    # mother or father
    text("role", nullable=False),
    text("full_name"),
    # Months, YYYY-MM, both included.
    text("deduct_from", nullable=False),
    text("deduct_until", nullable=False),
    # age or death
    text("ends_by", nullable=False),
)


def effects(person: Person) -> Iterator[Effect]:
    """Make the rows of one person: as a taxpayer, and as a dependant of the parents."""
    if not is_known(person.facts):
        return
    offices = [(area(stay.address), stay) for stay in stays(person.facts, {"PERMANENT"})]
    for office, stay in offices:
        yield OFFICES, {"office": office, "from_on": stay.from_on, "until": stay.until}
    known, died = details(person.facts), death(person.facts)
    spouse = next((m for m in reversed(marriages(person)) if m.ended_on is None), None)
    yield (
        TAXPAYERS,
        {
            **known._asdict(),
            "state": "closed" if died else "open",
            "closed_on": died.data["died_on"] if died else None,
            "managing_office": offices[-1][0] if offices else None,
            "spouse": spouse.spouse if spouse else None,
            "married_on": spouse.married_on if spouse else None,
        },
    )
    yield from _dependant(person, known, died.data["died_on"] if died else None)


def _dependant(person: Person, known: Details, died_on: str | None) -> Iterator[Effect]:
    """Count by whole months, from birth to the 18th birthday or death (Circular 111/2013/TT-BTC, Article 9)."""
    birth = person.facts.last("BirthRegistered")
    if birth is None or known.born_on is None:
        return
    of_age = month(known.born_on, 18 * 12)
    died = month(died_on) if died_on else None
    ended = died if died and died < of_age else None
    for role in ("mother", "father"):
        if parent := person.current(birth.data.get(f"{role}_number")):
            yield (
                DEPENDANTS,
                {
                    "taxpayer": parent,
                    "role": role,
                    "full_name": known.full_name,
                    "deduct_from": month(known.born_on),
                    "deduct_until": ended or of_age,
                    "ends_by": "death" if ended else "age",
                },
            )


AGENCY = Agency(
    name="tax",
    takes=frozenset(
        {
            "BirthRegistered",
            "DeathRegistered",
            "ResidenceChanged",
            "MarriageRegistered",
            "MarriageEnded",
            "PersonDetailsCorrected",
            "PersonalNumberChanged",
            "PersonsMerged",
            "AddressProtectionChanged",
        }
    ),
    metadata=_META,
    derived=(TAXPAYERS, OFFICES, DEPENDANTS),
    effects=effects,
)
