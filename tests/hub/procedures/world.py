"""A small hub whose linked procedures are kept: real registers, a real log; what agencies have is written down."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import sqlalchemy as sa

import hub.migrations  # noqa: F401 - knows the tables of every part
from hub.database import open_database, sqlite_url
from hub.deliveries.tables import delivered, metadata
from hub.patience import Patience
from hub.procedures.calendar import Calendar
from hub.procedures.case import Case
from hub.procedures.definition import Kind, Procedure, Procedures, Step, Title
from hub.procedures.keeper import Keeper
from hub.procedures.store import Cases
from tests.hub.making import NOW, PATIENCE, Hub, a_hub

DAY: Final = 86_400_000
#: Every day but Saturday and Sunday is a working day here.
WEEKDAYS: Final = Calendar(lambda day: day.weekday() < 5)


def an_event(
    name: str, agency: str, within: int, *changes: str, after: str | None = None, days_before: int = 0
) -> Step:
    """Return a step that a move takes."""
    of_event = ("ResidenceChanged", changes, days_before, after)
    return Step(name, Title(name, name), Kind.EVENT, agency, within, *of_event)


def an_answer(name: str, agency: str, within: int, after: str | None = None) -> Step:
    """Return a step that an agency takes by having the event."""
    return Step(name, Title(name, name), Kind.ACKNOWLEDGED, agency, within, after=after)


BIRTH: Final = Procedure(
    "birth",
    Title("Khai sinh", "Birth"),
    "a decree",
    "BirthRegistered",
    (
        an_event("residence", "police", 7, "CREATED", "CORRECTED", days_before=30),
        an_answer("health-card", "insurance", 5),
    ),
)
DEATH: Final = Procedure(
    "death",
    Title("Khai tử", "Death"),
    "a decree",
    "DeathRegistered",
    (
        an_event("deregistration", "police", 7, "CEASED"),
        an_answer("allowance", "welfare", 10, after="deregistration"),
    ),
)
RULES: Final = Procedures((BIRTH, DEATH))


@dataclass
class World:
    """The hub, its cases, and what can be done."""

    hub: Hub
    engine: sa.Engine
    rules: Procedures = RULES
    #: Agency → behind which position of its feed it has asked.
    asked: dict[str, int] = field(default_factory=dict)

    def keeper(self, rules: Procedures | None = None) -> Keeper:
        """Return a keeper as another process has it."""
        asked = self.asked
        return Keeper(
            self.hub.log, self.hub.engine, self.engine, rules or self.rules, WEEKDAYS, self.hub.clock, lambda: asked
        )

    def keep(self, after: int = 0) -> None:
        """Let a keeper do what there is to do, `after` milliseconds from now."""
        self.hub.clock.now += after
        keeper = self.keeper()
        while keeper.step():
            pass

    def deliver(self, event_id: str, *agencies: str) -> None:
        """Let agencies have an event."""
        with self.engine.begin() as connection:
            for agency in agencies:
                c = delivered.c
                last = sa.select(sa.func.max(c.position)).where(c.agency == agency)
                place = (connection.scalar(last) or 0) + 1
                row = {"agency": agency, "position": place, "event_id": event_id, "attempts": 1}
                connection.execute(sa.insert(delivered).values(**row, delivered_at=self.hub.clock()))

    @property
    def cases(self) -> Cases:
        """Ask about cases, at the time of the hub."""
        return Cases(self.engine, lambda: self.hub.clock.now)

    def case(self, event_id: str) -> Case:
        """Return a case that is there."""
        found = self.cases.case(event_id)
        assert found is not None
        return found

    def stands(self, event_id: str) -> tuple[str, dict[str, str | None]]:
        """Return the state of a case, and for each step the event that it was taken by."""
        case = self.case(event_id)
        return case.state.value, {step.step: step.done_by for step in case.steps}


@contextmanager
def a_world(folder: Path, url: str | None = None, *, patience: Patience = PATIENCE) -> Iterator[World]:
    """Open a hub; `url`: PostgreSQL for both databases; else two SQLite files. A second time it is the same hub."""
    with a_hub(folder, url=url, patience=patience) as opened:
        opened.clock.now = max(opened.clock.now, NOW)
        engine = open_database(url or sqlite_url(folder / "deliveries.db"))
        try:
            metadata.create_all(engine)
            yield World(opened, engine)
        finally:
            engine.dispose()
