"""Land: titles flagged for inheritance on a death, the owner kept right, the spouse's consent noted.

The titles are the agency's own. A person without one gets a note.
"""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from adapters.agencies.agency import Agency, Effect, Owned, Person, Row, derived, mention, text
from adapters.agencies.life import death, details, marriages

_META = sa.MetaData()

TITLES = sa.Table(
    "titles",
    _META,
    sa.Column("title_no", sa.Text, primary_key=True),
    sa.Column("owner_number", sa.Text, nullable=False, index=True),
    text("owner_name"),
    text("owner_born_on"),
    sa.Column("flagged", sa.Boolean, nullable=False, default=False, server_default=sa.false()),
    text("owner_died_on"),
    text("death_certificate"),
    # What the agency had entered, while the register's word stands in its place.
    text("owner_number_entered"),
    text("owner_name_entered"),
)
NOTES = derived("notes", _META, text("fact_id", nullable=False), text("type"), text("note", nullable=False))
SPOUSES = derived(
    "spouse_consents",
    _META,
    mention("spouse"),
    text("married_on", nullable=False),
    text("ended_on"),
    text("reason"),
)


def effects(person: Person) -> Iterator[Effect]:
    """Mark the person's titles, or note that there are none; list whose consent a sale needs."""
    titles = person.owned.get("titles", ())
    for title in titles:
        marked = _marked(person, title)
        if any(title[name] != value for name, value in marked.items()):
            yield TITLES, {"title_no": title["title_no"], **marked}
    if not titles:
        yield from _notes(person)
    # Both spouses must agree in writing to dispose of land held in common:
    # Law on Marriage and Family 52/2014/QH13, Article 35(2).
    for marriage in marriages(person):
        yield SPOUSES, marriage._asdict()


def _marked(person: Person, title: Row) -> Row:
    known, died = details(person.facts), death(person.facts)
    entered = title["owner_name_entered"] or title["owner_name"]
    return {
        "owner_name": known.full_name or entered,
        "owner_name_entered": entered if known.full_name else None,
        "owner_born_on": known.born_on,
        "flagged": died is not None,
        "owner_died_on": died.data["died_on"] if died else None,
        "death_certificate": died.data.get("certificate_number") if died else None,
    }


def _notes(person: Person) -> Iterator[Effect]:
    for kind in ("DeathRegistered", "PersonDetailsCorrected", "MarriageRegistered", "MarriageEnded"):
        for fact in person.facts.true(kind):
            yield NOTES, {"fact_id": fact.fact_id, "type": kind, "note": "no title under this number"}


AGENCY = Agency(
    name="land",
    takes=frozenset(
        {
            "DeathRegistered",
            "MarriageRegistered",
            "MarriageEnded",
            "PersonDetailsCorrected",
            "PersonalNumberChanged",
            "PersonsMerged",
        }
    ),
    metadata=_META,
    derived=(NOTES, SPOUSES),
    owned=(Owned(TITLES, TITLES.c.owner_number, TITLES.c.owner_number_entered),),
    effects=effects,
)
