"""Re-keying: when numbers of one person are joined or parted again, all that the agency holds follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

import sqlalchemy as sa

from adapters.agencies.agency import Agency
from adapters.agencies.applied_events import APPLIED_EVENTS, NUMBERS, histories, valid_numbers
from adapters.agencies.numbers import IDENTITY_TYPES, link, links, replaced_numbers
from adapters.agencies.standing import Applied, Fact, standing
from hub.database import among
from hub.destination import Event

_EVENTS = APPLIED_EVENTS.c


def rekey(connection: sa.Connection, agency: Agency, events: Sequence[Event]) -> set[str]:
    """Follow the identity events among those just kept; return the persons whose rows must be made anew."""
    identity = {event.event_id: event for event in events if event.type in IDENTITY_TYPES}
    if not identity:
        return set()
    cluster = _joined(connection, _named(connection, list(identity.values())))
    stories = histories(connection, cluster).values()
    story = sorted(event for events in stories for event in events if event.type in IDENTITY_TYPES)
    for fact in _annulled(story, identity.keys()):
        _give_back(connection, agency, cluster, fact)
    persons = replaced_numbers(links(standing(story)))
    _move(connection, agency, {number: persons.get(number, number) for number in cluster})
    return cluster | _mentioning(connection, agency, cluster)


def _named(connection: sa.Connection, identity: Sequence[Event]) -> set[str]:
    """Return every number that the events name, or that the events they refer to came under."""
    previous = [event.previous_event_id for event in identity if event.previous_event_id]
    query = sa.select(_EVENTS.person, _EVENTS.subject).where(among(_EVENTS.event_id, previous))
    named = {number for row in connection.execute(query) for number in row}
    for event in identity:
        named.add(event.subject)
        if joined := link(event.type, event.subject, event.data):
            named.update(joined[0], [joined[1]])
    return named


def _joined(connection: sa.Connection, named: set[str]) -> set[str]:
    """Return the numbers named and all that are joined to them already."""
    persons = named | set(valid_numbers(connection, named).values())
    rows = connection.execute(sa.select(NUMBERS.c.number).where(among(NUMBERS.c.person, persons)))
    return persons | set(rows.scalars())


def _annulled(story: Sequence[Applied], new: Set[str]) -> list[Fact]:
    """Return the changes of number that stood before the new events and are annulled by them."""
    kind = "PersonalNumberChanged"
    before = {fact.order for fact in standing(e for e in story if e.event_id not in new).true(kind)}
    return [fact for fact in standing(story).known(kind) if fact.annulled and fact.order in before]


def _give_back(connection: sa.Connection, agency: Agency, cluster: Set[str], change: Fact) -> None:
    """Give to the old number what came under the new one while the annulled change stood.

    The new number was never the person's: whatever it had before the change belongs to somebody else.
    """
    old, new = change.data["old_number"], change.data["new_number"]
    meanwhile = (_EVENTS.entered_as == new) & (_EVENTS.applied_order >= change.order)
    of_cluster = among(_EVENTS.person, cluster)
    connection.execute(sa.update(APPLIED_EVENTS).where(of_cluster & meanwhile).values(entered_as=old))
    for owned in agency.owned:
        # Rows of before the change were marked by `_move`; so those without a mark are younger.
        meanwhile = (owned.person == new) & owned.entered_as.is_(None)
        connection.execute(sa.update(owned.table).where(meanwhile).values({owned.entered_as: old}))


def _move(connection: sa.Connection, agency: Agency, person_of: Mapping[str, str]) -> None:
    """Put everything that is held under the numbers to the persons whose numbers they are now."""
    for owned in agency.owned:
        unmarked = among(owned.person, person_of) & owned.entered_as.is_(None)
        connection.execute(sa.update(owned.table).where(unmarked).values({owned.entered_as: owned.person}))
    places = [(APPLIED_EVENTS, _EVENTS.person, _EVENTS.entered_as)]
    places += [(owned.table, owned.person, owned.entered_as) for owned in agency.owned]
    for table, person, entered_as in places:
        mine = among(person, person_of) & (entered_as == sa.bindparam("number"))
        move = sa.update(table).where(mine).values({person: sa.bindparam("goes_to")})
        connection.execute(move, [{"number": n, "goes_to": p} for n, p in person_of.items()])
    for log in agency.logs.values():
        event = sa.select(_EVENTS.person).where(_EVENTS.event_id == log.c.event_id).scalar_subquery()
        connection.execute(sa.update(log).where(among(log.c.person, person_of)).values(person=event))
    connection.execute(sa.delete(NUMBERS).where(among(NUMBERS.c.number, person_of)))
    if gone := [{"number": n, "person": p} for n, p in person_of.items() if n != p]:
        connection.execute(sa.insert(NUMBERS), gone)


def _mentioning(connection: sa.Connection, agency: Agency, cluster: Set[str]) -> set[str]:
    """Return the persons whose rows name one of the numbers: the children, the spouses."""
    found: set[str] = set()
    for table in agency.derived:
        for column in table.c:
            if column.info.get("mentions"):
                query = sa.select(table.c.person).where(among(column, cluster))
                found.update(connection.execute(query).scalars())
    return found
