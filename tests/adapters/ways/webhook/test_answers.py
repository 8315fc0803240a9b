"""What each answer of an endpoint means: taken, rejected, away, or no more."""

from __future__ import annotations

import time
from email.utils import formatdate
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.ways.webhook.excerpt import excerpt
from adapters.ways.webhook.verdict import retry_after
from hub.destination import Event, Gone, Receipt, Rejection, Unavailable
from tests.adapters.ways.webhook.receiver import Reply, receiver
from tests.adapters.ways.webhook.sample import event, posting_to

NOW = 1_800_000_000.0


def delivered(reply: Reply, sent: Event | None = None, **settings: Any) -> Receipt:
    """Post one event to an endpoint that answers so."""
    with receiver(lambda _: reply) as endpoint, posting_to(endpoint, **settings) as system:
        return system.deliver([sent or event()])


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_every_2xx_is_an_acknowledgement(status: int) -> None:
    assert delivered(Reply(status)) == Receipt([])


@pytest.mark.parametrize("status", [400, 409, 413, 415, 422])
def test_a_status_about_the_event_rejects_it(status: int) -> None:
    sent = event()
    receipt = delivered(Reply(status, b'{"detail": "no such title"}'), sent)
    assert receipt == Receipt([Rejection(sent.event_id, f"http_{status}", '{"detail": "no such title"}')])


@pytest.mark.parametrize(
    "status",
    [300, 301, 302, 303, 304, 307, 308, 401, 402, 403, 404, 405, 407, 408, 418, 421, 425, 429, 500, 502, 503, 504, 599],
)
def test_every_other_status_is_an_outage(status: int) -> None:
    with pytest.raises(Unavailable, match=f"answered {status}") as outage:
        delivered(Reply(status, b"try later" if status != 304 else b""))
    assert not isinstance(outage.value, Gone)
    assert ("try later" in str(outage.value)) == (status >= 400)


def test_410_means_that_the_agency_wants_no_more() -> None:
    with pytest.raises(Gone, match="wants no more events"):
        delivered(Reply(410))


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    with receiver() as other, receiver(lambda _: Reply(status, headers={"Location": other.url})) as endpoint:
        with posting_to(endpoint) as system, pytest.raises(Unavailable, match="put the new URL into the agreement"):
            system.deliver([event()])
        assert other.requests == []


@pytest.mark.parametrize(
    "page", [b"<!DOCTYPE html><html>maintenance</html>", b"\xef\xbb\xbf\r\n  <HTML lang='vi'>", b"\n<!doctype HTML>"]
)
def test_a_web_page_is_no_acknowledgement_whatever_its_status(page: bytes) -> None:
    with pytest.raises(Unavailable, match="answered 200 with a web page"):
        delivered(Reply(200, page, {"Content-Type": "text/html"}))


@pytest.mark.parametrize("body", [b"", b"ok", b"<ok/>", b'{"error": "ignored"}'])
def test_what_is_no_web_page_counts_even_when_a_framework_calls_it_html(body: bytes) -> None:
    assert delivered(Reply(200, body, {"Content-Type": "text/html; charset=utf-8"})) == Receipt([])


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        (" 30 ", 30.0),
        ("0", 1.0),
        ("3601", 3600.0),
        ("9" * 400, 3600.0),
        (formatdate(NOW + 90, usegmt=True), 90.0),
        (formatdate(NOW - 90, usegmt=True), 1.0),
        (formatdate(NOW + 10**8, usegmt=True), 3600.0),
        ("Sun, 06 Nov 1994 08:49:37", 1.0),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("٣", None),
        ("Fri, 99 Foo 2026 99:99:99 GMT", None),
        (None, None),
    ],
)
def test_retry_after_is_respected_between_a_second_and_an_hour(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, NOW) == seconds


@pytest.mark.parametrize("status", [429, 503, 500])
def test_the_loop_is_told_how_long_the_agency_wants_to_be_left_alone(status: int) -> None:
    with pytest.raises(Unavailable) as outage:
        delivered(Reply(status, headers={"Retry-After": "120"}))
    assert outage.value.retry_after == 120.0


def test_a_date_in_retry_after_is_understood() -> None:
    with pytest.raises(Unavailable) as outage:
        delivered(Reply(503, headers={"Retry-After": formatdate(time.time() + 7200, usegmt=True)}))
    assert outage.value.retry_after == 3600.0


