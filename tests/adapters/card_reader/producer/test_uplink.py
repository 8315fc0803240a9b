"""What waits reaches the hub once and in order, whatever the line and the hub do meanwhile."""

from __future__ import annotations

import threading
import time
from itertools import pairwise
from pathlib import Path

import pytest

from adapters.card_reader.producer.event import Finding, Result
from adapters.card_reader.producer.outbox_file import Stop, Stopped
from adapters.card_reader.producer.uplink import pause_after
from tests.adapters.card_reader.producer.hub import ANSWER, a_hub
from tests.adapters.card_reader.producer.making import DAY, FOUND, NOW, Device, a_device


def record(device: Device, count: int) -> None:
    for _ in range(count):
        device.recorder.record(FOUND)


def test_events_arrive_in_batches_in_order_and_are_forgotten_when_the_hub_has_them(tmp_path: Path) -> None:
    with a_hub() as hub, a_device(hub, tmp_path) as device:
        record(device, 501)
        device.send_all()
        assert hub.batches == [500, 1]
        hub.check_row()
        assert len(hub.taken) == 501
        assert {one["subject"] for one in hub.taken.values()} == {FOUND.subject}
        state = device.outbox.state()
        assert (state.waiting, state.trouble, state.contact is not None) == (0, None, True)


def test_an_answer_that_gets_lost_doubles_nothing(tmp_path: Path) -> None:
    with a_hub() as hub, a_device(hub, tmp_path) as device:
        record(device, 3)
        hub.mute = 2
        device.send_all()
        assert hub.repeated == 6
        assert len(hub.taken) == 3
        hub.check_row()


def test_a_week_without_a_line_loses_nothing(tmp_path: Path) -> None:
    with a_hub() as hub, a_device(hub, tmp_path) as device:
        hub.status = 503
        for _ in range(7):
            record(device, 40)
            device.uplink.turn()
            device.clock.at += DAY
        assert device.outbox.state().waiting == 280
        assert "503" in str(device.outbox.state().trouble)
        hub.status = 0
        device.send_all()
        hub.check_row()
        assert len({one["occurred_at"] for one in hub.taken.values()}) == 7


def test_a_hub_that_is_gone_is_waited_for_and_found_again(tmp_path: Path) -> None:
    with a_hub() as hub:
        port = int(hub.url.rpartition(":")[2])
        with a_device(hub, tmp_path) as device:
            record(device, 1)
    with a_device(hub, tmp_path) as device:
        assert device.uplink.turn() > 0
        assert "refused" in str(device.outbox.state().trouble)
        with a_hub(port=port) as again:
            again.device, again.key = hub.device, hub.key
            device.send_all()
            assert len(again.taken) == 1
            assert device.outbox.state().trouble is None


def test_pauses_grow_to_a_minute_and_differ_between_devices() -> None:
    longest = [pause_after(failures, 1.0) for failures in range(1, 12)]
    assert longest[0] == 0.5
    assert all(one <= two for one, two in pairwise(longest))
    assert longest[-1] == 60
    assert pause_after(3, 0.0) == pause_after(3, 1.0) / 2
    assert pause_after(10**6, 1.0) == 60


@pytest.mark.parametrize(("asked", "pause"), [("120", 120), ("86400", 3600), ("tomorrow", 0.5), ("-5", 0.5)])
def test_a_hub_that_asks_for_a_pause_gets_it_within_reason(tmp_path: Path, asked: str, pause: float) -> None:
    with a_hub() as hub, a_device(hub, tmp_path) as device:
        record(device, 1)
        hub.status, hub.retry_after = 429, asked
        assert device.uplink.turn() <= pause
        assert device.uplink.turn() >= min(pause, 0.25)


def test_a_hub_that_takes_less_at_once_gets_less(tmp_path: Path) -> None:
    with a_hub() as hub, a_device(hub, tmp_path) as device:
        hub.most = 60
        record(device, 100)
        device.send_all()
        assert max(hub.batches) <= 60
        hub.check_row()


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"results": None},
        {"results": []},
        {"results": [None]},
        {"results": [{"sequence": 2, "id": "x", "state": "taken"}]},
        {"results": [{"sequence": None, "id": None, "state": "taken"}]},
        {"results": [{"sequence": 1, "id": "x", "state": "eaten"}] * 2},
        {"results": [{"sequence": None, "id": None, "state": "refused"}] * 2},
    ],
)
def test_what_is_no_answer_to_the_question_acknowledges_nothing(tmp_path: Path, body: object) -> None:
    with a_hub() as hub, a_device(hub, tmp_path) as device:
        record(device, 1)
        hub.instead = body if body is not None else "nothing"
        assert device.uplink.turn() > 0
        state = device.outbox.state()
        assert (state.waiting, state.refused) == (1, {})
        assert state.trouble


def test_an_answer_about_some_events_settles_those(tmp_path: Path) -> None:
    with a_hub() as hub, a_device(hub, tmp_path) as device:
        record(device, 3)
        first = device.outbox.batch(1)[0]
        hub.instead = {"results": [{"sequence": first.sequence, "id": first.id, "state": "taken"}]}
        assert device.uplink.turn() == 0
        assert [one.sequence for one in device.outbox.batch(10)] == [2, 3]


def test_an_event_that_the_hub_could_not_open_is_put_aside(tmp_path: Path) -> None:
    with a_hub() as hub, a_device(hub, tmp_path) as device:
        record(device, 1)
        hub.instead = {"results": [{"sequence": None, "id": None, "state": "refused", "reason": "sealing"}]}
        device.uplink.turn()
        assert (device.outbox.state().waiting, device.outbox.state().refused) == (0, {"sealing": 1})
        device.outbox.check()  # and the counter works on


