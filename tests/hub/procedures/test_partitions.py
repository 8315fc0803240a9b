"""Following registers whose log has several partitions, as on Kafka: each has its own order and its own end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from hub.eventlog import start_of
from hub.procedures.keeper import Keeper
from hub.registers import tables as registers
from tests.hub.making import LAN, MAI, NOW
from tests.hub.procedures.world import World


@dataclass
class Partitions:
    """How far a log with several partitions has been decided; its records are nobody's business here."""

    #: Partition → (offset committed, last offset).
    ends: dict[int, tuple[int, int]] = field(default_factory=dict)

    def extents(self, _topic: str, _group: str) -> Sequence[tuple[int, int]]:
        """Return for each partition what is committed, and its last position."""
        return [(start_of(part) + done, start_of(part) + last) for part, (done, last) in self.ends.items()]


def met(world: World, event_id: str, type_name: str, place: tuple[int, int], person: str = LAN, **other: Any) -> None:
    """Write down an event that was published at a place (partition, offset)."""
    position = start_of(place[0]) + place[1]
    row = {
        "position": position, "event_id": event_id, "at": NOW, "type": type_name, "person": person, "version": 1,
        "fact": f"{person}|{type_name}|{event_id}", "change": "CREATED", "fate": "published",
        "fate_position": position, "fate_at": NOW,
    }  # fmt: skip
    with world.hub.engine.begin() as connection:
        connection.execute(sa.insert(registers.events).values(row | other))


def keep(world: World, log: Partitions) -> Keeper:
    """Let a keeper do what there is to do."""
    keeper = replace(world.keeper(), log=log)  # type: ignore[arg-type]  # nothing else of it is asked
    while keeper.step():
        pass
    return keeper


def test_every_partition_is_followed_up_to_its_own_end(embedded: World) -> None:
    log = Partitions({0: (5, 9), 2: (3, 3), 5: (0, 4)})
    met(embedded, "in 0", "BirthRegistered", (0, 5))
    met(embedded, "not committed", "BirthRegistered", (0, 6), MAI)
    met(embedded, "in 2", "DeathRegistered", (2, 1))
    met(embedded, "nothing committed", "DeathRegistered", (5, 1), MAI)
    keep(embedded, log)
    assert embedded.cases.counts() == {("birth", "open"): 1, ("death", "open"): 1}

    log.ends[0], log.ends[5] = (9, 9), (4, 4)
    keep(embedded, log)
    assert embedded.cases.counts() == {("birth", "open"): 2, ("death", "open"): 2}


def test_news_of_another_partition_counts_only_when_it_is_committed_there(embedded: World) -> None:
    log = Partitions({0: (1, 1), 3: (0, 1)})
    met(embedded, "born", "BirthRegistered", (0, 1))
    met(embedded, "moved", "ResidenceChanged", (3, 1))
    keep(embedded, log)
    assert embedded.stands("born")[1]["residence"] is None

    log.ends[3] = (1, 1)
    keep(embedded, log)
    assert embedded.stands("born")[1]["residence"] == "moved"


def test_what_was_let_go_by_another_partition_is_found_where_it_was_decided(embedded: World) -> None:
    """A person was moved to partition 4 while an event waited in 1: it is decided in 4."""
    log = Partitions({1: (7, 7), 4: (2, 6)})
    fate = start_of(4) + 6
    met(embedded, "born", "BirthRegistered", (1, 7), fate_position=fate)
    keep(embedded, log)
    assert embedded.cases.case("born") is None

    log.ends[4] = (6, 6)
    keep(embedded, log)
    assert embedded.case("born").state.value == "open"


def test_only_the_partition_that_was_put_back_is_followed_anew(embedded: World) -> None:
    log = Partitions({0: (4, 4), 1: (4, 4)})
    met(embedded, "born", "BirthRegistered", (0, 4))
    keep(embedded, log)
    log.ends[0] = (3, 3)
    keep(embedded, log)
    with embedded.hub.engine.begin() as connection:
        connection.execute(sa.delete(registers.events))
    met(embedded, "born otherwise", "BirthRegistered", (0, 4))
    log.ends[0] = (4, 4)
    keep(embedded, log).catch_up()
    assert embedded.cases.case("born otherwise") is not None
    embedded.hub.clock.now += 700_000
    keep(embedded, log)
    assert embedded.cases.case("born") is None
