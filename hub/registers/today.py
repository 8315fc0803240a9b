"""What holds for a person at this moment: numbers and protection. For deliveries, which go by today's state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from hub.database import reading
from hub.registers.past import Past


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
