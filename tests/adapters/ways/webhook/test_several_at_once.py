"""Several requests at once: kept connections, what becomes of the others when one fails, and batches taken apart."""

from __future__ import annotations

import time

import orjson
import pytest

from adapters.ways.webhook.pace import Pace
from hub.destination import Gone, Receipt, Unavailable
from tests.adapters.ways.webhook.receiver import Reply, Request, receiver
from tests.adapters.ways.webhook.sample import event, events, ids, posting_to


def test_connections_are_kept_and_used_again() -> None:
    with receiver() as endpoint, posting_to(endpoint, connections=4) as system:
        for _ in range(3):
            assert system.deliver(events(20)) == Receipt([])
        assert len(endpoint.posts) == 60
        assert len({request.port for request in endpoint.posts}) <= 4
        assert 1 < endpoint.most_at_once <= 4


def test_ten_requests_go_at_once_unless_told() -> None:
    with receiver() as endpoint, posting_to(endpoint) as system:
        system.deliver(events(60))
        assert len({request.port for request in endpoint.posts}) == 10


def test_with_one_connection_the_events_come_in_their_order() -> None:
    sent = events(20)
    with receiver() as endpoint, posting_to(endpoint, connections=1) as system:
        system.deliver(sent)
        assert endpoint.ids == ids(sent)


def test_a_closed_destination_makes_new_connections_when_it_is_used_again() -> None:
    with receiver() as endpoint, posting_to(endpoint) as system:
        system.deliver([event()])
        system.close()
        system.close()
        assert system.deliver([event()]) == Receipt([])


def test_each_rejected_event_is_named_and_the_others_are_taken() -> None:
    sent = events(30)
    bad = {sent[3].event_id: 422, sent[17].event_id: 400}
    with (
        receiver(lambda seen: Reply(bad.get(seen.headers["webhook-id"], 204))) as endpoint,
        posting_to(endpoint) as system,
    ):
        receipt = system.deliver(sent)
    assert {(one.event_id, one.error_class) for one in receipt.rejected} == {
        (sent[3].event_id, "http_422"),
        (sent[17].event_id, "http_400"),
    }


def test_one_event_that_gets_500_ends_the_call_only_after_all_others_were_tried() -> None:
    sent = events(40)
    poison = sent[0].event_id
    with receiver(lambda seen: Reply(500 if seen.headers["webhook-id"] == poison else 204)) as endpoint:
        with posting_to(endpoint) as system, pytest.raises(Unavailable, match="answered 500"):
            system.deliver(sent)
        assert sorted(endpoint.ids) == sorted(ids(sent))


def test_what_was_acknowledged_in_a_failed_call_is_not_posted_again_when_the_batch_comes_again() -> None:
    sent = events(40)
    down = {one.event_id for one in sent[5:8]}
    with (
        receiver(lambda seen: Reply(500 if seen.headers["webhook-id"] in down else 204)) as endpoint,
        posting_to(endpoint) as system,
    ):
        with pytest.raises(Unavailable):
            system.deliver(sent)
        endpoint.requests.clear()
        endpoint.answer = lambda _: Reply()
        assert system.deliver(sent) == Receipt([])
        assert sorted(endpoint.ids) == sorted(down)
        endpoint.requests.clear()
        assert system.deliver(sent) == Receipt([])
        assert sorted(endpoint.ids) == sorted(ids(sent))


def test_an_event_that_is_handed_out_alone_is_always_posted() -> None:
    sent = events(2)
    with (
        receiver(lambda seen: Reply(500 if seen.headers["webhook-id"] == sent[1].event_id else 204)) as endpoint,
        posting_to(endpoint) as system,
    ):
        with pytest.raises(Unavailable):
            system.deliver(sent)
        endpoint.requests.clear()
        endpoint.answer = lambda _: Reply(503)
        with pytest.raises(Unavailable, match="answered 503"):
            system.deliver(sent[:1])
        assert endpoint.ids == ids(sent[:1])


def test_an_endpoint_that_asks_for_a_pause_gets_one_at_once() -> None:
    with receiver(lambda _: Reply(429, headers={"Retry-After": "5"})) as endpoint:
        with posting_to(endpoint, connections=2) as system, pytest.raises(Unavailable) as outage:
            system.deliver(events(100))
        assert outage.value.retry_after == 5.0
        assert len(endpoint.posts) <= 2


def test_the_longest_pause_that_was_asked_for_counts() -> None:
    asked = iter(["5", "60", "7"])
    with (
        receiver(lambda _: Reply(500, headers={"Retry-After": next(asked)})) as endpoint,
        posting_to(endpoint, connections=1) as system,
        pytest.raises(Unavailable) as outage,
    ):
        system.deliver(events(3))
    assert outage.value.retry_after == 60.0


def test_an_endpoint_that_only_fails_is_given_up_before_the_whole_batch_was_tried() -> None:
    with receiver(lambda _: Reply(500)) as endpoint, posting_to(endpoint, connections=5) as system:
        with pytest.raises(Unavailable):
            system.deliver(events(300))
        assert len(endpoint.posts) <= 9


def test_after_410_nothing_more_is_posted() -> None:
    with receiver(lambda _: Reply(410)) as endpoint, posting_to(endpoint, connections=2) as system:
        with pytest.raises(Gone):
            system.deliver(events(50))
        assert len(endpoint.posts) <= 2


def batch_ids(request: Request) -> list[str]:
    return [one["id"] for one in orjson.loads(request.body)]


@pytest.mark.parametrize("connections", [1, 4])
def test_a_rejected_batch_is_taken_apart_until_the_events_to_blame_are_known(connections: int) -> None:
    sent = events(50)
    bad = {sent[7].event_id, sent[8].event_id, sent[49].event_id}

    def answer(seen: Request) -> Reply:
        return Reply(422, b"not so") if bad & set(batch_ids(seen)) else Reply()

    with receiver(answer) as endpoint:
        with posting_to(endpoint, format="batch", batch=25, connections=connections) as system:
            receipt = system.deliver(sent)
        taken = [name for request in endpoint.posts if answer(request).status == 204 for name in batch_ids(request)]
    assert {one.event_id for one in receipt.rejected} == bad
    assert sorted(taken) == sorted(set(ids(sent)) - bad)


def test_a_batch_that_is_too_large_for_the_endpoint_is_taken_apart() -> None:
    sent = events(16)
    with (
        receiver(lambda seen: Reply(413 if len(batch_ids(seen)) > 3 else 204)) as endpoint,
        posting_to(endpoint, format="batch") as system,
    ):
        assert system.deliver(sent) == Receipt([])


def test_a_pace_gives_every_request_its_place() -> None:
    pace = Pace(120)
    assert [pace.delay(100.0) for _ in range(4)] == [0.0, 0.5, 1.0, 1.5]
    assert pace.delay(500.0) == 0.0
    assert pace.delay(500.1) == pytest.approx(0.4)


def test_without_a_rate_nobody_waits() -> None:
    pace = Pace(None)
    assert [pace.delay(1.0) for _ in range(3)] == [0.0, 0.0, 0.0]


def test_the_rate_that_an_endpoint_allows_is_kept() -> None:
    with receiver() as endpoint, posting_to(endpoint) as system:
        endpoint.consent = lambda _: Reply(200, headers={"WebHook-Allowed-Origin": "*", "WebHook-Allowed-Rate": "6000"})
        started = time.monotonic()
        assert system.deliver(events(5)) == Receipt([])
        assert time.monotonic() - started >= 0.04  # five, a hundredth of a second apart
