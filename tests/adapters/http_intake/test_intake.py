"""`dancu intake` from the outside: the three modes, refusals, and answers that say what became of each event."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from http import HTTPStatus
from typing import Any

import httpx2
import orjson
from cloudevents.core.bindings.http import HTTPMessage, to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

from adapters.http_intake.modes import BATCH, MOST, STRUCTURED
from hub import headers as h
from hub.intake.admit import LONGEST
from hub.topics import RECEIVED, REFUSED
from tests.adapters.http_intake.serving import Intake, started
from tests.commands import Dancu, applied, received_ids, terminate, topic
from tests.deploy.sample import TAKE_DEATHS, TAKE_MOVES, death, move, person

BINARY = {"content-type": "application/json"}


def of_sdk(event: dict[str, Any]) -> CloudEvent:
    """Return an event as the CloudEvents SDK holds it."""
    attributes = {name: value for name, value in event.items() if name != "data"}
    return CloudEvent(attributes | {"time": datetime.fromisoformat(event["time"])}, event["data"])


def send(intake: Intake, message: HTTPMessage) -> dict[str, Any]:
    reply = intake.post(message.body, message.headers)
    assert reply.status == 202, reply
    told: dict[str, Any] = reply.json
    return told


def test_events_in_all_modes_of_the_sdk_are_taken_and_delivered(dancu: Dancu, intake: Intake) -> None:
    one = {"accepted": 1, "refused": [], "duplicates": 0}
    assert send(intake, to_structured_event(of_sdk(move(1)))) == one
    assert send(intake, to_binary_event(of_sdk(move(2)))) == one
    bodies = [to_structured_event(of_sdk(event)).body for event in (death(3), death(4))]
    batch = HTTPMessage({"content-type": BATCH + "; charset=UTF-8"}, b"[" + b",".join(bodies) + b"]")
    assert send(intake, batch) == one | {"accepted": 2}
    assert terminate(intake.process) == 0
    dancu.run_until_idle()
    for agency in TAKE_MOVES:
        assert applied(dancu.home, agency)[:2] == ["move-1-1", "move-2-1"]
    for agency in TAKE_DEATHS:
        assert applied(dancu.home, agency)[-2:] == ["death-3", "death-4"]


def test_an_event_is_the_same_in_every_mode(dancu: Dancu, intake: Intake) -> None:
    events = [move(1, id=f"e{n}") for n in range(3)]
    send(intake, to_structured_event(of_sdk(events[0])))
    send(intake, to_binary_event(of_sdk(events[1])))
    assert intake.batch(events[2]).status == 202
    records = topic(dancu.home, RECEIVED)
    headers = [{**record.headers, h.ID: ""} for record in records]
    assert headers[0] == headers[1] == headers[2]
    values = [record.value.replace(b"e%d" % n, b"") for n, record in enumerate(records)]
    assert values[0] == values[1] == values[2]


def test_an_annulment_in_binary_mode_has_no_body(dancu: Dancu, intake: Intake) -> None:
    annulled = move(1, 2, change="ANNULLED", previousid="move-1-1", factid="fact-move-1-1") | {"data": None}
    send(intake, to_structured_event(of_sdk(move(1))))
    message = to_binary_event(of_sdk(annulled))
    assert message.body == b""
    send(intake, message)
    bare = {name: value for name, value in message.headers.items() if name != "content-type"}
    assert intake.post(b"", {**bare, "ce-id": "again"}).json["accepted"] == 1
    assert received_ids(dancu.home) == ["move-1-1", "move-1-2", "again"]


def test_what_is_refused_is_listed_kept_whole_and_seen_in_status(dancu: Dancu, intake: Intake) -> None:
    bad = death(2, change="CEASED")
    reply = intake.batch(move(1), bad, {"no": "event"}, move(3))
    assert (reply.status, reply.json["accepted"], reply.json["duplicates"]) == (202, 2, 0)
    assert [(r["index"], r["id"], r["reason"]) for r in reply.json["refused"]] == [
        (1, "death-2", "forbidden_change"),
        (2, None, "unknown_type"),
    ]
    assert [orjson.loads(record.value) for record in topic(dancu.home, REFUSED)] == [bad, {"no": "event"}]
    assert dancu.status()["refused"] == {"forbidden_change": 1, "unknown_type": 1}
    assert received_ids(dancu.home) == ["move-1-1", "move-3-1"]


def test_a_request_of_which_nothing_is_taken_is_answered_with_422_and_the_reasons(intake: Intake) -> None:
    reply = intake.structured(death(2, subject="000000000000"))
    assert reply.status == 422
    assert reply.headers["content-type"] == "application/problem+json"
    assert (reply.json["status"], reply.json["title"]) == (422, HTTPStatus(422).phrase)
    assert [(r["index"], r["id"], r["reason"]) for r in reply.json["refused"]] == [(0, "death-2", "impossible_number")]
    assert "000000000000" not in str(reply.json)


NO_JSON = [
    (STRUCTURED, b'{"specversion":"1.0",'),
    (STRUCTURED, b""),
    (STRUCTURED, b"\xff\xfe{}"),
    (BATCH, b'[{"specversion":"1.0"},'),
    (BATCH, orjson.dumps(move(1))),
]


def test_what_is_no_json_is_answered_with_400_and_kept_as_it_came(dancu: Dancu, intake: Intake) -> None:
    for kind, body in NO_JSON:
        reply = intake.post(body, {"content-type": kind})
        assert reply.status == 400, reply
        assert len(reply.json["refused"]) == 1
    assert [record.value for record in topic(dancu.home, REFUSED)] == [body for _, body in NO_JSON]
    assert received_ids(dancu.home) == []


def test_a_body_in_binary_mode_can_not_pass_for_attributes(dancu: Dancu, intake: Intake) -> None:
    headers = to_binary_event(of_sdk(move(1))).headers
    body = b'{"moved_on":"2025-10-01"},"source":"/registers/identity"'
    reply = intake.post(body, headers)
    assert (reply.status, reply.json["refused"][0]["reason"]) == (400, "not_json")
    kept = topic(dancu.home, REFUSED)[0].value
    assert kept.startswith(b"ce-")
    assert kept.endswith(b"\r\n\r\n" + body)


def test_the_same_event_again_is_a_duplicate_and_safe(dancu: Dancu, intake: Intake) -> None:
    assert intake.batch(move(1), move(2), move(1)).json == {"accepted": 2, "refused": [], "duplicates": 1}
    assert intake.batch(move(2), move(3)).json == {"accepted": 1, "refused": [], "duplicates": 1}
    assert intake.structured(move(3)).json == {"accepted": 0, "refused": [], "duplicates": 1}
    dancu.run_until_idle()
    assert applied(dancu.home, "tax") == ["move-1-1", "move-2-1", "move-3-1"]


def test_media_types_and_sizes_that_are_not_taken_are_said_and_leave_nothing(dancu: Dancu, intake: Intake) -> None:
    body = orjson.dumps(move(1))
    for headers in (
        {"content-type": "application/json"},  # no ce- headers: neither mode
        {"content-type": "text/xml", "ce-id": "1"},
        {"content-type": STRUCTURED + "; charset=latin-1"},
        {"content-type": STRUCTURED, "content-encoding": "gzip"},
    ):
        reply = intake.post(body, headers)
        assert reply.status == 415, headers
        assert reply.headers["content-type"] == "application/problem+json"
    assert intake.post(b" " * (LONGEST + 1), {"content-type": STRUCTURED}).status == 413
    assert intake.post(orjson.dumps([{}] * (MOST + 1)), {"content-type": BATCH}).status == 413
    assert topic(dancu.home, REFUSED) == topic(dancu.home, RECEIVED) == []
    assert intake.batch().json == {"accepted": 0, "refused": [], "duplicates": 0}


def test_a_body_of_unknown_length_is_cut_off_where_it_is_too_long(intake: Intake) -> None:
    pieces = (b" " * 65536 for _ in range(20))
    reply = httpx2.post(f"http://127.0.0.1:{intake.port}/events", content=pieces, headers={"content-type": STRUCTURED})
    assert reply.status_code == 413


def test_other_paths_and_methods_are_answered_in_the_same_form(intake: Intake) -> None:
    with httpx2.Client(base_url=f"http://127.0.0.1:{intake.port}") as client:
        answers = [client.get("/events"), client.get("/docs"), client.post("/"), client.options("/events")]
        assert [answer.status_code for answer in answers] == [405, 404, 404, 405]
        assert {answer.headers["content-type"] for answer in answers} == {"application/problem+json"}
        described = client.get("/openapi.json").json()
    assert list(described["paths"]) == ["/events", "/edge/enrol", "/edge/rotate", "/edge/events"]
    assert set(described["paths"]["/events"]["post"]["requestBody"]["content"]) == {
        STRUCTURED,
        BATCH,
        "application/json",
    }


def test_200_requests_at_once_get_each_its_own_answer(dancu: Dancu, intake: Intake) -> None:
    def offer(number: int) -> tuple[int, Any]:
        event = death(number, change="CEASED") if number % 10 == 0 else move(number)
        reply = intake.structured(event)
        return reply.status, reply.json

    with ThreadPoolExecutor(200) as senders:
        answers = list(senders.map(offer, range(200)))
    for number, (status, told) in enumerate(answers):
        if number % 10 == 0:
            assert (status, told["refused"][0]["id"]) == (422, f"death-{number}")
        else:
            assert (status, told) == (202, {"accepted": 1, "refused": [], "duplicates": 0})
    assert sorted(received_ids(dancu.home)) == sorted(f"move-{n}-1" for n in range(200) if n % 10)
    assert dancu.status()["refused"] == {"forbidden_change": 20}


def test_an_intake_that_is_told_to_stop_answers_what_it_has_begun(dancu: Dancu) -> None:
    with started(dancu) as intake, closing(intake.connection()) as begun:
        body = orjson.dumps(move(1))
        begun.putrequest("POST", "/events")
        begun.putheader("content-type", STRUCTURED)
        begun.putheader("content-length", str(len(body)))
        begun.endheaders(body[:10])
        assert intake.structured(move(2)).status == 202
        intake.process.terminate()
        begun.send(body[10:])
        answer = begun.getresponse()
        assert answer.status == 202
        assert orjson.loads(answer.read())["accepted"] == 1
        assert intake.process.wait(timeout=20) == 0
    assert sorted(received_ids(dancu.home)) == ["move-1-1", "move-2-1"]


def test_no_personal_number_gets_into_what_the_intake_says(dancu: Dancu, intake: Intake) -> None:
    for event in (move(1), move(2, source="?"), move(3, factid=person(3) + "\x07"), {person(4): 1}):
        intake.structured(event)
    intake.post(b"{" + person(5).encode(), {"content-type": STRUCTURED})
    intake.post(b"", {f"ce-{person(6)}": "\xff"} | BINARY)
    assert terminate(intake.process) == 0  # what it said is looked through when it has ended
