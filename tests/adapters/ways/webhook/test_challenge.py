"""An endpoint is asked whether it wants the events, before the first of them; its consent is kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.ways.webhook.system import open_system
from hub.audit import entries_of
from hub.contacts.endpoints import Consent, Endpoints
from hub.database import open_database, reading, sqlite_url
from hub.deliveries.tables import metadata
from hub.destination import Receipt, Unavailable
from tests.adapters.ways.webhook.receiver import ALLOWED, Reply, receiver
from tests.adapters.ways.webhook.sample import event, land, place, posting_to


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    """The database of the deliveries."""
    url = sqlite_url(tmp_path / "deliveries.db")
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    engine = open_database(url)
    metadata.create_all(engine)
    yield engine
    engine.dispose()


def allowing(**headers: str) -> Reply:
    return Reply(200, headers={name.replace("_", "-"): text for name, text in headers.items()})


def test_the_endpoint_is_asked_before_its_first_event_and_only_then() -> None:
    with receiver() as endpoint, posting_to(endpoint, origin="hub.dancu.example") as system:
        endpoint.consent = lambda seen: allowing(WebHook_Allowed_Origin=seen.headers["webhook-request-origin"])
        system.deliver([event()])
        system.deliver([event()])
        assert [request.method for request in endpoint.requests] == ["OPTIONS", "POST", "POST"]
        assert {request.headers["webhook-request-origin"] for request in endpoint.requests} == {"hub.dancu.example"}


def test_a_call_without_events_asks_too_so_that_a_new_agency_is_ready() -> None:
    with receiver() as endpoint, posting_to(endpoint) as system:
        assert system.deliver([]) == Receipt()
        assert [request.method for request in endpoint.requests] == ["OPTIONS"]


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(200), "without the header WebHook-Allowed-Origin"),
        (Reply(405), "answered OPTIONS with 405"),
        (Reply(302, headers={"Location": "/", "WebHook-Allowed-Origin": "*"}), "answered OPTIONS with 302"),
        (Reply(500, headers={"WebHook-Allowed-Origin": "*"}), "answered OPTIONS with 500"),
        (allowing(WebHook_Allowed_Origin="other.example"), "allows another origin than dancu-hub: other.example"),
        (allowing(WebHook_Allowed_Origin=""), "allows another origin"),
        (allowing(WebHook_Allowed_Origin="*", WebHook_Allowed_Rate="0"), "WebHook-Allowed-Rate is no whole number"),
        (allowing(WebHook_Allowed_Origin="*", WebHook_Allowed_Rate="many"), "WebHook-Allowed-Rate is no whole number"),
    ],
)
def test_without_consent_nothing_is_posted(reply: Reply, words: str) -> None:
    with receiver() as endpoint, posting_to(endpoint) as system:
        endpoint.consent = lambda _: reply
        with pytest.raises(Unavailable) as outage:
            system.deliver([event()])
        assert str(outage.value).startswith("endpoint not verified: 127.0.0.1:")
        assert words in str(outage.value)
        assert str(outage.value).endswith("dancu agency verify land")
        assert endpoint.posts == []
        endpoint.consent = lambda _: ALLOWED
        assert system.deliver([event()]) == Receipt([])


@pytest.mark.parametrize("origin", ["*", "dancu-hub", "DANCU-Hub", " * "])
def test_consent_is_for_this_origin_or_for_all(origin: str) -> None:
    with receiver() as endpoint, posting_to(endpoint) as system:
        endpoint.consent = lambda _: allowing(WebHook_Allowed_Origin=origin)
        assert system.deliver([event()]) == Receipt([])


def test_a_consent_is_kept_with_its_rate_over_a_restart(engine: sa.Engine) -> None:
    endpoints = Endpoints(engine)
    with receiver() as endpoint:
        endpoint.consent = lambda _: allowing(WebHook_Allowed_Origin="*", WebHook_Allowed_Rate="60000")
        for _ in range(2):
            system = open_system(land(endpoint.url), place(endpoints))
            assert system.deliver([event()]) == Receipt([])
            system.close()
        assert [request.method for request in endpoint.requests] == ["OPTIONS", "POST", "POST"]
        consent = endpoints.consent("land", endpoint.url)
        assert consent is not None
        assert consent.allowed_rate == 60_000


def test_a_changed_url_is_asked_anew(engine: sa.Engine) -> None:
    endpoints = Endpoints(engine)
    with receiver() as old, receiver() as new:
        for endpoint in (old, new, old):
            system = open_system(land(endpoint.url), place(endpoints))
            system.deliver([event()])
            system.close()
        assert [request.method for request in old.requests] == ["OPTIONS", "POST", "OPTIONS", "POST"]
        assert [request.method for request in new.requests] == ["OPTIONS", "POST"]
        assert endpoints.consent("land", new.url) is None
        assert endpoints.consent("bank", old.url) is None


def test_a_consent_is_in_the_audit_trail_with_who_asked_for_it(engine: sa.Engine) -> None:
    endpoints = Endpoints(engine)
    with receiver() as endpoint:
        system = open_system(land(endpoint.url), place(endpoints))
        system.deliver(())
        assert system.verify("an operator").agreed
        system.close()
    with reading(engine) as connection:
        found = [(one.entry.by, one.entry.action, one.entry.subject) for one in entries_of(connection)]
    assert found == [("dancu", "endpoint.verified", "land"), ("an operator", "endpoint.verified", "land")]


def test_a_later_consent_takes_the_place_of_an_earlier_one(engine: sa.Engine) -> None:
    endpoints = Endpoints(engine)
    endpoints.keep("land", Consent("https://a.example/", 1, 60), "dancu")
    endpoints.keep("land", Consent("https://a.example/", 2), "dancu")
    assert endpoints.consent("land", "https://a.example/") == Consent("https://a.example/", 2)
