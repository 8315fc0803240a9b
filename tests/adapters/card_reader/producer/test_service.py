"""A card and a key make a reading, an event that is safe, and only then a result that the operator sees."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.card_reader.failure import Code
from adapters.card_reader.key import Key
from adapters.card_reader.producer.counter import words
from adapters.card_reader.producer.event import Finding
from adapters.card_reader.producer.outbox_file import Stop
from adapters.card_reader.producer.recorder import Recorded
from adapters.card_reader.producer.service import CODE
from adapters.card_reader.result import Reading
from adapters.card_reader.watching import Change, What
from tests.adapters.card_reader.producer.counters import QR, Table
from tests.adapters.card_reader.producer.hub import TestHub, a_hub
from tests.adapters.card_reader.producer.making import Device, a_device
from tests.adapters.card_reader.virtual.behaviour import Behaviour
from tests.adapters.card_reader.virtual.personal import DUNG, MINH, mrz_lines
from tests.adapters.card_reader.virtual.variants import Variant


@pytest.fixture(scope="module")
def hub() -> Iterator[TestHub]:
    with a_hub() as running:
        yield running


@pytest.fixture
def device(hub: TestHub, tmp_path: Path) -> Iterator[Device]:
    hub.taken.clear()
    with a_device(hub, tmp_path) as one:
        yield one


@pytest.fixture
def table(device: Device) -> Table:
    return Table(device)


def sent(hub: TestHub, device: Device) -> list[tuple[object, ...]]:
    device.send_all()
    return [(one["result"], one["error"], one["subject"], one["document_number"]) for one in hub.taken.values()]


def test_a_genuine_card_is_verified_and_the_hub_learns_of_it(hub: TestHub, device: Device, table: Table) -> None:
    table.put()
    result = table.ask()
    assert (result["tone"], result["vi"], result["level"]) == ("good", "ĐÃ XÁC THỰC", "chip+pa")
    assert sent(hub, device) == [("CHIP_PA", None, MINH.number, MINH.number[-9:])]


@pytest.mark.parametrize("text", [MINH.number[-6:], "\n".join(mrz_lines(MINH)), QR], ids=["can", "mrz", "qr"])
def test_every_kind_of_key_opens_the_card(hub: TestHub, device: Device, table: Table, text: str) -> None:
    table.put()
    assert table.ask(text)["level"] == "chip+pa"
    assert len(sent(hub, device)) == 1


def test_the_operator_sees_enough_to_compare_and_no_more(table: Table) -> None:
    table.put()
    shown = str(table.ask())
    assert "001•••••••17" in shown
    for private in (MINH.number, MINH.name, MINH.number[-9:], MINH.number[-6:], *mrz_lines(MINH), MINH.address):
        assert private not in shown


def test_the_result_comes_after_the_event_is_safe(device: Device, table: Table) -> None:
    table.put()
    table.ask()
    assert table.seat().event_id == device.outbox.batch(1)[0].id


@pytest.mark.parametrize(
    ("variant", "tone", "event"),
    [
        (Variant.clone, "bad", (None, "not_genuine", None, None)),
        (Variant.altered_dg13, "bad", (None, "dg13_hash", None, None)),
        (Variant.revoked_signer, "bad", (None, "ds_revoked", None, None)),
        (Variant.unknown_csca, "careful", ("READ_ONLY", "csca_unknown", MINH.number, MINH.number[-9:])),
        (Variant.without_sod, "careful", ("READ_ONLY", "sod_missing", MINH.number, MINH.number[-9:])),
        (Variant.expired_document, "bad", (None, "document_expired", None, None)),
    ],
)
def test_a_card_that_is_not_believed_is_shown_as_such_and_reported(
    hub: TestHub, device: Device, table: Table, variant: Variant, tone: str, event: tuple[object, ...]
) -> None:
    table.put(variant)
    result = table.ask()
    assert result["tone"] == tone
    assert sent(hub, device) == [event]


def test_a_mistyped_number_is_no_event(device: Device, table: Table) -> None:
    table.put()
    result = table.ask("000000")
    assert (result["tone"], result["error"]) == ("fail", Code.access_denied)
    assert device.outbox.state().waiting == 0


def test_a_card_that_was_pulled_out_is_no_event_and_can_be_put_back(device: Device, table: Table) -> None:
    table.put(how=Behaviour(pulled_at=12))
    assert table.ask()["error"] == Code.card_removed
    assert device.outbox.state().waiting == 0
    table.take()
    table.put()
    assert table.ask()["level"] == "chip+pa"


def test_only_the_code_is_reported_as_that(hub: TestHub, device: Device, table: Table) -> None:
    assert table.counter.ask(QR, "health-check-in", code=True) is None
    result = table.result(CODE)
    assert (result["tone"], result["level"]) == ("careful", "qr")
    assert sent(hub, device) == [("QR", None, MINH.number, None)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", words.WRONG),
        ("hello", words.WRONG),
        ("1" * 11, words.WRONG),
        ("9" * 4000, words.WRONG),
        (MINH.number, words.NOBODY),
    ],
)
def test_what_is_no_key_or_has_no_card_is_said(table: Table, text: str, said: words.Words) -> None:
    assert table.counter.ask(text, "health-check-in") == said


def test_what_is_no_code_is_said(table: Table) -> None:
    assert table.counter.ask("hello", "health-check-in", code=True) == words.NO_CODE


def test_a_purpose_that_the_device_was_not_admitted_for_reads_no_card(table: Table) -> None:
    table.put()
    assert table.counter.ask(MINH.number, "bank-identification") == words.PURPOSE


def test_two_readers_work_at_once_and_the_operator_says_which(hub: TestHub, device: Device, table: Table) -> None:
    table.put(reader="A")
    table.put(reader="B", persona=DUNG)
    assert table.counter.ask(MINH.number, "health-check-in") == words.WHICH
    for reader, persona in (("A", MINH), ("B", DUNG)):
        assert table.counter.ask(persona.number, "health-check-in", reader) is None
    assert [table.result(reader)["level"] for reader in ("A", "B")] == ["chip+pa", "chip+pa"]
    device.send_all()
    assert {one["subject"] for one in hub.taken.values()} == {MINH.number, DUNG.number}
    hub.check_row()


def test_a_card_that_is_being_read_is_not_read_again(table: Table) -> None:
    go = threading.Event()
    table.put()
    seat = table.seat()
    read = seat.card
    assert read is not None

    def slowly(key: Key) -> Reading:
        go.wait(30)
        return read(key)

    seat.card = slowly
    assert table.counter.ask(MINH.number, "health-check-in") is None
    assert table.counter.ask(MINH.number, "health-check-in") == words.BUSY
    go.set()
    assert table.result()["level"] == "chip+pa"


@pytest.mark.parametrize("why", [Stop.revoked, Stop.restored])
def test_a_counter_that_can_keep_nothing_reads_no_card(device: Device, table: Table, why: Stop) -> None:
    table.put()
    device.outbox.stop(why)
    assert table.counter.ask(MINH.number, "health-check-in") == words.STOPS[why]
    assert table.cards["A"].commands == []


def test_a_full_outbox_stops_the_counter_with_a_plain_sentence(hub: TestHub, tmp_path: Path) -> None:
    with a_device(hub, tmp_path, limit=1) as device:
        table = Table(device)
        table.put()
        table.ask()
        assert table.counter.ask(MINH.number, "health-check-in") == words.STOPS[Stop.full]
        device.send_all()
        assert table.counter.ask(MINH.number, "health-check-in") is None


def test_a_disk_that_takes_no_event_shows_no_result(device: Device, table: Table) -> None:
    table.put()
    with device.outbox._file.reading() as connection:
        connection.execute("PRAGMA query_only = ON")  # a disk that has become read-only
    result = table.ask()
    assert result["vi"] == words.STOPS[Stop.disk].vi
    assert "level" not in result
    with device.outbox._file.reading() as connection:
        connection.execute("PRAGMA query_only = OFF")
    assert device.outbox.state().waiting == 0


def test_the_hubs_answer_comes_to_the_result_that_it_is_about(hub: TestHub, device: Device, table: Table) -> None:
    table.put()
    table.ask()
    event = device.outbox.batch(1)[0]
    table.counter.answered(event._replace(id="another"), {"life": "deceased", "card": "lost", "alerts": []})
    assert table.result()["answer"] == words.KEPT.toned("quiet")
    for answer, said in (
        ({"life": "deceased", "card": "valid", "alerts": []}, words.DECEASED),
        ({"life": "alive", "card": "lost", "alerts": []}, words.LOST),
        ({"life": "alive", "card": "replaced", "alerts": []}, words.REPLACED),
        ({"life": "unknown", "card": "unknown", "alerts": ["two_sites"]}, words.ALERT),
    ):
        table.counter.answered(event, answer)
        assert table.result()["answer"] == said.toned("bad")


def test_a_bug_frees_the_reader_and_tells_nothing_of_the_card(
    device: Device, table: Table, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: Key) -> Reading:
        raise ValueError(MINH.number)

    table.put()
    table.seat().card = broken
    assert table.ask()["vi"] == words.BROKEN.vi
    assert MINH.number not in caplog.text
    assert "ValueError" in caplog.text
    table.put()
    assert table.ask()["level"] == "chip+pa"


def test_readers_come_and_go_with_the_service(table: Table) -> None:
    for what, reader in (
        (What.service_up, ""),
        (What.reader_added, "A"),
        (What.card_inserted, "A"),
        (What.card_removed, "A"),
    ):
        table.counter.happened(Change(what, reader))
    assert table.counter.desk.look(-1, 0)["readers"] == [{"name": "A", "state": "empty", "result": None}]
    table.counter.happened(Change(What.reader_removed, "A"))
    table.counter.happened(Change(What.service_down))
    seen = table.counter.desk.look(-1, 0)
    assert (seen["service"], seen["readers"]) == (False, [])


def test_an_answer_that_comes_before_its_result_is_shown_with_it(device: Device, table: Table) -> None:
    table.put()
    answer = {"life": "deceased", "card": "unknown", "alerts": []}
    record = device.recorder.record

    def answered_at_once(finding: Finding) -> Recorded:
        done = record(finding)
        table.counter.answered(device.outbox.batch(1)[0], answer)
        return done

    device.recorder.record = answered_at_once  # type: ignore[method-assign]
    assert table.ask()["answer"] == words.DECEASED.toned("bad")


def test_a_result_is_never_taken_for_that_of_the_next_card(device: Device, table: Table) -> None:
    table.put()
    table.ask()
    table.put(Variant.clone)
    assert table.seat().result is None


def test_a_result_that_comes_when_another_card_is_there_is_recorded_and_not_shown(device: Device, table: Table) -> None:
    go = threading.Event()
    table.put()
    read = table.seat().card
    assert read is not None

    def slowly(key: Key) -> Reading:
        go.wait(30)
        return read(key)

    table.seat().card = slowly
    assert table.counter.ask(MINH.number, "health-check-in") is None
    first = table.cards["A"]
    table.take()
    table.put(Variant.clone)
    table.cards["A"] = first
    go.set()
    while table.seat().reading:
        table.counter.desk.look(-1, 0)
    assert table.seat().result is None
    assert device.outbox.waiting == 1


def test_a_reader_that_is_unplugged_while_it_reads_leaves_nothing_but_its_result(table: Table) -> None:
    table.put()
    table.ask()
    table.take()
    table.counter.happened(Change(What.reader_removed, "A"))
    assert [one["state"] for one in table.counter.desk.look(-1, 0)["readers"]] == ["empty"]
    table.counter.desk.clear()
    assert table.counter.desk.look(-1, 0)["readers"] == []
