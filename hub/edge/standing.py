"""How a person and a card stand: alive or deceased, valid, replaced or lost. From the registers and the log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import orjson
import sqlalchemy as sa

from hub.database import reading
from hub.edge.cards import UNKNOWN, Card, state_of
from hub.edge.details import Details
from hub.eventlog import LogBrowser
from hub.facts import Fate
from hub.registers.past import Past
from schemas.catalogue import Catalogue

ALIVE: Final = "alive"
DECEASED: Final = "deceased"
_DEATH, _CARD, _VERIFIED = "DeathRegistered", "IdentityCardIssued", "CardVerified"


class Asked(NamedTuple):
    """Whose card was read."""

    number: str
    #: The card's own number, where the purpose allows it.
    document: str | None

    def __repr__(self) -> str:
        return "Asked(…)"


class Standing(NamedTuple):
    """What the registers say."""

    #: alive, deceased or unknown: nobody has told the hub of this person.
    life: str
    #: valid, replaced, lost or unknown.
    card: str
    #: Days since 1970, where it is known.
    died_on: int | None
    #: Every number that the person has or had.
    numbers: Sequence[str]

    def __repr__(self) -> str:
        return f"Standing({self.life}, {self.card})"


class _Row(NamedTuple):
    """A published version of a fact."""

    position: int
    type: str
    version: int
    change: str


class Standings:
    """Asks the registers, as far as the hub has decided; what a fact says in detail is read from the log."""

    def __init__(self, engine: sa.Engine, log: LogBrowser, catalogue: Catalogue) -> None:
        self._engine = engine
        self._log = log
        self._catalogue = catalogue

    def of(self, asked: Sequence[Asked]) -> list[Standing]:
        """Return how each person and card stands, in order."""
        if not asked:
            return []
        with reading(self._engine) as connection:
            numbers = Past(connection).numbers_of(one.number for one in asked)
            every = {one.number: numbers.numbers_of(numbers.person(one.number)) for one in asked}
            facts = _facts(connection, {number for of_one in every.values() for number in of_one})
        details = self._details()
        return [_standing(one, every[one.number], facts, details) for one in asked]

    def died_on(self, position: int) -> int | None:
        """Return the day of a death that is reported at a place of the log; None when it can't be told."""
        return _died_on(self._details(), position)

    def _details(self) -> Details:
        return Details(self._log, self._catalogue)


def _standing(
    one: Asked, numbers: Sequence[str], facts: Mapping[str, Mapping[str, list[_Row]]], details: Details
) -> Standing:
    mine: dict[str, list[_Row]] = defaultdict(list)
    for number in numbers:
        for rest, rows in facts.get(number, {}).items():
            mine[rest] += rows
    acts = [sorted(rows, key=lambda row: row.version) for rows in mine.values()]
    standing = [rows for rows in acts if rows[-1].change != "ANNULLED"]
    deaths = [rows[-1] for rows in standing if rows[-1].type == _DEATH]
    died_on = _died_on(details, min(deaths).position) if deaths else None
    life = DECEASED if deaths else ALIVE if standing else UNKNOWN
    card = UNKNOWN
    if one.document is not None:
        card = state_of(one.document, [_card(details, rows) for rows in standing if rows[-1].type == _CARD])
    return Standing(life, card, died_on, numbers)


def _card(details: Details, rows: Sequence[_Row]) -> Card:
    """Make a card of the versions of its fact: the last one that says something, and whether it has ended."""
    said = [row for row in rows if row.change in ("CREATED", "CORRECTED")]
    content = details.at((said or rows)[-1].position)
    return Card(
        content.get("document_number"),
        content.get("issued_on"),
        rows[-1].change == "CEASED",
        content.get("previous_document_number"),
        content.get("previous_document_state"),
        rows[-1].position,
    )


def _died_on(details: Details, position: int) -> int | None:
    day = details.at(position).get("died_on")
    return day if isinstance(day, int) else None


def _facts(connection: sa.Connection, numbers: Iterable[str]) -> dict[str, dict[str, list[_Row]]]:
    """Return number → the rest of the fact's key → its published versions, of all but verifications."""
    found: dict[str, dict[str, list[_Row]]] = defaultdict(lambda: defaultdict(list))
    asked = {"asked": orjson.dumps(sorted(set(numbers))).decode(), "fate": Fate.PUBLISHED.value}
    for fact, *row in connection.execute(_QUERIES[connection.dialect.name], asked):
        number, _, rest = fact.partition("|")
        found[number][rest].append(_Row(*row))
    return found


#: One statement for any number of persons, each a range of the index (`}` comes after `|`, byte by byte). On PostgreSQL
#: the order makes the planner take the index, also where it knows nothing of the table yet.
_FACTS = f"""SELECT e.fact, e.position, e.type, e.version, e.change FROM events e
    WHERE e.fact >= a.value || '|' AND e.fact < a.value || '}}' AND e.fate = :fate
    AND (e.fact < a.value || '|{_VERIFIED}|' OR e.fact >= a.value || '|{_VERIFIED}}}')"""  # noqa: S608 - our own names
_QUERIES = {
    "sqlite": sa.text(_FACTS.replace("FROM", "FROM json_each(:asked) a CROSS JOIN", 1)),
    "postgresql": sa.text(
        f"SELECT e.* FROM jsonb_array_elements_text(CAST(:asked AS jsonb)) a(value) "  # noqa: S608 - our own names
        f"CROSS JOIN LATERAL ({_FACTS} ORDER BY e.fact LIMIT 10000) e"
    ),
}
