"""Connections end with the destination, with the last one who knows it, and with the process: without a word."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from adapters.ways.webhook.event_loop import event_loop
from hub.destination import Receipt
from tests.adapters.ways.webhook.receiver import receiver
from tests.adapters.ways.webhook.sample import events, posting_to

PROGRAM = """
import gc, sys
from adapters.ways.webhook.system import open_system
from tests.adapters.ways.webhook.sample import event, land, place

def once():
    system = open_system(land(sys.argv[1]), place())
    system.deliver([event()])
    return system

system = once()
if sys.argv[2] == "closed":
    system.close()
if sys.argv[2] == "forgotten":
    del system
    gc.collect()
    once()
"""


@pytest.mark.parametrize("how", ["closed", "forgotten", "open at the end"])
def test_a_process_ends_without_a_word_about_connections(how: str) -> None:
    with receiver() as endpoint:
        command = [sys.executable, "-W", "error", "-c", PROGRAM, endpoint.url, how]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert endpoint.posts


def test_all_agencies_share_one_thread() -> None:
    with receiver() as one, receiver() as other, posting_to(one) as first, posting_to(other) as second:
        assert first.deliver(events(20)) == second.deliver(events(20)) == Receipt([])
        assert sum(thread.name == "webhooks" for thread in threading.enumerate()) == 1
    assert event_loop() is event_loop()


def test_agencies_deliver_at_the_same_time_from_their_own_threads() -> None:
    failures: list[BaseException] = []
    with receiver() as endpoint:

        def deliver() -> None:
            try:
                with posting_to(endpoint) as system:
                    for _ in range(3):
                        system.deliver(events(10))
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=deliver) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert len(set(endpoint.ids)) == len(endpoint.ids) == 360
