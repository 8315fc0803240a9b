"""Pages of a feed over HTTP, as http-feeds.org describes them."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from cloudevents.core.formats.json import JSONFormat
from jsonschema import Draft202012Validator

from consumers.cloudevents import cursor_of
from hub.access import AGENCY, Holder
from hub.database import open_database, sqlite_url
from hub.eventlog import Outputs, Record
from hub.eventlog.sqlite import SqliteLog
from hub.observe import FeedRead, Happening
from hub.topics import outbox
from tests.consumers.pull.scene import QUICK, Scene, a_scene, get, person, serving, until
from tests.hub.making import DEATH, GRANT, WITHDRAWAL, a_hub, event


def ids(first: int, last: int) -> list[str]:
    return [f"move-{n}" for n in range(first, last + 1)]


def test_page_after_page_the_whole_feed_comes_in_order_and_ends_with_an_empty_page(scene: Scene) -> None:
    scene.move(7)
    first = scene.get(limit=3)
    assert (first.status, first.headers["content-type"]) == (200, "application/cloudevents-batch+json")
    found, page = first.ids, first
    while page.json:
        page = scene.get(limit=3, lastEventId=page.json[-1]["cursor"])
        found += page.ids
    assert found == ids(1, 7)
    assert page.json == []


def test_the_same_cursor_leads_to_the_same_events_however_often_it_is_used(scene: Scene) -> None:
    scene.move(4)
    cursor = scene.get(limit=2).json[-1]["cursor"]
    assert scene.get(lastEventId=cursor).body == scene.get(lastEventId=cursor).body
    assert scene.get(lastEventId=cursor).ids == ids(3, 4)
    assert scene.get().ids == ids(1, 4)


def test_the_items_are_cloudevents_and_obey_the_schema_of_the_agreement(scene: Scene) -> None:
    scene.move(1)
    scene.hub.run(event("DeathRegistered", "death", DEATH, subject=person(1)))
    grants = scene.get("/feeds/tax/agreement").json["grants"]
    schemas = {grant["type"]: grant["schema"] for grant in grants}
    for item in scene.get().json:
        Draft202012Validator(schemas[item["type"]]).validate(item)
        headers = {"content-type": "application/cloudevents+json"}
        read = from_http_event(HTTPMessage(headers, JSONFormat().write_data(item, "application/json")), JSONFormat())
        assert (read.get_id(), read.get_extension("cursor")) == (item["id"], item["cursor"])


def test_the_usual_page_has_100_events_and_none_more_than_the_most(tmp_path: Path) -> None:
    with a_scene(tmp_path, replace(QUICK, page=150)) as scene:
        scene.move(160)
        assert len(scene.get().json) == 100
        assert [len(scene.get(limit=limit).json) for limit in (149, 10**9)] == [149, 150]


@pytest.mark.parametrize(
    ("name", "value"),
    [("limit", "0"), ("limit", "-1"), ("limit", "many"), ("limit", "9" * 400), ("timeout", "-1"), ("timeout", "soon")],
)
def test_a_number_that_is_none_is_refused_in_words_that_do_not_repeat_it(scene: Scene, name: str, value: str) -> None:
    query: dict[str, Any] = {name: value}
    answer = scene.get(**query)
    assert (answer.status, answer.kind) == (400, "about:blank")
    assert name in answer.json["detail"]
    assert value not in answer.json["detail"] or value in ("0", "-1")


def test_a_large_page_ends_early_so_that_memory_stays_bounded(tmp_path: Path) -> None:
    with a_scene(tmp_path, replace(QUICK, page_bytes=1)) as scene:
        scene.move(3)
        assert [scene.get().ids, scene.get(lastEventId=cursor_of("tax", 1)).ids] == [ids(1, 1), ids(2, 2)]


def test_an_answer_is_compressed_for_those_who_take_it(scene: Scene) -> None:
    scene.move(20)
    plain, packed = scene.get(), scene.get(headers={"Accept-Encoding": "br, gzip;q=0.8"})
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert "content-encoding" not in scene.get(headers={"Accept-Encoding": "gzip;q=0"}).headers
    assert len(packed.body) * 3 < len(plain.body)


def test_a_page_that_the_client_has_is_not_sent_again(scene: Scene) -> None:
    scene.move(2)
    known = scene.get().headers["etag"]
    again = scene.get(headers={"If-None-Match": f'"other", {known}'})
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", known)
    scene.move(1)
    assert scene.get(headers={"If-None-Match": known}).ids == ids(1, 3)


def test_a_page_is_for_the_agency_alone_to_keep(scene: Scene) -> None:
    scene.move(1)
    headers = scene.get().headers
    assert headers["cache-control"] == "private, no-cache"
    assert "Authorization" in headers["vary"]


def test_a_poll_is_answered_as_soon_as_something_comes(scene: Scene) -> None:
    scene.move(2)
    cursor, answers = scene.cursor(), []
    poll = threading.Thread(target=lambda: answers.append(scene.get(lastEventId=cursor, timeout=60_000, limit=1)))
    poll.start()
    until(lambda: bool(scene.feeds.waiting.of("tax")))
    scene.move(2)
    poll.join()
    assert answers[0].ids == ids(3, 3)


def test_a_poll_for_which_nothing_comes_is_answered_with_an_empty_page(scene: Scene) -> None:
    scene.move(1)
    answer = scene.get(lastEventId=scene.cursor(), timeout=50)
    assert (answer.status, answer.json) == (200, [])


def test_an_empty_feed_can_be_waited_for_from_its_very_beginning(scene: Scene) -> None:
    answers: list[Any] = []
    poll = threading.Thread(target=lambda: answers.append(scene.get(timeout=60_000)))
    poll.start()
    until(lambda: bool(scene.feeds.waiting.of("tax")))
    scene.move(1)
    poll.join()
    assert answers[0].ids == ids(1, 1)


def test_a_damaged_cursor_one_of_another_agency_and_one_behind_the_end_are_told_apart(scene: Scene) -> None:
    scene.move(1)
    event_id = scene.get().json[0]["id"]
    for bad in ("x", "%00", event_id, "A" * 400, scene.cursor()[:-1], "đ"):
        answer = scene.get(lastEventId=bad)
        assert (answer.status, answer.kind) == (400, "/problems/cursor-damaged"), bad
    for foreign in (cursor_of("land", 1), cursor_of("tax", 2), cursor_of("tax", 2**62)):
        answer = scene.get(lastEventId=foreign, timeout=60_000)
        assert (answer.status, answer.kind) == (400, "/problems/cursor-foreign")


class Forgetful(SqliteLog):
    """A log that has thrown its oldest records away, as Kafka does after the retention."""

    first = 0

    def scan(self, topic: str, after: int, limit: int) -> Sequence[Record]:
        """Scan what is left."""
        return super().scan(topic, max(after, self.first - 1), limit)


def test_a_cursor_whose_events_have_left_the_feed_is_told_from_all_others(tmp_path: Path) -> None:
    with a_hub(tmp_path / "hub") as hub, Forgetful(tmp_path / "hub" / "log.db") as log:
        hub.log = log
        with serving(hub, open_database(sqlite_url(tmp_path / "deliveries.db"))) as scene:
            scene.move(5)
            log.first = 4
            answer = scene.get(lastEventId=cursor_of("tax", 2))
            assert (answer.status, answer.kind) == (410, "/problems/cursor-too-old")
            assert scene.get("/feeds/tax/events", lastEventId=cursor_of("tax", 2)).kind == answer.kind
            assert scene.get(lastEventId=cursor_of("tax", 0)).kind == "/problems/cursor-too-old"
            assert scene.get(lastEventId=cursor_of("tax", 3)).ids == ids(4, 5)
            assert scene.get().ids == ids(4, 5)
            assert get(scene.url + answer.kind, {}).body.startswith(b"The cursor is too old (HTTP 410)")


def test_protection_of_today_hides_an_address_of_yesterday(scene: Scene) -> None:
    scene.move(1)
    assert "to_address" in scene.get().json[0]["data"]
    strict = {"level": "STRICT", "valid_from": "2025-08-06"}
    scene.hub.run(event("AddressProtectionChanged", "protect", strict, subject=person(1)))
    moved, protected = scene.get().json
    assert "to_address" not in moved["data"]
    assert "Đội Cấn" not in scene.get().body.decode()
    assert protected["type"] == "AddressProtectionChanged"


def test_what_a_bank_may_not_have_any_more_is_said_at_its_place_without_any_data(tmp_path: Path) -> None:
    with a_scene(tmp_path) as scene:
        scene.token = scene.tokens.new(Holder(AGENCY, "bank", None), "test", scene.clock.now)
        scene.hub.run(event("ConsentGranted", "granted", GRANT))
        scene.hub.run(event("DeathRegistered", "death", DEATH))
        before = scene.get("/feeds/bank")
        assert before.ids == ["granted", "death"]
        scene.hub.run(event("ConsentWithdrawn", "withdrawn", WITHDRAWAL))
        after = scene.get("/feeds/bank").json
        assert [item["type"] for item in after] == ["ConsentGranted", "vn.dancu.Withheld", "ConsentWithdrawn"]
        withheld = after[1]
        assert withheld["data"]["reason"] == "consent_withdrawn"
        assert "subject" not in withheld
        assert (withheld["sequence"], withheld["cursor"]) == (before.json[1]["sequence"], before.json[1]["cursor"])


def test_a_record_that_nobody_can_read_is_said_at_its_place_and_the_others_go_on(scene: Scene) -> None:
    scene.move(1)
    whole = scene.hub.topic(outbox("tax"))[0].message
    scene.hub.log.append(Outputs({outbox("tax"): [whole._replace(value=b"\0\0\0\0\1broken")]}))
    scene.move(1)
    items = scene.get().json
    assert [item["type"] for item in items] == ["ResidenceChanged", "vn.dancu.Unreadable", "ResidenceChanged"]
    assert [int(item["sequence"]) for item in items] == [1, 2, 3]
    assert "can't be read" in items[1]["data"]["detail"]


def test_whoever_watches_hears_what_was_read_and_how_old_that_was_the_first_time(scene: Scene) -> None:
    told: list[Happening] = []
    scene.feeds.parts = replace(scene.feeds.parts, observe=told.append)
    scene.move(3)
    scene.get(limit=2)
    scene.get()
    assert [(one.agency, one.events, len(one.latencies)) for one in told if isinstance(one, FeedRead)] == [
        ("tax", 2, 2),
        ("tax", 3, 1),
    ]
    assert all(age > 0 for one in told if isinstance(one, FeedRead) for age in one.latencies)
