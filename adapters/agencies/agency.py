"""What makes one agency's system different from another's: its tables and its rules, as data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from adapters.agencies.standing import Standing

Row = Mapping[str, Any]
#: A row and the table it belongs to. The column `person` of a derived table is filled in by the machinery.
Effect = tuple[sa.Table, Row]


@dataclass(frozen=True, slots=True)
class Person:
    """All that an agency's rules may look at for one person."""

    #: The personal number that is valid now.
    number: str
    facts: Standing
    #: The agency's own rows about this person, by the name of the table.
    owned: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    #: Numbers that are no longer valid, with those that are.
    replaced: Mapping[str, str] = field(default_factory=dict)

    def current(self, number: str | None) -> str | None:
        """Return the number that is valid now for the person who once had `number`."""
        return self.replaced.get(number, number) if number else None


@dataclass(frozen=True, slots=True)
class Owned:
    """A table that the agency itself fills; the hub's events only re-key and mark its rows."""

    table: sa.Table
    #: The number that is valid now.
    person: sa.Column[str]
    #: The number under which the agency entered the row; NULL until the first re-keying touches it.
    entered_as: sa.Column[str]


def no_effects(_: Person) -> Iterable[Effect]:
    """Keep the events and nothing else."""
    return ()


def never(_: Standing) -> bool:
    """Never ask to forget."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """One agency: what it takes, its tables, and the rule that turns a person's facts into rows."""

    name: str
    #: The event types it knows, or None for all.
    takes: frozenset[str] | None = None
    metadata: sa.MetaData = field(default_factory=sa.MetaData)
    #: Tables with a column `person`, wholly made by `effects`: a person's rows are replaced together.
    derived: tuple[sa.Table, ...] = ()
    owned: tuple[Owned, ...] = ()
    #: Event types that are never corrected, and the table (`event_id`, `person`, payload fields) of each.
    logs: Mapping[str, sa.Table] = field(default_factory=dict)
    #: Pure. Rows of derived tables, and rows of owned tables with their primary key, to be updated.
    effects: Callable[[Person], Iterable[Effect]] = no_effects
    #: Pure. True where the agency may keep no payload about the person (a consent has ended).
    forgets: Callable[[Standing], bool] = never
    #: The event types whose payload is the proof of that, and so stays.
    remembers: frozenset[str] = frozenset()


def derived(name: str, metadata: sa.MetaData, *columns: sa.Column[Any]) -> sa.Table:
    """Return a table with `person` first, indexed. Dates are ISO text, the same in every database."""
    person = sa.Column("person", sa.Text, nullable=False, index=True)
    return sa.Table(name, metadata, person, *columns)


def log(name: str, metadata: sa.MetaData, *fields: str) -> sa.Table:
    """Return a table that lists events which are never corrected, with some fields of their payload."""
    event_id = sa.Column("event_id", sa.Text, primary_key=True)
    person = sa.Column("person", sa.Text, nullable=False, index=True)
    return sa.Table(name, metadata, event_id, person, *(text(field) for field in fields))


def text(name: str, *, nullable: bool = True) -> sa.Column[str]:
    """Return a text column."""
    return sa.Column(name, sa.Text, nullable=nullable)


def mention(name: str) -> sa.Column[str]:
    """Return a column that holds another person's number, and so follows when that number changes."""
    return sa.Column(name, sa.Text, index=True, info={"mentions": True})
