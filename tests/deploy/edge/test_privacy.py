"""Whatever a counter writes, says or sends, nobody but the hub learns from it whose card was read.

Not from the outbox, the logs, the status, the page, a core file or the wire; not in clear, hexadecimal or base64.
"""

from __future__ import annotations

import base64
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from tests.adapters.card_reader.producer.counters import QR
from tests.adapters.card_reader.producer.hub import TestHub, a_hub
from tests.adapters.card_reader.slot import Inserted
from tests.adapters.card_reader.stack import Stack
from tests.adapters.card_reader.virtual.card import VirtualCard
from tests.adapters.card_reader.virtual.personal import MINH, mrz_lines
from tests.adapters.card_reader.virtual.variants import Variant, personalise
from tests.deploy.edge.counter import Bench, Page
from tests.deploy.edge.secrets_of import files_in, forms, found_in, secrets_of

READER = "Virtual PCD 00 00"
CARD = personalise()


@pytest.fixture(scope="module")
def hub() -> Iterator[TestHub]:
    with a_hub() as running:
        yield running


def read_many(page: Page, stack: Stack) -> None:
    """Read a genuine card with every kind of key, a copy, and a code; mistype; pull a card out."""
    for variant, keys in {
        Variant.genuine: [MINH.number, "\n".join(mrz_lines(MINH)), QR],
        Variant.clone: [MINH.number],
        Variant.altered_dg13: [MINH.number[-6:]],
    }.items():
        with Inserted(stack, 0, VirtualCard(personalise(variant))):
            for key in keys:
                page.wait(lambda now: any(one["name"] == READER and one["state"] == "card" for one in now["readers"]))
                page.tell("clear")
                assert page.key(key) is None
                page.result(READER)
        page.wait(lambda now: all(one["state"] == "empty" for one in now["readers"] if one["name"] == READER))
    assert page.tell("code", text=QR, purpose="health-check-in") is None
    assert page.key(MINH.number) is not None  # no card
    assert page.key(f"{MINH.number} {MINH.name}") is not None  # no key


def test_no_trace_of_the_person_is_left_anywhere(hub: TestHub, stack: Stack, tmp_path: Path) -> None:
    bench = Bench(tmp_path, dict(stack.environment))
    assert bench.join(hub).code == 0
    hub.status = 503  # all stays in the outbox
    with bench.running() as page:
        read_many(page, stack)
        shown = orjson.dumps(page.state())
        while_running = dict(files_in(bench.home))
        status = bench.edge("status", "--json").out + bench.edge("status").out
        assert orjson.loads(status.splitlines()[0])["waiting"] == 6
        page.process.send_signal(signal.SIGSEGV)
        page.process.wait(30)
    cores = list((tmp_path / "cwd").iterdir())
    hub.status = 0
    with bench.running() as page:
        page.wait(lambda now: now["line"]["waiting"] == 0)
    hub.check_row()

    assert sorted(while_running) == sorted(
        [
            "device.json",
            "device.pem",
            "run.lock",
            *(f"outbox-edge-test.{end}" for end in ("db", "db-shm", "db-wal", "mark")),
        ]
    )
    places = {
        **while_running,
        **{f"{name}, later": content for name, content in files_in(bench.home)},
        "log": bench.said.read_bytes(),
        "status": status.encode(),
        "page": shown,
        "systemd": "".join(bench.notified).encode(),
        "wire": b"".join(hub.wire),
    }
    assert cores == []
    assert {name: found for name, content in places.items() if (found := found_in(content, CARD))} == {}
    # and the hub, who may know, does
    assert {one["subject"] for one in hub.taken.values() if one["result"]} == {MINH.number}
    assert any(one["error"] == "not_genuine" for one in hub.taken.values())


@pytest.mark.parametrize("name", ["number", "name", "MRZ line 1", "sha256 of 0101", "content of 0102"])
@pytest.mark.parametrize("before", [b"", b"x", b"xy"])
def test_the_search_finds_every_form(name: str, before: bytes) -> None:
    secret = secrets_of(CARD)[name]
    for hidden in (
        secret,
        secret.hex().encode(),
        base64.b64encode(before + secret + b"abc"),
        base64.urlsafe_b64encode(before + secret + b"ab"),
    ):
        assert name in found_in(b"something " + hidden + b" else", CARD)
    assert len({len(form) for form in forms(secret)}) > 1


def test_the_search_finds_a_can_and_not_six_digits_of_something_else() -> None:
    can = MINH.number[-6:].encode()
    assert found_in(b"key=" + can + b" x", CARD) == ["CAN"]
    assert found_in(b"17" + can + b"0", CARD) == []
    assert found_in(b"%d" % time.time_ns(), CARD) == []
