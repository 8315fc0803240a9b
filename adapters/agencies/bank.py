"""A bank, on consent: its customer file cleaned while the consent lasts, erased and blocked when it ends."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from adapters.agencies.agency import Agency, Effect, Person, derived, text
from adapters.agencies.dates import days_after, working_days_after
from adapters.agencies.life import death, details, is_known, latest_card, one_line, stays
from adapters.agencies.standing import Fact, Standing

#: What the bank may process the data for; a consent to anything else opens nothing.
PURPOSE = "customer-due-diligence"

_META = sa.MetaData()

CUSTOMERS = derived(
    "customers",
    _META,
    # open or blocked; a blocked file holds nothing more
    text("state", nullable=False),
    text("full_name"),
    text("born_on"),
    text("address"),
    text("document_number"),
    text("document_expires_on"),
    sa.Column("deceased", sa.Boolean),
    text("died_on"),
)
CONSENTS = derived(
    "consents",
    _META,
    text("fact_id", nullable=False),
    text("purpose"),
    text("granted_on"),
    text("valid_until"),
    # granted or annulled
    text("state", nullable=False),
)
WITHDRAWALS = derived(
    "withdrawals",
    _META,
    text("fact_id", nullable=False),
    text("purpose"),
    text("withdrawn_on", nullable=False),
    text("answer_due", nullable=False),
    text("stop_due", nullable=False),
)


def effects(person: Person) -> Iterator[Effect]:
    """Make the rows of one customer."""
    facts = person.facts
    if not is_known(facts):
        return
    for fact in facts.known("ConsentGranted"):
        told = {name: fact.data.get(name) for name in ("purpose", "granted_on", "valid_until")}
        state = "annulled" if fact.annulled else "granted"
        yield CONSENTS, {"fact_id": fact.fact_id, "state": state, **told}
    for fact in facts.true("ConsentWithdrawn"):
        # Personal data protection, Decree 356/2025/NĐ-CP: answer in 2 working days, stop in 15 days.
        # The file is erased at once; the dates are for the answer to the customer.
        withdrawn_on = fact.data["withdrawn_on"]
        due = {"answer_due": working_days_after(withdrawn_on, 2), "stop_due": days_after(withdrawn_on, 15)}
        told = {"purpose": fact.data["purpose"], "withdrawn_on": withdrawn_on}
        yield WITHDRAWALS, {"fact_id": fact.fact_id, **told, **due}
    yield CUSTOMERS, _empty("blocked") if is_blocked(facts) else _file(facts)


def is_blocked(facts: Standing) -> bool:
    """Tell whether the consent has ended: our purpose's last word is a withdrawal, or no grant stands."""
    grants = [fact for fact in facts.known("ConsentGranted") if _ours(fact)]
    words = [fact for fact in grants if not fact.annulled]
    words += [fact for fact in facts.true("ConsentWithdrawn") if _ours(fact)]
    if not words:
        return bool(grants)
    return max(words, key=lambda fact: fact.order).type == "ConsentWithdrawn"


def _ours(fact: Fact) -> bool:
    told = (fact.data.get("agency", "bank"), fact.data.get("purpose", PURPOSE))
    return told == ("bank", PURPOSE)


def _file(facts: Standing) -> dict[str, object]:
    known, died, card = details(facts), death(facts), latest_card(facts)
    where = stays(facts, {"PERMANENT", "TEMPORARY"})
    return {
        "state": "open",
        "full_name": known.full_name,
        "born_on": known.born_on,
        "address": one_line(where[-1].address) if where else None,
        "document_number": card.data["document_number"] if card else None,
        "document_expires_on": card.data.get("expires_on") if card else None,
        "deceased": died is not None,
        "died_on": died.data["died_on"] if died else None,
    }


def _empty(state: str) -> dict[str, object]:
    return {column.name: None for column in CUSTOMERS.c if column.name != "person"} | {"state": state}


AGENCY = Agency(
    name="bank",
    takes=frozenset(
        {
            "DeathRegistered",
            "ResidenceChanged",
            "PersonDetailsCorrected",
            "IdentityCardIssued",
            "PersonalNumberChanged",
            "PersonsMerged",
            "ConsentGranted",
            "ConsentWithdrawn",
            "AddressProtectionChanged",
        }
    ),
    metadata=_META,
    derived=(CUSTOMERS, CONSENTS, WITHDRAWALS),
    effects=effects,
    forgets=is_blocked,
    # Whose consent it was, and that it ended; who is who; who is protected.
    remembers=frozenset(
        {
            "ConsentGranted",
            "ConsentWithdrawn",
            "AddressProtectionChanged",
            "PersonalNumberChanged",
            "PersonsMerged",
        }
    ),
)
