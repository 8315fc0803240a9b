"""What holds for a person at this moment: numbers and protection. For deliveries, which go by today's state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from hub.database import reading
from hub.facts import Consent
from hub.registers.past import Past


@dataclass(frozen=True, slots=True)
class Person:
    """What bears on whether somebody's data may be handed out."""

    #: Every number that the person has or had.
    numbers: Sequence[str]
    #: The protection level, or None.
    protection: str | None
    #: (agency, purpose) → the person's newest word.
    consents: Mapping[tuple[str, str], Consent] = field(default_factory=dict)
    #: Current code of the province that the person lives in, if it is known.
    province: str | None = None


class Today:
    """Reads the registers as they are now."""

    def __init__(self, engine: sa.Engine) -> None:
        """Use the registers' database."""
        self._engine = engine

    def numbers_of(self, keys: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Return for each number every number that its person has or had, the valid one first."""
        with reading(self._engine) as connection:
            numbers = Past(connection).numbers_of(keys)
        return {key: numbers.numbers_of(numbers.person(key)) for key in keys}

    def protection_of(self, keys: Sequence[str]) -> Mapping[str, str]:
        """Return the protection level of each number's person, for those who have one."""
        with reading(self._engine) as connection:
            past = Past(connection)
            numbers = past.numbers_of(keys)
            levels = past.protection(keys, numbers)
        return {key: levels[person] for key in keys if (person := numbers.person(key)) in levels}

    def persons_of(self, keys: Sequence[str], *, with_provinces: bool = False) -> Mapping[str, Person]:
        """Return for each number what holds for its person; where they live only when asked."""
        with reading(self._engine) as connection:
            past = Past(connection)
            numbers = past.numbers_of(keys)
            levels, consents = past.protection(keys, numbers), past.consents(keys, numbers)
            provinces = past.residences(keys, numbers) if with_provinces else {}
        said: dict[str, dict[tuple[str, str], Consent]] = {}
        for (person, agency, purpose), consent in consents.items():
            said.setdefault(person, {})[agency, purpose] = consent
        found = {}
        for key in keys:
            person = numbers.person(key)
            province = provinces.get(person)
            found[key] = Person(numbers.numbers_of(person), levels.get(person), said.get(person, {}), province)
        return found
