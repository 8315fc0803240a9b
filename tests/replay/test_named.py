"""A named replay from its plan to its report, on SQLite and PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from threading import Barrier

import pytest
import sqlalchemy as sa

from consumers.loop import deliver_once
from hub.contacts.tables import contacts
from hub.deliveries import State, Summary
from hub.eventlog import Message
from hub.registers import tables as t
from hub.replays import ItemState, Kind, Move, NeedsAnother, NoSuchReplay, NotNow, ReplayState
from hub.replays.store import LEASE
from hub.replays.tables import approvals, items
from replay.desk import BadPlan, Limits, NothingMatches
from replay.filters import selection_of
from replay.runner import Runner
from replay.schedule import Schedule
from replay.selection import BadSelection, Selection
from replay.views import replay_json
from tests.consumers.agency import message
from tests.replay.office import ALL, Office


def test_a_plan_is_estimated_approved_run_and_told(office: Office) -> None:
    office.park("a", "b")
    office.park("c", agency="tax")
    planned = office.plan()
    assert planned.state is ReplayState.PLANNED
    assert planned.plan.estimate["deliveries"] == 3
    assert {name: one["deliveries"] for name, one in planned.plan.estimate["agencies"].items()} == {"land": 2, "tax": 1}
    office.mend()
    approved = office.desk.approve(planned.id, "lan", "looked at them")
    assert (approved.state, approved.count(ItemState.SELECTED)) == (ReplayState.APPROVED, 3)
    office.deliver()
    assert office.agency().ids == [], "nothing is sent before it is run"
    office.desk.move(planned.id, Move.STARTED, "lan", None)
    done = office.finish(planned.id)
    assert (done.state, office.told(planned.id)) == (ReplayState.DONE, {"delivered": 3})
    assert (office.agency().ids, office.agency("tax").ids) == (["a", "b"], ["c"])
    assert office.trail(planned.id) == [
        ("lan", "replay.planned"),
        ("lan", "replay.approved"),
        ("lan", "replay.started"),
        ("dancu", "replay.done"),
    ]


def test_the_event_is_the_same_byte_by_byte_and_only_a_new_attempt_is_added(office: Office) -> None:
    office.agency().dislikes = {"a"}
    office.publish(message("a", "A", b"\x00\x01\xff bytes"))
    office.deliver()
    before = office.browser.parked("land")[0].record
    office.mend()
    office.finish(office.started())
    assert office.agency().applied("event_id, sequence, value, replayed") == [("a", 1, b"\x00\x01\xff bytes", 1)]
    after = office.browser.parked("land", states=[State.DELIVERED])[0].record
    assert after == before
    tries = office.failures.show("a")
    assert tries is not None
    assert [one["outcome"] for one in tries["deliveries"][0]["tries"]] == ["rejected", "delivered"]
    assert [one["asked_by"] for one in tries["deliveries"][0]["tries"]] == [None, "lan"]


def test_what_fails_after_the_approval_does_not_join(office: Office) -> None:
    office.park("a")
    replay_id = office.approved()
    office.park("b")
    office.mend()
    office.desk.move(replay_id, Move.STARTED, "lan", None)
    office.finish(replay_id)
    assert (office.agency().ids, office.told(replay_id)) == (["a"], {"delivered": 1})
    assert office.browser.summary("land") == Summary(parked=1, replayed=1)


def test_what_fails_between_plan_and_approval_joins_and_may_need_a_second_person(office: Office) -> None:
    office.threshold = 1
    office.park("a")
    planned = office.plan()
    assert planned.plan.approvals_needed == 1
    office.park("b")
    with pytest.raises(NeedsAnother, match="2 are selected"):
        office.desk.approve(planned.id, "lan", "it was one")
    assert office.replays.find(planned.id).state is ReplayState.PLANNED
    assert office.told(planned.id) == {}
    assert office.desk.approve(planned.id, "minh", "I saw both").count(ItemState.SELECTED) == 2


@pytest.mark.parametrize("name", ["lan", " Lan", "LAN "])
def test_the_planner_alone_can_not_approve_a_large_one_however_the_name_is_written(office: Office, name: str) -> None:
    office.threshold = 1
    office.park("a", "b")
    planned = office.plan()
    assert planned.plan.approvals_needed == 2
    with pytest.raises(NeedsAnother):
        office.desk.approve(planned.id, name, "me")
    with pytest.raises(NotNow):
        office.desk.move(planned.id, Move.STARTED, "lan", None)
    assert office.trail(planned.id) == [("lan", "replay.planned")]


def test_operators_who_approve_at_once_count_once_each_and_freeze_once(office: Office) -> None:
    office.threshold = 1
    office.park(*(f"e{n}" for n in range(10)))
    planned = office.plan()
    barrier = Barrier(8)

    def approve(name: str) -> None:
        barrier.wait()
        with suppress(NeedsAnother):
            office.desk.approve(planned.id, name, "me first")

    names = ["minh", "hoa", "minh", "hoa", "minh", "hoa", "lan", "lan"]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(approve, names))
    found = office.replays.find(planned.id)
    assert {one.by for one in found.approvals} >= {"minh", "hoa"}
    assert len(found.approvals) == len({one.by for one in found.approvals})
    assert office.told(planned.id) == {"selected": 10}
    assert office.trail(planned.id).count(("minh", "replay.approved")) == 1


def test_an_empty_selection_is_refused_and_one_without_a_match_plans_nothing(office: Office) -> None:
    office.park("a")
    with pytest.raises(BadSelection, match="nothing is selected"):
        office.plan(Selection())
    with pytest.raises(BadSelection, match="nothing is selected"):
        selection_of({"quarantined": True})
    with pytest.raises(NothingMatches):
        office.plan(Selection(error_class="unheard-of"))
    with pytest.raises(BadSelection, match="no such agency"):
        office.plan(Selection(agency="police"))
    assert office.replays.every() == []


@pytest.mark.parametrize(("by", "reason"), [("", "why"), ("lan", "  "), ("lan", "x" * 2001)])
def test_every_step_needs_a_name_and_a_reason(office: Office, by: str, reason: str) -> None:
    office.park("a")
    with pytest.raises(BadPlan):
        office.desk.plan(Kind.DELIVERIES, ALL, by, reason, Limits())
    planned = office.plan()
    with pytest.raises(BadPlan):
        office.desk.approve(planned.id, by, reason)
    with pytest.raises(BadPlan):
        office.desk.move(planned.id, Move.CANCELLED, by, reason)
    assert office.replays.find(planned.id).state is ReplayState.PLANNED


def test_a_rate_is_kept_whatever_the_pauses(office: Office) -> None:
    office.park(*(f"e{n:02}" for n in range(10)))
    office.mend()
    replay_id, runner = office.started(limits=Limits(rate=2)), office.runner()
    asked = []
    for _ in range(8):
        runner.turn()
        asked.append(office.replays.find(replay_id).count(ItemState.ASKED))
        office.clock.seconds += 0.5
    assert asked == [1, 2, 3, 4, 5, 6, 7, 8]
    office.clock.seconds += 3600
    runner.turn()
    assert office.replays.find(replay_id).count(ItemState.ASKED) <= 10, "an hour saves up one second's worth"


def test_a_clock_that_jumps_back_asks_for_nothing_and_does_not_stop_it(office: Office) -> None:
    office.park("a", "b", "c")
    office.mend()
    replay_id, runner = office.started(limits=Limits(rate=1)), office.runner()
    runner.turn()
    office.clock.seconds -= 86_400
    runner.turn()
    assert office.replays.find(replay_id).count(ItemState.ASKED) == 1
    office.clock.seconds += 5
    runner.turn()
    assert office.replays.find(replay_id).count(ItemState.ASKED) == 2
    office.clock.seconds += 86_400
    assert office.finish(replay_id, runner).state is ReplayState.DONE


def test_a_cap_ends_it_and_leaves_the_rest_parked(office: Office) -> None:
    office.park("a", "b", "c")
    office.mend()
    replay_id = office.started(limits=Limits(cap=2))
    assert office.finish(replay_id).state is ReplayState.DONE
    assert office.told(replay_id) == {"delivered": 2, "left:cap": 1}
    assert office.browser.summary("land") == Summary(parked=1, replayed=2)


def test_a_pause_asks_for_nothing_more_but_what_was_asked_for_is_followed(office: Office) -> None:
    office.park("a", "b", "c")
    office.mend()
    replay_id, runner = office.started(limits=Limits(rate=1)), office.runner()
    runner.turn()
    office.desk.move(replay_id, Move.PAUSED, "lan", "lunch")
    office.clock.seconds += 100
    office.deliver()
    for _ in range(3):
        runner.turn()
        office.deliver()
    assert office.told(replay_id) == {"delivered": 1, "selected": 2}
    office.desk.move(replay_id, Move.RESUMED, "lan", None)
    assert office.finish(replay_id, runner).state is ReplayState.DONE
    assert office.agency().ids == ["a", "b", "c"]


def test_a_cancel_leaves_parked_what_was_not_asked_for(office: Office) -> None:
    office.park("a", "b", "c")
    office.mend()
    replay_id, runner = office.started(limits=Limits(rate=1)), office.runner()
    runner.turn()
    cancelled = office.desk.move(replay_id, Move.CANCELLED, "minh", "the wrong ones")
    assert (cancelled.state, cancelled.ended_by) == (ReplayState.CANCELLED, "minh")
    for _ in range(3):
        office.deliver()
        runner.turn()
    assert office.told(replay_id) == {"delivered": 1, "left:cancelled": 2}
    assert (office.agency().ids, office.replays.unfinished()) == (["a"], [])
    with pytest.raises(NotNow, match="cancelled"):
        office.desk.move(replay_id, Move.RESUMED, "lan", None)


def test_what_is_rejected_again_is_told_and_parked_again(office: Office) -> None:
    office.park("a", "b")
    office.agency().dislikes = {"b"}
    replay_id = office.started()
    office.finish(replay_id)
    assert office.told(replay_id) == {"delivered": 1, "failed:constraint": 1}
    assert office.browser.summary("land") == Summary(parked=1, replayed=1)


def test_a_delivery_replayed_in_vain_again_and_again_is_left_alone(office: Office) -> None:
    office.park("a")
    for _ in range(office.quarantine):
        office.clock.seconds += 1
        assert office.told(office.finish(office.started()).id) == {"failed:constraint": 1}
    planned = office.plan()
    assert planned.plan.estimate["skipped"] == {"quarantined": 1}
    office.mend()
    assert office.told(office.finish(office.started()).id) == {"skipped:quarantined": 1}
    assert office.agency().ids == []
    wide = Selection(event_ids=["a"], quarantined=True)
    assert office.told(office.finish(office.started(wide)).id) == {"delivered": 1}


def test_what_lost_its_legal_basis_is_not_sent_and_what_waits_behind_it_goes_on(office: Office) -> None:
    office.agency().dislikes = {"a1"}
    office.publish(message("a1", "A"), message("a2", "A"), message("a3", "A"))
    office.deliver()
    office.mend()
    office.barred = {1: "consent_withdrawn"}
    planned = office.plan()
    assert planned.plan.estimate["skipped"] == {"consent_withdrawn": 1}
    assert planned.plan.estimate["waiting_behind"] == 2
    replay_id = office.started()
    office.finish(replay_id)
    office.deliver()
    assert office.told(replay_id) == {"skipped:consent_withdrawn": 1}
    assert [one for call in office.agency().calls for one in call].count("a1") == 1, "only before the replay"
    assert office.agency().ids == ["a2", "a3"]
    assert office.browser.summary("land") == Summary(withheld=1)


def test_what_merely_waited_is_not_sent_without_a_legal_basis_either(office: Office) -> None:
    office.agency().dislikes = {"a1"}
    office.publish(message("a1", "A"), message("a2", "A"), message("a3", "A"))
    office.deliver()
    office.mend()
    office.barred = {2: "no_consent"}
    office.finish(office.started())
    office.deliver()
    assert office.agency().ids == ["a1", "a3"]
    assert [one for call in office.agency().calls for one in call].count("a2") == 0


def _versioned(event_id: str, version: int) -> Message:
    made = message(event_id, "A")
    return made._replace(headers={**made.headers, "ce_factid": "f", "ce_factversion": str(version)})


def test_what_a_later_version_made_out_of_date_at_the_agency_is_skipped(office: Office) -> None:
    office.publish(_versioned("new", 2))
    office.deliver()
    office.agency().dislikes = {"old"}
    office.publish(_versioned("old", 1))
    office.deliver()
    row = dict.fromkeys(("at", "fate_at"), 1) | {
        "position": 9,
        "event_id": "new",
        "type": "DeathRegistered",
        "person": "A",
        "fact": "A|DeathRegistered|f",
        "version": 2,
        "change": "CORRECTED",
        "fate": "published",
        "fate_position": 9,
    }
    with office.registers.begin() as connection:
        connection.execute(sa.insert(t.events), row)
    assert office.plan().plan.estimate["skipped"] == {"superseded": 1}
    replay_id = office.started()
    office.finish(replay_id)
    assert (office.told(replay_id), office.agency().ids) == ({"skipped:superseded": 1}, ["new"])


def test_of_two_replays_of_the_same_delivery_one_asks_for_it(office: Office) -> None:
    office.park("a")
    office.agency().down = True
    first, second = office.started(), office.started()
    runner = office.runner()
    runner.turn()
    office.deliver()  # the agency is away: put off
    office.clock.seconds += 1
    runner.turn()
    assert (office.told(first), office.told(second)) == ({"asked": 1}, {"skipped:due_already": 1})
    office.agency().down = False
    office.mend()
    office.clock.seconds += 3600
    office.finish(first, runner)
    assert (office.told(first), office.agency().ids) == ({"delivered": 1}, ["a"])


def test_what_was_delivered_meanwhile_is_skipped_and_told(office: Office) -> None:
    office.park("a", "b")
    office.mend()
    first, second = office.started(), office.approved()
    office.finish(first)
    office.desk.move(second, Move.STARTED, "lan", None)
    office.finish(second)
    assert office.told(second) == {"skipped:delivered": 2}
    assert office.agency().ids == ["a", "b"]


def test_an_agency_that_is_away_keeps_no_other_waiting(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("replay.runner._WINDOW", 2)
    office.park(*(f"l{n}" for n in range(5)))
    office.park(*(f"t{n}" for n in range(5)), agency="tax")
    office.mend()
    office.agency("land").down = True
    replay_id, runner = office.started(limits=Limits(rate=1)), office.runner()
    for _ in range(40):
        runner.turn()
        office.deliver()
        office.clock.seconds += 1
    assert office.agency("tax").ids == [f"t{n}" for n in range(5)]
    assert office.told(replay_id) == {"asked": 2, "delivered": 5, "selected": 3}
    office.agency("land").down = False
    office.clock.seconds += 3600
    assert office.finish(replay_id, runner).state is ReplayState.DONE


def test_a_suspended_agency_may_be_replayed_and_the_estimate_says_so(office: Office) -> None:
    office.park("a")
    with office.engine.begin() as connection:
        connection.execute(sa.insert(contacts), {"agency": "land", "suspended_at": 1, "suspended_by": "x"})
    assert office.plan().plan.estimate["agencies"]["land"]["suspended"] is True


def test_a_person_is_found_under_every_number(office: Office) -> None:
    for n, number in enumerate(("079204000001", "079204000002", "079204000003")):
        office.agency().dislikes |= {f"e{n}"}
        office.publish(message(f"e{n}", number))
    office.deliver()
    office.persons = [{"079204000001", "079204000003"}]
    office.mend()
    replay_id = office.started(Selection(persons=["079204000003"]))
    office.finish(replay_id)
    assert office.agency().ids == ["e0", "e2"]
    shown = replay_json(office.replays.find(replay_id))
    assert shown["selection"] == {"persons": ["079•••••••03"]}


def test_while_one_process_has_a_replay_another_does_nothing_until_the_lease_ends(office: Office) -> None:
    office.park("a", "b")
    office.mend()
    replay_id = office.started(limits=Limits(rate=1))
    first, second = office.runner("first"), office.runner("second")
    first.turn()
    office.clock.seconds += 5
    assert second.turn() is False
    assert office.told(replay_id) == {"asked": 1, "selected": 1}
    office.clock.seconds += LEASE / 1000
    second.turn()
    assert office.told(replay_id)["asked"] == 2 or office.told(replay_id).get("selected") == 1
    assert office.finish(replay_id, second).state is ReplayState.DONE


def test_a_lease_of_a_clock_that_was_far_ahead_holds_nobody_up(office: Office) -> None:
    office.park("a")
    office.mend()
    replay_id = office.started()
    office.clock.seconds += 86_400
    office.runner("ahead").turn()
    office.clock.seconds -= 86_400
    assert office.replays.claim(replay_id, "second", office.clock.now)


def test_a_runner_that_has_lost_its_lease_in_a_step_asks_for_nothing(office: Office) -> None:
    office.park("a")
    replay_id = office.started()
    slow = office.runner("slow")
    assert office.replays.claim(replay_id, "quick", office.clock.now)
    plan = office.replays.find(replay_id).plan
    assert slow._ask(plan, office.clock.now) == 0
    assert office.told(replay_id) == {"selected": 1}


def test_runners_that_end_give_their_replays_back_at_once(office: Office) -> None:
    office.park("a")
    replay_id = office.started(limits=Limits(rate=0.001))
    first: Runner = office.runner("first")
    first.turn()
    assert not office.replays.claim(replay_id, "second", office.clock.now)
    first.close()
    assert office.replays.claim(replay_id, "second", office.clock.now)


def test_one_that_waits_behind_another_of_its_person_after_all_does_not_hold_the_replay(office: Office) -> None:
    office.agency().dislikes = {"a1", "b1"}
    office.publish(message("a1", "A"), message("b1", "B"))
    office.deliver()
    office.persons = [{"A", "B"}]
    replay_id = office.started(Selection(event_ids=["b1"]))
    office.finish(replay_id)
    assert office.told(replay_id) == {"skipped:behind": 1}


def test_the_order_of_a_person_holds_in_a_replay(office: Office) -> None:
    office.agency().dislikes = {"a1"}
    office.publish(*(message(f"a{n}", "A") for n in range(1, 6)))
    office.deliver()
    office.mend()
    office.finish(office.started())
    office.publish(message("a6", "A"))
    office.deliver()
    assert office.agency().ids == [f"a{n}" for n in range(1, 7)]


def test_unknown_replays_are_told_apart(office: Office) -> None:
    with pytest.raises(NoSuchReplay):
        office.replays.find("x")
    with pytest.raises(NoSuchReplay):
        office.desk.approve("x", "lan", "why")
    with pytest.raises(NoSuchReplay):
        office.desk.move("x", Move.CANCELLED, "lan", "why")


def test_the_list_is_newest_first_and_goes_on_page_by_page(office: Office) -> None:
    office.park("a")
    made = [office.plan().id for _ in range(5)]
    first = office.replays.every(limit=3)
    rest = office.replays.every(limit=3, before=first[-1].id)
    assert [one.id for one in (*first, *rest)] == made[::-1]


def test_a_scheduled_delivery_is_brought_forward_and_a_due_one_left_alone(office: Office) -> None:
    office.feeds["land"] = replace(office.feeds["land"], schedule=Schedule((60_000,)))
    office.park("a")
    assert office.browser.summary("land") == Summary(due=1)
    office.mend()
    replay_id = office.started()
    office.finish(replay_id)
    assert office.told(replay_id) == {"delivered": 1}


def test_nothing_of_a_plan_is_left_when_its_approval_is_refused(office: Office) -> None:
    office.threshold = 0
    office.park("a")
    planned = office.plan()
    with pytest.raises(NeedsAnother):
        office.desk.approve(planned.id, "lan", "alone")
    with office.engine.connect() as connection:
        for table in (approvals, items):
            assert connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() == 0


def test_a_replay_of_thousands_keeps_few_on_their_way(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("replay.runner._WINDOW", 20)
    monkeypatch.setattr("replay.runner._STEP", 10)
    office.park(*(f"e{n:03}" for n in range(100)))
    office.mend()
    replay_id, runner = office.started(), office.runner()
    most = 0
    for _ in range(100):
        runner.turn()
        most = max(most, office.browser.summary("land").due)
        deliver_once(office.feeds["land"])
    assert 0 < most <= 20
    assert office.finish(replay_id, runner).count(ItemState.DELIVERED) == 100
