"""A keeper among others, killed, put back, with other rules: nothing is lost, doubled or taken for true too early."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import sqlalchemy as sa

from hub.eventlog import Outputs
from hub.procedures.definition import Procedures
from hub.procedures.writing import Change, Moved, turn, write
from hub.registers import tables as registers
from hub.topics import RECEIVED
from tests.hub.making import DEATH as DIED
from tests.hub.making import MAI, MOVE, admitted, event, next_of
from tests.hub.procedures.world import BIRTH, DAY, RULES, World

BORN = event("BirthRegistered", "born")
MOVED = event("ResidenceChanged", "moved", MOVE)
DEAD = event("DeathRegistered", "dead", DIED)
WAITING = {"residence": None, "health-card": None}


def test_nothing_is_taken_for_true_that_the_log_has_not_committed(embedded: World) -> None:
    """What was remembered of a batch that was never committed may be decided otherwise: it is not looked at."""
    embedded.hub.run(event("IdentityAccountActivated", "first"))
    embedded.hub.send(BORN)
    with pytest.raises(ZeroDivisionError):
        replace(embedded.hub, log=_Falls(embedded.hub.log)).process()  # type: ignore[arg-type]
    embedded.keep()
    assert embedded.cases.case("born") is None

    embedded.hub.run()
    embedded.keep()
    assert embedded.stands("born") == ("open", WAITING)


class _Falls:
    """A log whose process is killed before it commits."""

    def __init__(self, log: object) -> None:
        self._log = log

    def __getattr__(self, name: str) -> object:
        return getattr(self._log, name)

    def commit(self, *_: object) -> None:
        raise ZeroDivisionError


def test_a_log_that_was_put_back_is_followed_anew_and_what_it_never_had_is_no_case(embedded: World) -> None:
    embedded.hub.run(BORN)
    embedded.keep()
    with embedded.hub.engine.begin() as connection:
        connection.execute(sa.delete(registers.events))
    embedded.keep(after=DAY)
    assert embedded.cases.case("born") is None
    assert embedded.cases.counts() == {}


def test_other_rules_go_through_everything_anew(embedded: World) -> None:
    embedded.hub.run(BORN, DEAD, MOVED)
    embedded.keep()
    embedded.rules = Procedures((replace(BIRTH, steps=BIRTH.steps[:1]),))
    embedded.keep()
    assert embedded.stands("born") == ("done", {"residence": "moved"})

    embedded.keep(after=2 * DAY)
    assert embedded.cases.case("dead") is None
    assert embedded.cases.counts() == {("birth", "done"): 1}


def test_who_looked_before_another_keeper_wrote_writes_nothing(world: World) -> None:
    world.hub.run(BORN)
    before = turn(world.engine)
    world.keep()
    with pytest.raises(Moved):
        write(world.engine, before, RULES.digest, Change(gone=["born"]))
    assert world.stands("born") == ("open", WAITING)


def test_keepers_that_take_turns_come_to_the_same_as_one(world: World) -> None:
    world.hub.run(BORN, MOVED, DEAD, next_of(MOVED, "out", "CEASED"))
    world.deliver("born", "insurance")
    one, other = world.keeper(), world.keeper()
    while one.step() or other.step():
        pass
    world.deliver("dead", "welfare")
    other.catch_up()
    one.catch_up()
    assert world.cases.counts() == {("birth", "done"): 1, ("death", "done"): 1}


@pytest.mark.parametrize("statement", range(1, 10))
def test_a_keeper_that_is_killed_leaves_nothing_half_written(embedded: World, statement: int) -> None:
    embedded.hub.run(BORN, MOVED, event("BirthRegistered", "also born", subject=MAI))
    embedded.deliver("born", "insurance")
    written = 0

    def die(connection: object, cursor: object, sql: str, *_: object) -> None:
        nonlocal written
        written += sql.startswith(("INSERT", "UPDATE", "DELETE"))
        if written == statement:
            raise ZeroDivisionError

    sa.event.listen(embedded.engine, "before_cursor_execute", die)
    with pytest.raises(ZeroDivisionError):
        embedded.keep()
    sa.event.remove(embedded.engine, "before_cursor_execute", die)
    assert embedded.cases.page().cases == []
    assert embedded.cases.counts() == {}

    embedded.keep()
    assert embedded.stands("born") == ("done", {"residence": "moved", "health-card": "born"})
    assert embedded.stands("also born") == ("open", WAITING)
    assert embedded.cases.counts() == {("birth", "done"): 1, ("birth", "open"): 1}


def test_a_piece_is_bounded_and_all_pieces_together_are_everything(embedded: World) -> None:
    persons = [f"0011900{serial:05d}" for serial in range(45)]
    messages = [admitted(event("BirthRegistered", f"b{one}", subject=one)) for one in persons]
    embedded.hub.log.append(Outputs({RECEIVED: messages}))
    embedded.hub.run()
    keeper, pieces = replace(embedded.keeper(), piece=20), 0
    while keeper.step():
        pieces += 1
    assert pieces == 3
    assert embedded.cases.counts() == {("birth", "open"): 45}


def test_keepers_at_work_at_the_same_moment_lose_and_double_nothing(world: World) -> None:
    world.hub.run(*(event("BirthRegistered", f"b{n}", subject=f"0011900{n:05d}") for n in range(60)))
    world.deliver("b7", "insurance")

    def work(_: int) -> int:
        keeper, lost = replace(world.keeper(), piece=7), 0
        while True:
            try:
                if not keeper.step():
                    return lost
            except Moved:
                lost += 1

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(work, range(4)))
    assert world.cases.counts() == {("birth", "open"): 60}
    assert len(world.cases.page(limit=100).cases) == 60
    assert world.stands("b7")[1]["health-card"] == "b7"
