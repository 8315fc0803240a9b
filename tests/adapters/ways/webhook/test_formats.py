"""Every format is read by the library of CloudEvents, not by our own code."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from cloudevents.core.formats.json import JSONFormat

from hub.destination import Event, Receipt
from tests.adapters.ways.webhook.receiver import Receiver, Reply, Request, receiver
from tests.adapters.ways.webhook.sample import event, events, ids, posting_to


def read(request: Request) -> BaseCloudEvent:
    return from_http_event(HTTPMessage(dict(request.headers), request.body))


def posted(endpoint: Receiver, sent: Event, **settings: Any) -> Request:
    with posting_to(endpoint, **settings) as system:
        assert system.deliver([sent]) == Receipt([])
    return endpoint.posts[-1]


@pytest.mark.parametrize("form", ["binary", "structured"])
def test_an_event_comes_whole(form: str) -> None:
    sent = event(previous_event_id="before", bulk_id="run-1", change="CORRECTED", unmatched=True)
    with receiver() as endpoint:
        found = read(posted(endpoint, sent, format=form))
    attributes = found.get_attributes()
    assert (found.get_id(), found.get_type(), found.get_source(), found.get_subject()) == (
        sent.event_id,
        sent.type,
        sent.source,
        sent.subject,
    )
    assert found.get_time() is not None
    assert found.get_time().isoformat() == "2026-11-20T00:00:00+00:00"  # type: ignore[union-attr]
    assert found.get_data() == sent.data
    texts = {name: str(value).lower() for name, value in attributes.items()}
    assert texts["legalbasis"] == sent.legal_basis.lower()
    assert (texts["purpose"], texts["change"], texts["previousid"]) == ("land-registration", "corrected", "before")
    assert (texts["bulkid"], texts["unmatched"], texts["factversion"]) == ("run-1", "true", "1")
    assert int(texts["sequence"]) == sent.sequence
    assert "replayed" not in texts


@pytest.mark.parametrize("form", ["binary", "structured"])
def test_an_event_that_is_sent_again_on_request_says_so_and_keeps_its_id(form: str) -> None:
    sent = event(replayed=True)
    with receiver() as endpoint:
        request = posted(endpoint, sent, format=form)
    assert str(read(request).get_attributes()["replayed"]).lower() == "true"
    assert request.headers["webhook-id"] == sent.event_id


def test_structured_is_the_format_unless_told() -> None:
    with receiver() as endpoint:
        request = posted(endpoint, event())
    assert request.headers["content-type"] == "application/cloudevents+json"


def test_a_batch_holds_as_many_events_as_agreed_in_their_order() -> None:
    sent = events(7)
    with receiver() as endpoint, posting_to(endpoint, format="batch", batch=3, connections=1) as system:
        assert system.deliver(sent) == Receipt([])
        assert {request.headers["content-type"] for request in endpoint.posts} == {"application/cloudevents-batch+json"}
        batches = [orjson.loads(request.body) for request in endpoint.posts]
    assert [len(batch) for batch in batches] == [3, 3, 1]
    found = [JSONFormat().read(None, orjson.dumps(one)) for batch in batches for one in batch]
    assert [one.get_id() for one in found] == ids(sent)
    assert [one.get_data() for one in found] == [one.data for one in sent]


def test_the_same_batch_has_the_same_id_and_another_one_has_another() -> None:
    sent = events(3)
    with receiver() as endpoint, posting_to(endpoint, format="batch") as system:
        system.deliver(sent)
        system.deliver(sent)
        system.deliver(sent[:2])
        first, second, third = endpoint.ids
    assert first == second != third
    assert first.startswith("batch_")


def test_a_batch_of_large_events_is_parted() -> None:
    sent = events(4, data={"detail": "Số 5, " * 40_000})
    with receiver() as endpoint, posting_to(endpoint, format="batch", connections=1) as system:
        assert system.deliver(sent) == Receipt([])
        assert [len(orjson.loads(request.body)) for request in endpoint.posts] == [1, 1, 1, 1]


@pytest.mark.parametrize("form", ["binary", "structured", "batch", "spdci"])
@pytest.mark.parametrize(
    "name", ["a b", "1.5", "50%", 'say "x"', "đổi-số", "two\nlines", "x: y\r\nz", "~", "a" * 200, "./../"]
)
def test_ids_of_any_letters_reach_the_receiver(form: str, name: str) -> None:
    sent = event(event_id=name, fact_id=name)
    ack = orjson.dumps({"message": {"ack_status": "ACK"}})
    with receiver(lambda _: Reply(200, ack)) as endpoint:
        request = posted(endpoint, sent, format=form)
    assert "." not in request.headers["webhook-id"]
    if form == "batch":
        assert orjson.loads(request.body)[0]["id"] == name
    elif form == "spdci":
        assert orjson.loads(request.body)["message"]["notify_event"][0]["reference_id"] == name
    else:
        assert read(request).get_id() == name
        assert read(request).get_attributes()["factid"] == name


def test_an_annulment_has_no_data() -> None:
    with receiver() as endpoint:
        found = read(posted(endpoint, event(change="ANNULLED", data={}), format="binary"))
    assert found.get_data() == {}
