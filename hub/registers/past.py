"""Looking up, once for a batch, everything the registers know that bears on it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from typing import Any

import orjson
import sqlalchemy as sa

from hub.arrival import Arrival
from hub.database import among
from hub.eventlog import Record
from hub.facts import Act, Consent, Facts, Fate, Held, Met, NumberStands, Why
from hub.registers import due
from hub.registers import tables as t
from hub.steps.identify import CHANGE_NUMBERS, Numbers
from hub.steps.validate import arrival_of

#: How many persons' queues one batch lets go at most; the rest go with the next tick.
_QUEUES_AT_ONCE = 1000

_NUMBER_FIELDS = {"PersonalNumberChanged": ("old_number", "new_number"), "PersonsMerged": ("merged_numbers",)}


#: Fact → the agencies that received any version of it; person → the agencies that received anything.
_Received = tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]


class Past:
    """The registers as they were at the start of a batch of a partition, on an open transaction."""

    def __init__(self, connection: sa.Connection, partition: int = 0) -> None:
        self._connection = connection
        self._partition = partition
        self._followed: tuple[_Lookup, Sequence[str], Sequence[str], _Received] | None = None

    def numbers(self, arrivals: Sequence[Arrival], now: int, read: Callable[[Arrival], Mapping[str, Any]]) -> Numbers:
        """Return which numbers stand for whom, for everybody whom the batch may concern."""
        asked = {arrival.subject for arrival in arrivals}
        asked.update(self._due_persons(now))
        for arrival in arrivals:
            asked.update(_named_in(arrival, read))
        return self.numbers_of(asked)

    def outdated_changes(
        self, arrivals: Sequence[Arrival], numbers: Numbers, read: Callable[[Arrival], Mapping[str, Any]]
    ) -> set[str]:
        """Return the ids of those changes of numbers which, or a later version of which, were met before."""
        c = t.events.c
        outdated: set[str] = set()
        for arrival in arrivals:
            if arrival.type in CHANGE_NUMBERS:
                persons = {numbers.person(number) for number in (arrival.subject, *_named_in(arrival, read))}
                every = {number for person in persons for number in numbers.numbers_of(person)}
                same_fact = among(c.fact, (f"{number}|{arrival.type}|{arrival.fact_id}" for number in every))
                met = sa.or_(c.event_id == arrival.event_id, sa.and_(same_fact, c.version >= arrival.version))
                outdated.update(arrival.event_id for _ in self._rows(sa.select(c.position).where(met).limit(1)))
        return outdated

    def numbers_of(self, numbers: Iterable[str]) -> Numbers:
        """Return which numbers stand for whom, for everybody who has or had one of these."""
        asked = set(numbers)
        found: dict[tuple[str, int], NumberStands] = {}
        known: set[str] = set()
        while asked - known:
            new = asked - known
            known |= new
            n = t.numbers.c
            query = sa.select(n.number, n.position, n.person, n.fact_id)
            for row in self._rows(query.where(sa.or_(among(n.number, new), among(n.person, new)))):
                found[row.number, row.position] = NumberStands(row.number, row.person, row.fact_id)
                asked.update((row.number, row.person))
        return Numbers(found[key] for key in sorted(found, key=lambda key: key[1]))

    def facts(self, known: Sequence[Arrival], numbers: Numbers, now: int) -> Facts:
        """Return what the steps must know about these arrivals and about what is due by `now`."""
        persons = {arrival.person for arrival in known}
        persons.update(numbers.person(number) for number in self._due_persons(now))
        lookup = _Lookup(self._connection, numbers, persons)
        queues, reports = lookup.held()
        kept = [held.arrival for held in (*queues, *reports)]
        concerned = [*known, *kept]
        acts, versions, vitals = lookup.acts(concerned)
        annulled = [a.fact for a in concerned if a.change == "ANNULLED"]
        protected = [a.person for a in concerned if a.type == "AddressProtectionChanged"]
        received = lookup.received_all(annulled, protected)
        self._followed = (lookup, annulled, protected, received) if annulled or protected else None
        return Facts(
            met=lookup.met({*(a.event_id for a in known), *(a.previous_id for a in concerned if a.previous_id)}),
            versions=versions,
            acts=acts,
            vitals=vitals,
            received=received[0],
            received_about=received[1],
            queues=_grouped(queues, lambda held: held.arrival.person),
            second_reports=_grouped(reports, lambda held: held.arrival.vital_fact or ""),
            consents=lookup.consents(),
            protection=lookup.protection(),
            residences=lookup.residences(),
            also_known=lookup.also_known,
        )

    def protection(self, keys: Iterable[str], numbers: Numbers) -> dict[str, str]:
        """Return the protection level of each person who has one."""
        return _Lookup(self._connection, numbers, {numbers.person(key) for key in keys}).protection()

    def consents(self, keys: Iterable[str], numbers: Numbers) -> dict[tuple[str, str, str], Consent]:
        """Return the newest word of each person on each agency and purpose."""
        return _Lookup(self._connection, numbers, {numbers.person(key) for key in keys}).consents()

    def holds(self, connection: sa.Connection) -> bool:
        """Whether nobody was given data, since `facts` was asked, that what they know of annuls or protects."""
        if self._followed is None:
            return True
        lookup, facts, persons, received = self._followed
        return lookup.on(connection).received_all(facts, persons) == received

    @property
    def is_followed(self) -> bool:
        """Whether anything here follows data: an annulment, or a change of protection."""
        return self._followed is not None

    def _due_persons(self, now: int) -> list[str]:
        """Return whose queues this partition may let go. Who has been moved to another is let go there."""
        c = t.held.c
        chosen = sa.and_(due.waits, due.due_at(now), due.partition == self._partition)
        persons = sa.select(c.person).select_from(due.source).where(chosen)
        return [row.person for row in self._rows(persons.order_by(c.until, c.position).limit(_QUEUES_AT_ONCE))]

    def _rows(self, query: sa.Select[Any]) -> Sequence[Any]:
        return self._connection.execute(query).all()


def _named_in(arrival: Arrival, read: Callable[[Arrival], Mapping[str, Any]]) -> Iterator[str]:
    """Yield the numbers that a change of numbers speaks of, besides its subject."""
    if arrival.type in _NUMBER_FIELDS and arrival.change != "ANNULLED":
        payload = read(arrival)
        for name in _NUMBER_FIELDS[arrival.type]:
            value = payload[name]
            yield from [value] if isinstance(value, str) else value


class _Lookup:
    """One batch's questions, each a single query. Rows under an earlier number count for the person of today."""

    def __init__(self, connection: sa.Connection, numbers: Numbers, persons: Iterable[str]) -> None:
        self._connection = connection
        self._numbers = numbers
        self.also_known: dict[str, Sequence[str]] = {}
        self._asked: list[str] = []
        for person in persons:
            every = numbers.numbers_of(person)
            self._asked.extend(every)
            if len(every) > 1:
                self.also_known[person] = tuple(every[1:])

    def on(self, connection: sa.Connection) -> _Lookup:
        """Return the same questions, to be asked later."""
        again = copy(self)
        again._connection = connection
        return again

    def received_all(self, facts: Iterable[str], persons: Iterable[str]) -> _Received:
        """Return who received these facts, and who received anything about these persons."""
        return self.received(facts), self.received_about(persons)

    def held(self) -> tuple[list[Held], list[Held]]:
        """Return the queues of these persons, in order, and the second reports about them."""
        c = t.held.c
        rows = self._rows(
            sa.select(t.held).where(among(c.person, self._asked), c.released_at.is_(None)).order_by(c.rank)
        )
        every = [Held(self._arrival(row), Why(row.why), row.until, row.rank) for row in rows]
        queued = [held for held in every if held.why is not Why.SECOND_REPORT]
        return queued, [held for held in every if held.why is Why.SECOND_REPORT]

    def met(self, event_ids: set[str]) -> dict[str, Met]:
        """Return those of the events that the hub has met."""
        c = t.events.c
        query = sa.select(c.event_id, c.position, c.person, c.fact, c.fate).where(among(c.event_id, event_ids))
        return {
            event_id: Met(event_id, position, self._numbers.person(person), self._today(fact), Fate(fate))
            for event_id, position, person, fact, fate in self._rows(query)
        }

    def acts(self, concerned: Sequence[Arrival]) -> tuple[dict[str, Act], dict[tuple[str, int], str], dict[str, str]]:
        """Return the published state of the facts, who brought each version, and which act stands for a vital fact."""
        c = t.events.c
        columns = (c.fact, c.version, c.event_id, c.vital_fact, c.fate)
        keys = self._every_key(arrival.fact for arrival in concerned)
        rows = list(self._rows(sa.select(*columns).where(among(c.fact, keys)).order_by(c.position)))
        said = {a.vital_fact for a in concerned if a.vital_fact} | {row.vital_fact for row in rows if row.vital_fact}
        if said:
            vital_keys = self._every_key({self._today(key) for key in said})
            vital = sa.select(c.fact).where(among(c.vital_fact, vital_keys), c.fate == Fate.PUBLISHED.value)
            others = set(self._every_key({self._today(row.fact) for row in self._rows(vital)})) - set(keys)
            rows += self._rows(sa.select(*columns).where(among(c.fact, others)).order_by(c.position))
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
        c = t.events.c
        found: dict[str, set[str]] = defaultdict(set)
        keys = self._every_key(facts)
        if keys:
            for fact, sent_to in self._rows(
                sa.select(c.fact, c.sent_to).where(among(c.fact, keys), c.sent_to.is_not(None))
            ):
                found[self._today(fact)].update(orjson.loads(sent_to))
        return {fact: frozenset(agencies) for fact, agencies in found.items()}

    def received_about(self, persons: Iterable[str]) -> dict[str, frozenset[str]]:
        """Return which agencies received anything about each person."""
        c = t.events.c
        found: dict[str, set[str]] = defaultdict(set)
        for person in set(persons):
            for number in self._numbers.numbers_of(person):
                mine = sa.and_(c.fact >= f"{number}|", c.fact < f"{number}}}", c.sent_to.is_not(None))
                for (sent_to,) in self._rows(sa.select(c.sent_to).where(mine)):
                    found[person].update(orjson.loads(sent_to))
        return {person: frozenset(agencies) for person, agencies in found.items()}

    def consents(self) -> dict[tuple[str, str, str], Consent]:
        """Return the newest word of each person on each agency and purpose."""
        c = t.consents.c
        rows = self._rows(sa.select(t.consents).where(among(c.person, self._asked)).order_by(c.step))
        return {
            (self._numbers.person(row.person), row.agency, row.purpose): Consent(
                row.given, row.valid_until, row.event_id
            )
            for row in rows
        }

    def protection(self) -> dict[str, str]:
        """Return the protection level of each person who has one."""
        c = t.protections.c
        rows = self._rows(sa.select(c.person, c.level).where(among(c.person, self._asked)).order_by(c.step))
        return {self._numbers.person(person): level for person, level in rows}

    def residences(self) -> dict[str, str]:
        """Return the province that each person lives in, as far as it is known."""
        c = t.residences.c
        rows = self._rows(sa.select(c.person, c.province).where(among(c.person, self._asked)).order_by(c.step))
        return {self._numbers.person(person): province for person, province in rows}

    def _arrival(self, row: sa.Row[Any]) -> Arrival:
        arrival = arrival_of(Record(row.position, row.at, row.key, row.value, orjson.loads(row.headers)))
        changes_numbers = arrival.type in CHANGE_NUMBERS
        person = self._numbers.person(row.person if changes_numbers else arrival.subject)
        rewritten = {} if person == arrival.subject or changes_numbers else {"subject": person}
        return arrival.of_person(person)._replace(rewritten=rewritten)

    def _every_key(self, keys: Iterable[str]) -> list[str]:
        """Return the keys of facts as they may be stored: under any of the person's numbers."""
        stored: list[str] = []
        for key in keys:
            stored.append(key)
            person, _, rest = key.partition("|")
            stored.extend(f"{number}|{rest}" for number in self.also_known.get(person, ()))
        return stored

    def _today(self, key: str) -> str:
        number, _, rest = key.partition("|")
        person = self._numbers.person(number)
        return key if person == number else f"{person}|{rest}"

    def _rows(self, query: sa.Select[Any]) -> Sequence[Any]:
        return self._connection.execute(query).all()


def _grouped(every: Iterable[Held], key: Callable[[Held], str]) -> dict[str, list[Held]]:
    groups: dict[str, list[Held]] = defaultdict(list)
    for held in every:
        groups[key(held)].append(held)
    return groups
