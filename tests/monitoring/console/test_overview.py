"""What the first page says, and that many who look at it cost one look."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
import pytest
from bs4 import BeautifulSoup

from deploy.bootstrap import now_ms
from hub.activity import MINUTE, Activity, Kind
from monitoring.connections import Connection, Party, State
from monitoring.console.attention import concerns_of, shortened
from monitoring.console.outlook import Outlook, quantile
from monitoring.console.shared import SharedPart
from monitoring.console.visitor import Visitor
from monitoring.integrity import Checked
from monitoring.recording import BUCKETS
from monitoring.status import Status
from monitoring.words import Words
from tests.monitoring.console.own_hub import Browser, OwnHub, open_own_hub
from tests.monitoring.scene import an_event


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnHub]:
    """A hub in which tax has parked an event, and something happened a minute ago."""
    with open_own_hub(tmp_path_factory.mktemp("overview") / "home") as own:
        event = an_event()
        own.scene.run(event)
        own.scene.deliver("tax", event["id"])
        now = now_ms() - 2 * MINUTE * 1000
        Activity(own.scene.hub.deliveries_db).add(
            {(Kind.TYPE, "DeathRegistered", now): 1200, (Kind.LATENCY, "0.5", now): 98, (Kind.LATENCY, "30", now): 2}
        )
        yield own


@pytest.fixture(scope="module")
def browser(own: OwnHub) -> Browser:
    """Somebody who may act."""
    return own.browser()


def page(browser: Browser, path: str = "/console") -> BeautifulSoup:
    """Return a page that is there."""
    answer = browser.get(path)
    assert answer.status_code == 200
    return BeautifulSoup(answer.text, "html.parser")


def test_it_counts_what_the_commands_count(own: OwnHub, browser: Browser) -> None:
    shown = [one["data-value"] for one in page(browser).select(".figure dd[data-value]")]
    status = own.scene.status()
    pending = sum(one.pending for one in status.agencies.values())
    assert shown[1] == str(status.received)
    assert shown[-3:] == [str(status.undecided), str(pending), "1"]


def test_todays_events_and_latency_come_from_what_was_counted(browser: Browser) -> None:
    found = page(browser)
    assert found.select_one('tr[data-type="DeathRegistered"] [data-value="1200"]')
    p50, p99 = (one["data-value"] for one in found.select(".figure dd[data-value]")[2:4])
    assert 0.25 < float(str(p50)) < 0.5
    assert 10 < float(str(p99)) <= 30


def test_what_needs_attention_leads_to_where_it_is_repaired(browser: Browser) -> None:
    parked = page(browser).select_one('li[data-kind="parked"][data-agency="tax"]')
    assert parked is not None
    assert parked["data-value"] == "1"
    link = parked.select_one("a")
    assert link is not None
    assert browser.get(str(link["href"])).status_code == 200


def test_every_sector_with_a_target_stands_there_in_words(browser: Browser) -> None:
    row = page(browser, "/console?lang=en").select_one('tr[data-sector="locality"]')
    assert row is not None
    assert [cell["data-value"] for cell in row.select("[data-value]")][:2] == ["0", "63"]
    assert "Localities" in row.text
    assert page(browser).select_one('tr[data-sector="health_facility"]') is None


def test_the_curves_are_columns_of_one_length(browser: Browser) -> None:
    at, events, seconds = orjson.loads(browser.get("/console/data/activity").content)["columns"]
    assert len(at) == len(events) == len(seconds) == 180
    assert at == sorted(at)
    assert max(events) == 1200
    assert [one for one in seconds if one is not None] == [pytest.approx(0.3776, abs=0.01)]


def test_a_browser_that_has_the_figures_is_only_told_so(own: OwnHub, browser: Browser) -> None:
    first = browser.get("/console/parts/overview")
    same = browser.client.get("/console/parts/overview", headers={"If-None-Match": first.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    assert first.headers["cache-control"] == "private, no-cache"
    assert "lan" not in BeautifulSoup(first.text, "html.parser").text.split()


def test_fifty_consoles_make_a_part_once_per_language_and_role() -> None:
    made: list[tuple[str, str, str]] = []

    def make(visitor: Visitor) -> str:
        made.append((visitor.lang, visitor.role, visitor.name + visitor.csrf))
        return "<p>x</p>"

    part = SharedPart(make, 60)
    for n in range(50):
        assert part.html(Visitor(f"who{n}", "viewer", "en" if n % 2 else "vi", "secret")) == "<p>x</p>"
    assert sorted(made) == [("en", "viewer", ""), ("vi", "viewer", "")]


def connection(agency: str, state: State, **more: int) -> Connection:
    """Return a connection in a state."""
    party = Party(agency, agency, agency, "ministry", "sql")
    why = "it answered 500" if state is State.FAILING else None
    return Connection(party, state, 1, 1, 1, more.get("pending", 0), more.get("parked", 0), why)


def test_everything_that_needs_attention_is_named_the_worst_first() -> None:
    status = Status(9, {}, {}, {}, {}, 0, undecided=4)
    connections = [
        connection("tax", State.CONNECTED, parked=3),
        connection("land", State.FAILING, pending=7),
        connection("bank", State.SUSPENDED),
        connection("welfare", State.SILENT),
        connection("insurance", State.NEVER_CONNECTED),
    ]
    late = [(Words("Khai tử", "Death"), 2)]
    outlook = Outlook([Quiet()], late, {"deceased_card_used": 1, "device_silent": 5}, Checked(intact=False))
    found = concerns_of(status, connections, outlook)
    assert [(one.kind, one.tone, one.agency, one.count) for one in found] == [
        ("failing", "bad", "land", None),
        ("suspended", "bad", "bank", None),
        ("parked", "bad", "tax", 3),
        ("audit", "bad", None, None),
        ("edge", "bad", None, 1),
        ("silent", "warn", "welfare", None),
        ("pending", "warn", "land", 7),
        ("edge", "warn", None, 5),
        ("late", "warn", None, 2),
        ("silent_feed", "warn", None, None),
        ("undecided", "warn", None, 4),
    ]
    assert all(one.text.vi != one.text.en and one.href.startswith("/console") for one in found)


class Quiet:
    """A feed that should have spoken."""

    feed, last_at, silent = "source:/registers/civil-status/01", 5, True


def test_many_of_a_kind_are_told_as_a_number_that_leads_to_all_of_them() -> None:
    status = Status(9, {}, {}, {}, {}, 0)
    found = concerns_of(status, [connection(f"p{n}", State.SILENT) for n in range(9)], Outlook())
    short = shortened(found)
    assert [one.agency for one in short] == ["p0", "p1", "p2", "p3", None]
    assert (short[-1].count, short[-1].href) == (5, "/console/connections?state=silent")
    assert shortened(found[:5]) == found[:5]


def test_a_hub_that_is_well_asks_for_nothing() -> None:
    assert concerns_of(Status(9, {}, {}, {}, {}, 0), [connection("tax", State.CONNECTED)], Outlook()) == []


@pytest.mark.parametrize(
    ("counts", "share", "seconds"),
    [
        ({}, 0.5, None),
        ({"0.1": 4}, 0.5, 0.05),
        ({"0.1": 1, "10": 1}, 0.5, 0.1),
        ({"0.1": 1, "10": 1}, 0.99, 9.9),
        ({"+Inf": 5}, 0.5, 86400),
    ],
)
def test_a_quantile_is_where_prometheus_would_see_it(
    counts: dict[str, int], share: float, seconds: float | None
) -> None:
    found = quantile([counts.get(bucket, 0) for bucket in BUCKETS], share)
    assert found == (None if seconds is None else pytest.approx(seconds))
