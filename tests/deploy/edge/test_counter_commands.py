"""`dancu edge join`, `run` and `status`, as processes, with real readers where they can be had."""

from __future__ import annotations

import signal
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.adapters.card_reader.producer.counters import QR
from tests.adapters.card_reader.producer.hub import TestHub, a_hub
from tests.adapters.card_reader.slot import Inserted
from tests.adapters.card_reader.stack import Stack
from tests.adapters.card_reader.virtual.card import VirtualCard
from tests.adapters.card_reader.virtual.personal import DUNG, MINH
from tests.adapters.card_reader.virtual.variants import personalise
from tests.deploy.edge.counter import COMMAND, Bench

A, B = "Virtual PCD 00 00", "Virtual PCD 00 01"


@pytest.fixture
def hub() -> Iterator[TestHub]:
    with a_hub() as running:
        yield running


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_a_counter_joins_with_a_code_from_standard_input(bench: Bench, hub: TestHub) -> None:
    answer = bench.join(hub, "--name", "Quầy 1", "--json")
    assert answer.code == 0, answer
    assert set(answer.json) == {"device_id", "kid", "site_id", "purposes", "window_seconds", "hub"}
    assert stat.S_IMODE((bench.home / "device.pem").stat().st_mode) == 0o600
    assert bench.join(hub).code == 1
    assert "--again" in bench.join(hub).err
    assert bench.join(hub, "--again").code == 0


def test_what_is_wrong_with_joining_is_said_in_one_sentence(bench: Bench, hub: TestHub) -> None:
    refused = bench.edge("join", "--hub", hub.url, "--code", "WRONG")
    assert (refused.code, "the code is not known" in refused.err) == (1, True)
    unsafe = bench.edge("join", "--hub", "http://hub.example", "--code", "x")
    assert (unsafe.code, "must begin with https://" in unsafe.err) == (2, True)
    assert bench.edge("join", "--code", "x").code == 2
    hub.status = 500
    assert "not now" in bench.join(hub).err


def test_a_counter_that_has_not_joined_does_not_run(bench: Bench) -> None:
    for answer in (bench.dancu("edge", "run"), bench.edge("status")):
        assert answer.code == 1
        assert "dancu edge join" in answer.err


def test_a_counter_without_a_trust_folder_does_not_run(bench: Bench) -> None:
    bench.settings["DANCU_EDGE_TRUST"] = ""
    answer = bench.dancu("edge", "run")
    assert (answer.code, "--trust DIR" in answer.err) == (2, True)


def test_a_code_is_reported_without_any_reader_and_systemd_is_told(bench: Bench, hub: TestHub) -> None:
    bench.join(hub)
    hub.answer = {"life": "deceased", "card": "unknown", "alerts": []}
    bench.settings["PCSCLITE_CSOCK_NAME"] = str(bench.folder / "no-service")
    with bench.running(command=COMMAND) as page:
        assert page.tell("code", text=QR, purpose="health-check-in") is None
        dead = "THIS PERSON HAS DIED, says the civil status register"
        state = page.wait(lambda now: now["readers"][0]["result"]["answer"]["en"] == dead)
        assert [one["en"] for one in state["alarms"]] == [dead]
        assert state["line"]["waiting"] == 0
        assert state["service"] is False
        page.wait(lambda _: any("WATCHDOG=1" in one for one in bench.notified))
        assert bench.status()["running"] is True
        with urlopen(f"{page.url}/metrics", timeout=30) as answer:  # noqa: S310 - our own http://127.0.0.1
            assert b"dancu_edge_unseen_answers 1.0" in answer.read()
        second = bench.edge("join", "--rotate")
        assert (second.code, "runs here already. Stop it first" in second.err) == (1, True)
    assert bench.notified[0].startswith("READY=1")
    assert "STOPPING=1" in bench.notified[-1]
    assert hub.taken.popitem()[1]["result"] == "QR"


