"""The keeper on a real pipeline: what the registers publish and what agencies have becomes cases."""

from __future__ import annotations

import sqlalchemy as sa

from hub import headers as h
from hub.procedures.course import State
from hub.procedures.tables import fetched
from hub.registers import tables as registers
from hub.topics import outbox
from tests.hub.making import DEATH as DIED
from tests.hub.making import LAN, MAI, MOVE, event, next_of
from tests.hub.procedures.world import DAY, World

BORN = event("BirthRegistered", "born")
MOVED = event("ResidenceChanged", "moved", MOVE)
DEAD = event("DeathRegistered", "dead", DIED)
WAITING = {"residence": None, "health-card": None}


def test_a_birth_opens_a_case_that_other_news_and_answers_complete(world: World) -> None:
    world.hub.run(BORN)
    world.keep()
    assert world.stands("born") == ("open", WAITING)
    assert world.case("born").person == "001•••••••11"

    world.hub.run(MOVED)
    world.keep()
    assert world.stands("born") == ("open", WAITING | {"residence": "moved"})

    world.deliver("born", "insurance", "tax")
    world.keep(after=DAY)
    assert world.stands("born") == ("done", {"residence": "moved", "health-card": "born"})
    assert world.cases.counts() == {("birth", "done"): 1}


def test_what_came_before_the_case_completes_it_at_once(world: World) -> None:
    world.hub.run(MOVED, BORN)
    world.deliver("born", "insurance")
    world.keep()
    assert world.stands("born") == ("done", {"residence": "moved", "health-card": "born"})


def test_a_case_is_late_when_the_time_of_somebody_is_over(world: World) -> None:
    world.hub.run(BORN, MOVED, event("DeathRegistered", "dead", DIED, subject=MAI))
    world.keep()
    assert world.cases.late_by_agency() == {}

    world.keep(after=20 * DAY)
    found = world.case("born")
    assert found.state is State.LATE
    assert [(step.step, step.agency) for step in found.late] == [("health-card", "insurance")]
    assert found.late[0].late_ms == world.hub.clock.now - found.turns_at
    assert world.cases.late_by_agency() == {("birth", "insurance"): 1, ("death", "police"): 1}
    assert world.cases.counts() == {("birth", "late"): 1, ("death", "late"): 1}


def test_an_annulled_birth_cancels_its_case_and_an_annulled_move_opens_it_again(world: World) -> None:
    world.hub.run(BORN, MOVED)
    world.deliver("born", "insurance")
    world.keep()
    assert world.case("born").state is State.DONE

    world.hub.run(next_of(MOVED, "not moved", "ANNULLED"))
    world.keep()
    assert world.stands("born") == ("open", {"residence": None, "health-card": "born"})

    world.hub.run(next_of(BORN, "not born", "ANNULLED"))
    world.keep()
    assert world.case("born").state is State.CANCELLED
    assert world.cases.counts() == {("birth", "cancelled"): 1}
    assert world.cases.page(agency="police").cases == []


def test_an_agency_that_has_the_correction_has_the_case(world: World) -> None:
    corrected = next_of(BORN, "put right", "CORRECTED")
    world.hub.run(BORN, corrected)
    world.deliver("put right", "insurance")
    world.keep()
    assert world.stands("born") == ("open", {"residence": None, "health-card": "put right"})
    assert world.cases.case("put right") is None


def test_the_end_of_a_residence_deregisters_the_dead_and_starts_the_days_of_the_next_step(world: World) -> None:
    world.hub.run(MOVED, DEAD)
    world.keep()
    assert [step.due_at is None for step in world.case("dead").steps] == [False, True]

    world.hub.run(next_of(MOVED, "out", "CEASED"))
    world.keep()
    deregistration, allowance = world.case("dead").steps
    assert deregistration.done_by == "out"
    assert allowance.due_at is not None


def test_news_under_another_number_of_the_person_counts(world: World) -> None:
    data = {"old_number": LAN, "new_number": MAI, "changed_on": "2025-08-05"}
    world.hub.run(BORN)
    world.hub.run(event("PersonalNumberChanged", "renumbered", data, subject=MAI))
    world.keep()
    world.hub.run(event("ResidenceChanged", "moved", MOVE, subject=MAI))
    world.keep()
    assert world.stands("born")[1] == WAITING | {"residence": "moved"}
    assert world.case("born").person == "001•••••••22"


def test_an_annulment_that_becomes_a_correction_cancels_nothing(embedded: World) -> None:
    hub = embedded.hub
    hub.run(BORN, next_of(BORN, "not born", "ANNULLED"))
    embedded.keep()
    hub.run(next_of(BORN, "born after all", "CREATED", factversion=3))
    hub.flush()
    embedded.keep()
    assert embedded.stands("born") == ("open", WAITING)


def test_what_was_kept_back_counts_when_it_is_let_go(embedded: World) -> None:
    """A second report of the same birth is put aside, and stands when the first is annulled."""
    other = event("BirthRegistered", "also born", source="/registers/hospital/01")
    embedded.hub.run(BORN, other)
    embedded.keep()
    assert embedded.cases.case("also born") is None

    embedded.hub.run(next_of(BORN, "not born", "ANNULLED"))
    embedded.keep()
    embedded.hub.flush()
    embedded.keep()
    assert embedded.case("born").state is State.CANCELLED
    assert embedded.stands("also born") == ("open", WAITING)


def test_what_came_in_a_mass_run_opens_no_case_but_completes_one(embedded: World) -> None:
    with embedded.hub.engine.begin() as connection:
        for place, event_id in enumerate(("born", "moved")):
            connection.execute(sa.insert(registers.bulk).values(id=place + 1, place=f"f:{place}", at=1))
            connection.execute(sa.insert(registers.taken).values(event_id=event_id, place=f"f:{place}"))
    embedded.hub.run(BORN, MOVED, event("BirthRegistered", "also born", subject=MAI))
    embedded.hub.run(event("ResidenceChanged", "moved", MOVE, subject=MAI, source="/registers/residence/01"))
    embedded.keep()
    assert embedded.cases.case("born") is None
    assert embedded.cases.case("also born") is not None


def test_what_an_agency_has_fetched_is_known_by_where_it_has_asked(embedded: World) -> None:
    embedded.hub.run(BORN, MOVED)
    place = next(r.position for r in embedded.hub.topic(outbox("insurance")) if r.headers[h.ID] == "born")
    embedded.asked["insurance"] = place - 1
    embedded.keep()
    assert embedded.stands("born")[1]["health-card"] is None

    embedded.asked["insurance"] = place
    embedded.keep()
    assert embedded.stands("born") == ("done", {"residence": "moved", "health-card": "born"})
    with embedded.engine.connect() as connection:
        assert connection.scalars(sa.select(fetched.c.event_id)).all() == ["born"]


def test_what_a_snapshot_has_handed_out_is_with_the_agency(embedded: World) -> None:
    embedded.hub.run(BORN)
    with embedded.hub.engine.begin() as connection:
        sent = '{"insurance": ["health", "statute: a law", false, 1795309300000], "tax": ["taxes", "statute", false]}'
        connection.execute(sa.update(registers.events).values(sent_to=sent))
    embedded.keep()
    assert embedded.stands("born")[1]["health-card"] == "born"
