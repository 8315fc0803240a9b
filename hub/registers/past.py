"""Looking up, once for a batch, everything the registers know that bears on it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from hub.arrival import Arrival
from hub.database import among, among_asked, texts
from hub.facts import Consent, Facts, Held, NumberStands
from hub.registers import due
from hub.registers import tables as t
from hub.registers.lookup import Lookup, Received
from hub.steps.identify import CHANGE_NUMBERS, Numbers

#: How many persons' queues one batch lets go at most; the rest go with the next tick.
_QUEUES_AT_ONCE = 1000

_n, _h = t.numbers.c, t.held.c
_STANDS = sa.select(_n.number, _n.position, _n.person, _n.fact_id).where(
    sa.or_(among_asked(_n.number), among_asked(_n.person))
)
_DUE = (
    sa.select(_h.person)
    .select_from(due.source)
    .where(due.waits, due.due_at(sa.bindparam("now", type_=sa.BigInteger)), due.partition == sa.bindparam("partition"))
    .order_by(_h.until, _h.position)
    .limit(_QUEUES_AT_ONCE)
)

_NUMBER_FIELDS = {"PersonalNumberChanged": ("old_number", "new_number"), "PersonsMerged": ("merged_numbers",)}


class Past:
    """The registers as they were at the start of a batch of a partition, on an open transaction."""

    def __init__(self, connection: sa.Connection, partition: int = 0) -> None:
        self._connection = connection
        self._partition = partition
        self._due: dict[int, list[str]] = {}
        self._followed: tuple[Lookup, Sequence[str], Sequence[str], Received] | None = None

    def numbers(self, arrivals: Sequence[Arrival], now: int, read: Callable[[Arrival], Mapping[str, Any]]) -> Numbers:
        """Return which numbers stand for whom, for everybody whom the batch may concern."""
        asked = {arrival.subject for arrival in arrivals}
        asked.update(self._due_persons(now))
        for arrival in arrivals:
            if arrival.type in CHANGE_NUMBERS:
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
            for row in self._rows(_STANDS, asked=texts(new)):
                found[row.number, row.position] = NumberStands(row.number, row.person, row.fact_id)
                asked.update((row.number, row.person))
        return Numbers(found[key] for key in sorted(found, key=lambda key: key[1]))

    def facts(self, known: Sequence[Arrival], numbers: Numbers, now: int) -> Facts:
        """Return what the steps must know about these arrivals and about what is due by `now`."""
        persons = {arrival.person for arrival in known}
        persons.update(numbers.person(number) for number in self._due_persons(now))
        lookup = Lookup(self._connection, numbers, persons)
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
        return Lookup(self._connection, numbers, {numbers.person(key) for key in keys}).protection()

    def residences(self, keys: Iterable[str], numbers: Numbers) -> dict[str, str]:
        """Return the current code of the province that each person lives in, as far as it is known."""
        return Lookup(self._connection, numbers, {numbers.person(key) for key in keys}).residences()

    def consents(self, keys: Iterable[str], numbers: Numbers) -> dict[tuple[str, str, str], Consent]:
        """Return the newest word of each person on each agency and purpose."""
        return Lookup(self._connection, numbers, {numbers.person(key) for key in keys}).consents()

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
        if now not in self._due:
            self._due[now] = [row.person for row in self._rows(_DUE, now=now, partition=self._partition)]
        return self._due[now]

    def _rows(self, query: sa.Select[Any], **parameters: Any) -> Sequence[Any]:
        return self._connection.execute(query, parameters).all()


def _named_in(arrival: Arrival, read: Callable[[Arrival], Mapping[str, Any]]) -> Iterator[str]:
    """Yield the numbers that a change of numbers speaks of, besides its subject."""
    if arrival.change != "ANNULLED":
        payload = read(arrival)
        for name in _NUMBER_FIELDS[arrival.type]:
            value = payload[name]
            yield from [value] if isinstance(value, str) else value


def _grouped(every: Iterable[Held], key: Callable[[Held], str]) -> dict[str, list[Held]]:
    groups: dict[str, list[Held]] = defaultdict(list)
    for held in every:
        groups[key(held)].append(held)
    return groups
