"""The questions that a batch has for the registers, each a single query. The statements are made once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from copy import copy
from typing import Any

import orjson
import sqlalchemy as sa

from hub.arrival import Arrival
from hub.database import among_asked, texts
from hub.eventlog import Record
from hub.facts import Act, Consent, Fate, Held, Met, Why
from hub.registers import tables as t
from hub.steps.identify import CHANGE_NUMBERS, Numbers
from hub.steps.validate import arrival_of

#: Fact → the agencies that received any version of it; person → the agencies that received anything.
Received = tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]

_e = t.events.c
_MET = sa.select(_e.event_id, _e.position, _e.person, _e.fact, _e.fate).where(among_asked(_e.event_id))
_VERSIONS = sa.select(_e.fact, _e.version, _e.event_id, _e.vital_fact, _e.fate).order_by(_e.position)
_OF_FACTS = _VERSIONS.where(among_asked(_e.fact))
_OF_VITALS = sa.select(_e.fact).where(among_asked(_e.vital_fact), _e.fate == Fate.PUBLISHED.value)
_RECEIVED = sa.select(_e.fact, _e.sent_to).where(among_asked(_e.fact), _e.sent_to.is_not(None))
_RECEIVED_ABOUT = sa.select(_e.sent_to).where(
    _e.fact >= sa.bindparam("first"), _e.fact < sa.bindparam("end"), _e.sent_to.is_not(None)
)
_HELD = sa.select(t.held).where(among_asked(t.held.c.person), t.held.c.released_at.is_(None)).order_by(t.held.c.rank)
_CONSENTS = sa.select(t.consents).where(among_asked(t.consents.c.person)).order_by(t.consents.c.step)
_p, _r = t.protections.c, t.residences.c
_PROTECTIONS = sa.select(_p.person, _p.level).where(among_asked(_p.person)).order_by(_p.step)
_RESIDENCES = sa.select(_r.person, _r.province).where(among_asked(_r.person)).order_by(_r.step)


class Lookup:
    """One batch's questions. Rows under an earlier number count for the person of today."""

    def __init__(self, connection: sa.Connection, numbers: Numbers, persons: Iterable[str]) -> None:
        self._connection = connection
        self._numbers = numbers
        asked, earlier = set(persons), numbers.earlier()
        self.also_known = {person: tuple(earlier[person]) for person in earlier.keys() & asked}
        self._asked = texts([*asked, *(number for every in self.also_known.values() for number in every)])

    def on(self, connection: sa.Connection) -> Lookup:
        """Return the same questions, to be asked later."""
        again = copy(self)
        again._connection = connection
        return again

    def received_all(self, facts: Iterable[str], persons: Iterable[str]) -> Received:
        """Return who received these facts, and who received anything about these persons."""
        return self.received(facts), self.received_about(persons)

    def held(self) -> tuple[list[Held], list[Held]]:
        """Return the queues of these persons, in order, and the second reports about them."""
        rows = self._rows(_HELD, asked=self._asked)
        every = [Held(self._arrival(row), Why(row.why), row.until, row.rank) for row in rows]
        queued = [held for held in every if held.why is not Why.SECOND_REPORT]
        return queued, [held for held in every if held.why is Why.SECOND_REPORT]

    def met(self, event_ids: Iterable[str]) -> dict[str, Met]:
        """Return those of the events that the hub has met."""
        return {
            event_id: Met(event_id, position, self._numbers.person(person), self._today(fact), Fate(fate))
            for event_id, position, person, fact, fate in self._rows(_MET, asked=texts(event_ids))
        }

    def acts(self, concerned: Sequence[Arrival]) -> tuple[dict[str, Act], dict[tuple[str, int], str], dict[str, str]]:
        """Return the published state of the facts, who brought each version, and which act stands for a vital fact."""
        keys = self._every_key(arrival.fact for arrival in concerned)
        rows = list(self._rows(_OF_FACTS, asked=texts(keys)))
        said = {vital_fact for a in concerned if a.vital is not None and (vital_fact := a.vital_fact)}
        said.update(row.vital_fact for row in rows if row.vital_fact)
        if said:
            vital_keys = self._every_key({self._today(key) for key in said})
            found = self._rows(_OF_VITALS, asked=texts(vital_keys))
            others = set(self._every_key({self._today(row.fact) for row in found})) - set(keys)
            rows += self._rows(_OF_FACTS, asked=texts(others)) if others else ()
        acts: dict[str, Act] = {}
        versions: dict[tuple[str, int], str] = {}
        for stored, version, event_id, vital_fact, fate in rows:
            fact = self._today(stored)
            versions.setdefault((fact, version), event_id)
            if fate == Fate.PUBLISHED and (fact not in acts or acts[fact].version < version):
                acts[fact] = Act(version, event_id, vital_fact and self._today(vital_fact))
        vitals = {acts[fact].vital_fact or "": fact for fact in sorted(acts, reverse=True) if acts[fact].vital_fact}
        return acts, versions, vitals

    def received(self, facts: Iterable[str]) -> dict[str, frozenset[str]]:
        """Return which agencies received any version of each fact."""
        found: dict[str, set[str]] = defaultdict(set)
        keys = self._every_key(facts)
        if keys:
            for fact, sent_to in self._rows(_RECEIVED, asked=texts(keys)):
                found[self._today(fact)].update(orjson.loads(sent_to))
        return {fact: frozenset(agencies) for fact, agencies in found.items()}

    def received_about(self, persons: Iterable[str]) -> dict[str, frozenset[str]]:
        """Return which agencies received anything about each person."""
        found: dict[str, set[str]] = defaultdict(set)
        for person in set(persons):
            for number in self._numbers.numbers_of(person):
                for (sent_to,) in self._rows(_RECEIVED_ABOUT, first=f"{number}|", end=f"{number}}}"):
                    found[person].update(orjson.loads(sent_to))
        return {person: frozenset(agencies) for person, agencies in found.items()}

    def consents(self) -> dict[tuple[str, str, str], Consent]:
        """Return the newest word of each person on each agency and purpose."""
        return {
            (self._numbers.person(row.person), row.agency, row.purpose): Consent(
                row.given, row.valid_until, row.event_id
            )
            for row in self._rows(_CONSENTS, asked=self._asked)
        }

    def protection(self) -> dict[str, str]:
        """Return the protection level of each person who has one."""
        rows = self._rows(_PROTECTIONS, asked=self._asked)
        return {self._numbers.person(person): level for person, level in rows}

    def residences(self) -> dict[str, str]:
        """Return the province that each person lives in, as far as it is known."""
        rows = self._rows(_RESIDENCES, asked=self._asked)
        return {self._numbers.person(person): province for person, province in rows}

    def _arrival(self, row: sa.Row[Any]) -> Arrival:
        arrival = arrival_of(Record(row.position, row.at, row.key, row.value, orjson.loads(row.headers)))
        changes_numbers = arrival.type in CHANGE_NUMBERS
        person = self._numbers.person(row.person if changes_numbers else arrival.subject)
        rewritten = {} if person == arrival.subject or changes_numbers else {"subject": person}
        return arrival.of_person(person)._replace(rewritten=rewritten)

    def _every_key(self, keys: Iterable[str]) -> list[str]:
        """Return the keys of facts as they may be stored: under any of the person's numbers."""
        stored = list(keys)
        if self.also_known:
            for key in tuple(stored):
                person, _, rest = key.partition("|")
                stored.extend(f"{number}|{rest}" for number in self.also_known.get(person, ()))
        return stored

    def _today(self, key: str) -> str:
        number, _, rest = key.partition("|")
        person = self._numbers.person(number)
        return key if person == number else f"{person}|{rest}"

    def _rows(self, query: sa.Select[Any], **parameters: str) -> Sequence[Any]:
        return self._connection.execute(query, parameters).all()
