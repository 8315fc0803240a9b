"""Social welfare: payments stopped and resumed by month, child support, the paying commune, the account."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from adapters.agencies.agency import Agency, Effect, Owned, Person, derived, log, mention, text
from adapters.agencies.dates import month, months, vietnam_date
from adapters.agencies.life import area, death, details, is_known, stays
from adapters.agencies.standing import Fact

_META = sa.MetaData()

BENEFICIARIES = derived(
    "beneficiaries",
    _META,
    text("full_name"),
    text("born_on"),
    # paid or stopped
    text("state", nullable=False),
    # The first month without payment, YYYY-MM.
    text("stopped_from"),
    # NULL while unknown, and under strict protection.
    text("paying_commune"),
    sa.Column("account_level", sa.Integer),
)
STOPS = derived(
    "payment_stops",
    _META,
    text("fact_id", nullable=False),
    # stopped or resumed
    text("state", nullable=False),
    text("died_on", nullable=False),
    text("stopped_from", nullable=False),
    text("resumed_on"),
)
MISSED = derived("missed_months", _META, text("fact_id", nullable=False), text("month", nullable=False))
CHILD_SUPPORT = derived(
    "child_support",
    _META,
    mention("mother"),
    mention("father"),
    text("opened_on", nullable=False),
    # open or ended
    text("state", nullable=False),
    text("ended_from"),
)
COMMUNES = derived("paying_communes", _META, text("commune", nullable=False), text("from_on"), text("until"))
PROOFS_OF_LIFE = log("proofs_of_life", _META, "site_id", "purpose", "result", "verified_at")
#: The agency's own: where the money goes. It survives moves and changes of number.
ACCOUNTS = sa.Table(
    "payment_accounts",
    _META,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("person", sa.Text, nullable=False, index=True),
    text("account", nullable=False),
    text("person_entered"),
)


def effects(person: Person) -> Iterator[Effect]:
    """Make the rows of one person."""
    if not is_known(person.facts):
        return
    communes = [(area(stay.address), stay) for stay in stays(person.facts, {"PERMANENT"}, from_birth=True)]
    for commune, stay in communes:
        yield COMMUNES, {"commune": commune, "from_on": stay.from_on, "until": stay.until}
    known, died = details(person.facts), death(person.facts)
    stopped_from = first_unpaid_month(died.data["died_on"]) if died else None
    levels = [f.data["level"] for f in person.facts.true("IdentityAccountActivated") if _active(f)]
    yield (
        BENEFICIARIES,
        {
            "full_name": known.full_name,
            "born_on": known.born_on,
            "state": "stopped" if died else "paid",
            "stopped_from": stopped_from,
            "paying_commune": communes[-1][0] if communes else None,
            "account_level": max(levels, default=None),
        },
    )
    yield from _stops(person)
    yield from _child_support(person, stopped_from)


def first_unpaid_month(died_on: str) -> str:
    """Return the month after the death, the first that isn't paid (Decree 20/2021/NĐ-CP on social assistance)."""
    return month(died_on, 1)


def _active(fact: Fact) -> bool:
    return fact.ceased_on is None and fact.data.get("level") is not None


def _stops(person: Person) -> Iterator[Effect]:
    """List every stop; one for a death that never was is resumed, with the months that were missed."""
    for fact in person.facts.known("DeathRegistered"):
        if not fact.data.get("died_on"):
            continue
        stopped_from = first_unpaid_month(fact.data["died_on"])
        resumed_on = vietnam_date(fact.registered_at) if fact.annulled else None
        yield (
            STOPS,
            {
                "fact_id": fact.fact_id,
                "state": "resumed" if resumed_on else "stopped",
                "died_on": fact.data["died_on"],
                "stopped_from": stopped_from,
                "resumed_on": resumed_on,
            },
        )
        for missed in months(stopped_from, month(resumed_on)) if resumed_on else ():
            yield MISSED, {"fact_id": fact.fact_id, "month": missed}


def _child_support(person: Person, stopped_from: str | None) -> Iterator[Effect]:
    birth = person.facts.last("BirthRegistered")
    if birth is None or not birth.data.get("born_on"):
        return
    yield (
        CHILD_SUPPORT,
        {
            "mother": person.current(birth.data.get("mother_number")),
            "father": person.current(birth.data.get("father_number")),
            "opened_on": details(person.facts).born_on,
            "state": "ended" if stopped_from else "open",
            "ended_from": stopped_from,
        },
    )


AGENCY = Agency(
    name="welfare",
    takes=frozenset(
        {
            "BirthRegistered",
            "DeathRegistered",
            "ResidenceChanged",
            "PersonDetailsCorrected",
            "IdentityAccountActivated",
            "PersonalNumberChanged",
            "PersonsMerged",
            "AddressProtectionChanged",
            "CardVerified",
        }
    ),
    metadata=_META,
    derived=(BENEFICIARIES, STOPS, MISSED, CHILD_SUPPORT, COMMUNES),
    owned=(Owned(ACCOUNTS, ACCOUNTS.c.person, ACCOUNTS.c.person_entered),),
    logs={"CardVerified": PROOFS_OF_LIFE},
    effects=effects,
)