def test_the_status_says_what_waits_and_why(bench: Bench, hub: TestHub) -> None:
    bench.join(hub)
    hub.status = 503
    with bench.running() as page:
        page.tell("code", text=QR, purpose="health-check-in")
        page.wait(lambda now: now["line"]["down"])
    found = bench.status()
    assert set(found) == {
        *("device_id", "kid", "site_id", "purposes", "hub", "window_seconds", "running", "stopped", "next_sequence"),
        *("waiting", "limit", "oldest", "contact", "trouble", "refused", "expired", "alerts", "clock"),
    }
    assert (found["running"], found["waiting"], found["next_sequence"], found["contact"]) == (False, 1, 2, None)
    assert "503" in found["trouble"]
    assert found["clock"] in ("synced", "unsynced", "unknown")
    shown = bench.edge("status")
    assert (shown.code, "Chờ gửi / waiting" in shown.out) == (0, True)


def test_a_revoked_counter_says_so_in_its_status_and_its_exit_code(bench: Bench, hub: TestHub) -> None:
    bench.join(hub)
    hub.refuse = "revoked"
    with bench.running() as page:
        page.tell("code", text=QR, purpose="health-check-in")
        page.wait(lambda now: now["stopped"])
    answer = bench.edge("status", "--json")
    assert (answer.code, answer.json["stopped"]) == (1, "revoked")


def test_a_key_is_changed_and_a_change_that_broke_off_is_finished_at_the_next_start(bench: Bench, hub: TestHub) -> None:
    bench.join(hub)
    first = hub.device
    assert bench.edge("join", "--rotate").code == 0
    second = hub.device
    assert second != first
    hub.mute = 1
    broken = bench.edge("join", "--rotate")
    assert (broken.code, "Start again when it does" in broken.err) == (1, True)
    hub.status = 503
    assert bench.dancu("edge", "run").code == 1
    hub.status = 0
    hub.device = second  # as a hub that has not heard of it
    with bench.running() as page:
        page.tell("code", text=QR, purpose="health-check-in")
        page.wait(lambda now: now["line"]["waiting"] == 0)
    assert hub.device != second
    hub.check_row()


def test_real_readers_are_watched_and_two_cards_read_at_once(bench: Bench, hub: TestHub, stack: Stack) -> None:
    bench.settings.update(stack.environment)
    bench.join(hub)
    with (
        bench.running() as page,
        Inserted(stack, 0, VirtualCard(personalise())),
        Inserted(stack, 1, VirtualCard(personalise(persona=DUNG))),
    ):
        page.wait(lambda now: [one["state"] for one in now["readers"]] == ["card", "card"])
        assert page.key(MINH.number)["en"] == "Choose the reader"
        assert page.key(MINH.number, A) is None
        assert page.key(DUNG.number, B) is None
        assert {page.result(reader)["level"] for reader in (A, B)} == {"chip+pa"}
        page.wait(lambda now: now["line"]["waiting"] == 0)
        page.tell("clear")
        for _ in range(2):
            assert page.key("000000", A) is None
            assert page.result(A)["error"] == "access_denied"
            page.tell("clear")
        assert page.key(MINH.number, A) is None
        assert page.result(A)["error"] == "too_many_attempts"
    hub.check_row()
    assert {one["subject"] for one in hub.taken.values()} == {MINH.number, DUNG.number}


def test_a_counter_that_was_killed_goes_on_where_it_was(bench: Bench, hub: TestHub) -> None:
    bench.join(hub)
    hub.status = 503
    for _ in range(2):
        with bench.running() as page:
            page.tell("code", text=QR, purpose="health-check-in")
            page.process.send_signal(signal.SIGKILL)
            page.process.wait(30)
    hub.status = 0
    with bench.running() as page:
        page.wait(lambda now: now["line"]["waiting"] == 0)
    assert len(hub.taken) == 2
    hub.check_row()