def test_a_revoked_device_reads_no_more_cards_keeps_its_events_and_may_come_back(tmp_path: Path) -> None:
    with a_hub() as hub, a_device(hub, tmp_path) as device:
        record(device, 2)
        hub.refuse = "revoked"
        assert device.uplink.turn() >= 300
        with pytest.raises(Stopped) as stopped:
            record(device, 1)
        assert stopped.value.why is Stop.revoked
        assert device.outbox.state().waiting == 2
        hub.refuse = None
        device.send_all()
        record(device, 1)
        device.send_all()
        hub.check_row()


@pytest.mark.parametrize("status", [401, 403])
def test_a_hub_that_does_not_know_the_device_stops_it(tmp_path: Path, status: int) -> None:
    with a_hub() as hub, a_device(hub, tmp_path) as device:
        record(device, 1)
        hub.status = status
        assert device.uplink.turn() >= 300
        assert device.outbox.state().stopped == "revoked"


@pytest.mark.parametrize("reason", ["sequence_regression", "replay", "key_ended"])
def test_a_device_whose_numbers_the_hub_has_seen_stops_as_it_is_an_old_copy(tmp_path: Path, reason: str) -> None:
    with a_hub() as hub, a_device(hub, tmp_path) as device:
        record(device, 1)
        hub.refuse = reason
        device.uplink.turn()
        assert device.outbox.state().stopped == "restored"
        assert device.outbox.state().refused == {reason: 1}  # kept, sealed


def test_what_the_hub_knows_of_the_person_reaches_the_counter(tmp_path: Path) -> None:
    with a_hub() as hub, a_device(hub, tmp_path) as device:
        record(device, 1)
        event_id = device.outbox.batch(1)[0].id
        hub.answer = {"life": "deceased", "card": "replaced", "alerts": [{"kind": "two_sites"}, "new_kind"]}
        device.send_all()
        said = {"life": "deceased", "card": "replaced", "alerts": ["two_sites", "new_kind"]}
        assert [answer for _, answer in device.answers] == [said]
        assert device.outbox.alarms.all() == [{"id": event_id, "at": NOW, **said}]
        device.outbox.alarms.seen(event_id)
        assert device.outbox.alarms.all() == []


def test_an_answer_about_which_nobody_must_worry_is_not_kept(tmp_path: Path) -> None:
    with a_hub() as hub, a_device(hub, tmp_path) as device:
        record(device, 1)
        device.send_all()
        assert len(device.answers) == 1
        assert device.outbox.alarms.all() == []
        assert dict(ANSWER) == {"life": "alive", "card": "valid", "alerts": []}


@pytest.mark.parametrize("answer", [{"life": "012345678901", "card": 7, "alerts": ["012345678901 x"]}, {}])
def test_an_answer_can_not_bring_a_number_onto_the_page(tmp_path: Path, answer: dict[str, object]) -> None:
    with a_hub() as hub, a_device(hub, tmp_path) as device:
        hub.answer = answer
        record(device, 1)
        device.send_all()
        assert "0123" not in str([said for _, said in device.answers])


def test_what_grew_too_old_is_given_up_with_an_event_that_says_so(tmp_path: Path) -> None:
    with a_hub() as hub, a_device(hub, tmp_path) as device:
        record(device, 3)
        device.clock.at += 15 * DAY
        record(device, 2)
        device.send_all()
        hub.check_row(lost={1, 2, 3})
        (told,) = (one for one in hub.taken.values() if one["kind"] == "expired")
        assert (told["sequence"], told["expired"]) == (6, [[1, 3]])
        assert device.outbox.state().expired == 3


@pytest.mark.parametrize("state", ["unsynced", "unknown"])
def test_a_clock_that_nobody_has_set_makes_nothing_old_and_is_told(tmp_path: Path, state: str) -> None:
    with a_hub() as hub, a_device(hub, tmp_path) as device:
        record(device, 1)
        device.clock.at, device.clock.state = NOW + 4000 * DAY, state
        record(device, 1)
        device.clock.at = 0  # 1970: a clock without a battery
        record(device, 1)
        device.send_all()
        hub.check_row()
        assert [one["clock"] for one in hub.taken.values()] == ["synced", state, state]


def test_a_finding_without_a_person_arrives_without_one(tmp_path: Path) -> None:
    with a_hub() as hub, a_device(hub, tmp_path) as device:
        device.recorder.record(Finding("proof-of-life", None, "not_genuine"))
        device.recorder.record(Finding("proof-of-life", Result.QR, None, FOUND.subject))
        device.send_all()
        said = [(one["result"], one["error"], one["subject"]) for one in hub.taken.values()]
        assert said == [(None, "not_genuine", None), ("QR", None, FOUND.subject)]


def test_the_uplink_sends_when_it_is_woken_and_ends_when_it_is_told(tmp_path: Path) -> None:
    with a_hub() as hub, a_device(hub, tmp_path) as device:
        stop = threading.Event()
        thread = threading.Thread(target=device.uplink.run, args=(stop,))
        thread.start()
        record(device, 1)
        device.uplink.wake.set()
        deadline = time.monotonic() + 20
        while not hub.taken and time.monotonic() < deadline:
            time.sleep(0.005)
        stop.set()
        device.uplink.wake.set()
        thread.join(20)
        assert not thread.is_alive()
        assert len(hub.taken) == 1