def test_an_answer_that_repeats_the_event_is_kept_without_anything_of_the_person() -> None:
    sent = event()
    body = orjson.dumps({"detail": "no title", "of": sent.data, "person": sent.subject, "old": "012345678"})
    [rejection] = delivered(Reply(422, body), sent).rejected
    assert "no title" in rejection.message
    for value in (sent.subject, "Nguyễn", "Thị", "Lệ", "Lê Lợi", "2026-11-20", "012345678", "26740"):
        assert value not in rejection.message


@pytest.mark.parametrize(
    "said",
    [
        "NGUYỄN THỊ LỆ lives there",
        '{"name": "Nguy\\u1ec5n", "number": "079090000042"}',
        "person079090000042unknown",
        "no such person: 079090000042",
        "Nguyễn\tThị\nLệ",
        "NGUYEN THI LE, 42 Duong Le Loi",
        "Nguy&#7877;n Th&#7883; L&#7879;",
        "name=Nguy%E1%BB%85n&number=079090000042",
        "Nguye\u0302\u0303n Thi\u0323",
        "x_Nguyễn_x",
    ],
)
def test_names_and_numbers_are_hidden_however_they_are_written(said: str) -> None:
    found = excerpt(said.encode(), [event(42)])
    assert "•••" in found
    for value in ("079090000042", "nguy", "thị", "lệ", "loi"):
        assert value not in found.lower()


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=30), st.text(min_size=2, max_size=30), st.text(max_size=30))
def test_no_value_survives_in_any_surroundings(before: str, value: str, after: str) -> None:
    words = " ".join(value.split())
    found = excerpt(f"{before} {value} {after}".encode("utf-8", "replace"), [event(data={"detail": value})])
    if len(words) >= 5 and words.isalnum() and words.isascii():
        assert words not in found


def test_what_was_cut_off_in_the_middle_of_a_number_is_not_shown() -> None:
    assert excerpt(b"bad" + b" " * 8178 + b"07909000004", [event(42)]) == "bad"


def test_the_values_of_a_large_batch_are_all_hidden() -> None:
    many = [event(data={"name": f"Tên {n}", "detail": f"Số {n}, đường {n}"}) for n in range(1000)]
    found = excerpt(b"Ten 7 and Ten 999 are bad " * 300, many)
    assert "Ten 7" not in found
    assert "are bad" in found


def test_an_excerpt_is_one_short_line() -> None:
    found = excerpt(b"line\r\n\x1b[31m one\x00 " + b"word " * 1000, [])
    assert len(found) == 500
    assert found.isprintable()
    assert found.startswith("line [31m one word")


def test_bytes_that_are_no_text_are_shown_as_far_as_they_go() -> None:
    assert excerpt(b"\xff\xfe bad \\ud800 \\u0007 gateway", []) == "\ufffd\ufffd bad gateway"


def test_a_rejection_that_says_nothing_is_still_a_sentence() -> None:
    [rejection] = delivered(Reply(400)).rejected
    assert rejection.message == "answered 400 and says nothing more"


def reply(**message: object) -> Reply:
    return Reply(200, orjson.dumps({"message": message}), {"Content-Type": "application/json"})


def test_spdci_acknowledges_with_ack() -> None:
    assert delivered(reply(ack_status="ACK", correlation_id="1"), format="spdci") == Receipt([])
    bare = Reply(202, orjson.dumps({"ack_status": "ACK"}))
    assert delivered(bare, format="spdci") == Receipt([])


def test_spdci_rejects_with_nack() -> None:
    sent = event()
    answer = reply(ack_status="NACK", error={"code": "rjct.reference_id.invalid", "message": f"for {sent.subject}"})
    [rejection] = delivered(answer, sent, format="spdci").rejected
    assert (rejection.event_id, rejection.error_class) == (sent.event_id, "spdci_nack")
    assert "rjct.reference_id.invalid" in rejection.message
    assert sent.subject not in rejection.message


@pytest.mark.parametrize(
    "answer", [reply(ack_status="ERR"), reply(), Reply(204), Reply(200, b"[]"), Reply(200, b'{"message": 1}')]
)
def test_spdci_that_errs_or_does_not_acknowledge_is_an_outage(answer: Reply) -> None:
    with pytest.raises(Unavailable, match="ack_status"):
        delivered(answer, format="spdci")
