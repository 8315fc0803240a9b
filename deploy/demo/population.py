"""The people: families with numbers, names, homes and ages that fit together, as many as the stream needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Any

from deploy.demo.names import PersonName, draw_family, draw_name
from deploy.demo.places import Address, draw_address, old_provinces

YEAR = 365.25
#: Persons drawn at random before a search for one that fits is given up.
TRIES = 60


@dataclass(slots=True, eq=False)
class Fact:
    """An act in a register, as its last event left it."""

    type: str
    fact_id: str
    source: str
    person: Person
    version: int
    last_event: str
    #: When it was true (RFC 3339), and the payload of its last event.
    occurred_at: str
    data: dict[str, Any]
    standing: bool = True


@dataclass(slots=True, eq=False)
class Person:
    """One human being. Mutable: the stories of the stream happen to it."""

    number: str
    sex: str
    #: Proleptic day numbers (`date.toordinal`).
    born: int
    name: PersonName
    home: Address
    household: str
    mother: Person | None = None
    father: Person | None = None
    spouse: Person | None = None
    alive: bool = True
    #: A story that spans several lines is about this person: no other story may be.
    busy: bool = False
    #: The last day on which something is known to have happened; nothing later happens before it.
    last_day: int = 0
    #: Has or had a consent or a protection.
    special: bool = False
    #: The day on which she last gave birth.
    last_birth: int = 0
    card: Fact | None = None
    account: Fact | None = None
    index: int = field(default=-1, repr=False)

    @property
    def born_on(self) -> str:
        """Date of birth as an ISO date."""
        return date.fromordinal(self.born).isoformat()

    def age(self, day: int) -> float:
        """Return the age in years on a day."""
        return (day - self.born) / YEAR


class Population:
    """Everybody who can still have a story, kept at a steady size: the dead make room for new households."""

    def __init__(self, rng: Random, size: int, today: int) -> None:
        self.rng = rng
        self.today = today
        self.living: list[Person] = []
        self._size = size
        self._numbers: set[str] = set()
        self._households = 0
        self._replenish()

    def new_number(self, sex: str, born: int, province: str | None = None) -> str:
        """Return an unused number: province of the old list, century and sex, year, six random digits."""
        year = date.fromordinal(born).year
        old = old_provinces()
        place = province or old[int(self.rng.random() * len(old))]
        century = 2 * (year // 100 - 19) + (sex == "FEMALE")
        while True:
            number = f"0{place}{century}{year % 100:02d}{int(self.rng.random() * 1_000_000):06d}"
            if number not in self._numbers:
                self._numbers.add(number)
                return number

    def draw(self, fits: Callable[[Person], bool]) -> Person | None:
        """Return somebody at random who is free and fits, or None when nobody is found."""
        for _ in range(TRIES):
            person = self.living[int(self.rng.random() * len(self.living))]
            if not person.busy and fits(person):
                return person
        return None

    def child(self, mother: Person, born: int) -> Person:
        """Return a new child of a mother and her husband. It joins the population only with `join`."""
        father = mother.spouse
        sex = "MALE" if self.rng.random() < 0.527 else "FEMALE"  # 111.4 boys to 100 girls: GSO, 2024
        family = (father or mother).name["family"]
        number = self.new_number(sex, born, mother.home["province_code"])
        name = draw_name(self.rng, sex, family)
        return Person(number, sex, born, name, mother.home, mother.household, mother, father, last_day=born)

    def join(self, person: Person) -> None:
        """Let stories happen to a person."""
        person.index = len(self.living)
        self.living.append(person)

    def leave(self, person: Person) -> None:
        """Let no further story happen to a person, and keep the size of the population."""
        last = self.living.pop()
        if last is not person:
            self.living[person.index] = last
            last.index = person.index
        self._replenish()

    def _replenish(self) -> None:
        while len(self.living) < self._size:
            self._household()

    def _household(self) -> None:
        """Add a couple or a single adult, their children, and sometimes a grandmother."""
        self._households += 1
        home, household = draw_address(self.rng), f"HK-{self._households:06d}"
        first = self._adult(
            "MALE" if self.rng.random() < 0.5 else "FEMALE", 18 + 55 * self.rng.random(), home, household
        )
        self.join(first)
        if first.age(self.today) < 24 or self.rng.random() < 0.3:
            return
        other = "FEMALE" if first.sex == "MALE" else "MALE"
        spouse = self._adult(other, max(20, first.age(self.today) + 6 * self.rng.random() - 3), home, household)
        first.spouse, spouse.spouse = spouse, first
        self.join(spouse)
        mother = first if first.sex == "FEMALE" else spouse
        for _ in range(int(3 * self.rng.random())):
            age_at_birth = 19 + 18 * self.rng.random()
            born = mother.born + int(age_at_birth * YEAR)
            if born < self.today - 200:
                self.join(self.child(mother, born))

    def _adult(self, sex: str, age: float, home: Address, household: str) -> Person:
        born = self.today - int(age * YEAR)
        name = draw_name(self.rng, sex, draw_family(self.rng))
        return Person(self.new_number(sex, born), sex, born, name, home, household, last_day=born)
