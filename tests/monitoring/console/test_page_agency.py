"""One agency on a page: its agreement and its feed, and the steps of an operator, audited as the commands do it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from hub.access import AGENCY, Holder, Tokens
from hub.activity.kind import Kind
from hub.activity.store import Activity
from hub.contacts import Contacts, Rewinds
from hub.cursors import cursor_of
from tests.deploy.sample import death, move
from tests.monitoring.console.workbench import Bench, a_bench

SHIPPED = Path(__file__).parents[3] / "deploy" / "agreements"
LAND, TAX = "/console/agencies/land", "/console/agencies/tax"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A hub with nothing in it."""
    with a_bench(tmp_path / "home") as bench:
        yield bench


def test_the_page_shows_the_agreement_the_feed_and_what_was_tried(bench: Bench) -> None:
    bench.scene.run(death(1), death(2), death(3))
    bench.scene.deliver("land", "death-2")
    now = bench.hub.log.scan("outbox.land", 0, 1)[0].at
    Activity(bench.hub.deliveries_db).add({(Kind.DELIVERED, "land", now): 2})
    token = Tokens(bench.hub.deliveries_db).new(Holder(AGENCY, "land", None), "lan", now)
    page = bench.get("an", LAND)
    assert page.code == 200
    agreement = page.at("#agreement").get_text(" ")
    assert "Land Law" in agreement
    assert "land-registration" in agreement
    assert "died_on" in agreement, "the fields that it sees"
    assert [page.number(f".figure:nth-of-type({n}) dd") for n in (1, 2, 3)] == [2, 0, 1]
    feed = page.at("#feed")
    assert cursor_of("land", 3) in feed.get_text()
    assert "2" in str(feed.select("td.num")[2].get_text())
    assert [str(one.get_text()) for one in page.page.select("#taken tbody a")] == ["death-3", "death-1"]
    assert [str(one.get_text()) for one in page.page.select("#kept tbody a")] == ["death-2"]
    assert page.number("#failures h2 small") == 1
    assert token.split("_")[1] in page.at("#tokens").get_text()
    assert token not in page.response.text
    assert "001090012345" not in page.response.text
    assert bench.get("an", "/console/agencies/police").code == 404


def test_suspend_and_resume_are_audited_as_the_commands_do_it(bench: Bench) -> None:
    page = bench.get("lan", LAND)
    refused = bench.send("lan", page, "form#suspend", reason="  ")
    assert (refused.code, "lý do" in refused.alert()) == (422, True)
    moved = {"reason": "they move", "by": "somebody else", "name": "x"}
    suspended = bench.follow("lan", bench.send("lan", page, "form#suspend", **moved))
    assert "they move" in suspended.at("#suspended").get_text()
    assert suspended.at(".page-head .badge")["data-state"] == "suspended"
    assert bench.send("lan", page, "form#suspend", reason="they move").code == 303, "the button pressed twice"
    other = bench.send("vy", bench.get("vy", TAX), "form#suspend", reason="me too")
    assert other.code == 303
    twice = bench.post("minh", f"{LAND}/suspend", reason="me too")
    assert (twice.code, "đã được tạm ngừng" in twice.alert()) == (409, True)
    resumed = bench.follow("lan", bench.send("lan", suspended, "form#resume", reason="they are there"))
    assert resumed.has("form#suspend")
    assert bench.post("lan", f"{LAND}/resume", reason="again").code == 409
    assert bench.trail("land") == [
        ("lan", "agency.suspended", "they move"),
        ("lan", "agency.resumed", "they are there"),
    ]


def test_a_feed_is_rewound_after_an_estimate_and_the_rewind_can_be_cancelled(bench: Bench) -> None:
    bench.scene.run(death(1), death(2), death(3))
    bench.scene.deliver("land")
    page = bench.get("lan", LAND)
    for to, words in (("yesterday", "thời điểm"), (cursor_of("tax", 1), "tax"), ("20261120T080000", "múi giờ")):
        refused = bench.send("lan", page, "form#rewind-form", to=to)
        assert (refused.code, words in refused.alert()) == (422, True), refused.alert()
        assert refused.form("form#rewind-form")["to"] == to
    estimate = bench.send("lan", page, "form#rewind-form", to=cursor_of("land", 1))
    assert [estimate.number(f".figure:nth-of-type({n}) dd") for n in (1, 2, 3)] == [2, 1, 3]
    everything = bench.send("lan", page, "form#rewind-form", to="2020-01-01 08:00")
    assert everything.number(".figure:nth-of-type(1) dd") == 3, "a time without an offset is Vietnam's"
    assert Rewinds(bench.hub.deliveries_db).open() == {}, "nothing is changed before it is confirmed"
    assert bench.send("lan", estimate, "form#rewind-confirm", reason="").code == 422
    first = bench.send("lan", estimate, "form#rewind-confirm", reason="a backup was restored")
    second = bench.send("lan", estimate, "form#rewind-confirm", reason="a backup was restored")
    assert (first.code, second.code) == (303, 303)
    assert len(Rewinds(bench.hub.deliveries_db).of("land")) == 1, "the button pressed twice"
    other = bench.send("vy", bench.get("vy", f"{LAND}/rewind?to={cursor_of('land', 1)}"), "form#rewind-confirm")
    assert other.code == 422, "no reason"
    under_way = bench.get("an", LAND)
    assert under_way.at("#feed progress")["max"] == "2"
    assert not under_way.has("form#rewind-cancel")
    part = str(under_way.at("#rewinding")["hx-get"])
    assert bench.get("an", part).at("progress")["value"] == "0"
    cancelled = bench.send("lan", bench.get("lan", LAND), "form#rewind-cancel", reason="not needed")
    assert cancelled.code == 303
    assert "lan" in bench.get("lan", LAND).at("tr[data-rewind]").get_text()
    assert bench.get("an", part).response.headers["hx-refresh"] == "true"
    assert bench.post("lan", f"{LAND}/rewind/cancel", reason="again").code == 409
    assert [entry[:2] for entry in bench.trail("land")] == [("lan", "feed.rewound"), ("lan", "feed.rewind_cancelled")]


def test_a_rewind_hands_out_again_just_what_the_estimate_said(bench: Bench) -> None:
    bench.scene.run(death(1), death(2), death(3))
    bench.scene.deliver("land")
    estimate = bench.get("lan", f"{LAND}/rewind?to={cursor_of('land', 1)}")
    bench.send("lan", estimate, "form#rewind-confirm", reason="a backup was restored")
    bench.hub.line.orders.forget()
    assert bench.scene.deliver("land").taken == ["death-2", "death-3"]


def test_a_suspended_agency_can_be_replayed_and_the_estimate_says_that_it_waits(bench: Bench) -> None:
    bench.park("land", 1)
    bench.post("lan", f"{LAND}/suspend", reason="they move")
    estimate = bench.get("lan", "/console/replays/new?agency=land")
    assert "đang tạm ngừng" in estimate.at("tr[data-agency=land]").get_text()
    assert bench.send("lan", estimate, "form#plan", reason="when they are there").code == 303


def test_outages_and_the_reason_of_a_failing_agency_are_shown(bench: Bench) -> None:
    contacts = Contacts(bench.hub.deliveries_db)
    contacts.failed("tax", 1_700_000_000_000, "connection refused", 1_700_000_060_000)
    contacts.flush()
    contacts.close()
    page = bench.get("an", TAX)
    assert "connection refused" in page.at("#failing").get_text()
    assert "connection refused" in page.at("#outages").get_text()


def test_who_only_looks_can_take_no_step(bench: Bench) -> None:
    for who in ("an", "thu"):
        assert not bench.get(who, LAND).page.select("#steps form, #rewind-form")
        for step in ("suspend", "resume", "rewind", "rewind/cancel"):
            assert bench.post(who, f"{LAND}/{step}", reason="x").code == 403
        assert bench.get(who, f"{LAND}/rewind?to=2020-01-01T00:00:00Z").code == 403


def test_an_agency_that_fetches_has_no_rewind_and_its_place_is_where_it_has_asked(tmp_path: Path) -> None:
    folder = tmp_path / "home" / "agreements"
    folder.mkdir(parents=True)
    content = yaml.safe_load((SHIPPED / "tax.yaml").read_text())
    persons = folder / "persons.txt"
    persons.write_text("".join(f"{death(n)['subject']}\n" for n in (1, 2)))
    content |= {"delivery": {"way": "feed"}, "population": {"persons_file": persons.name}}
    (folder / "tax.yaml").write_text(yaml.safe_dump(content))
    with a_bench(tmp_path / "home") as bench:
        bench.scene.run(move(1), move(2), move(3))
        bench.hub.contacts.asked_behind("tax", 1, 1_700_000_000_000)
        bench.hub.contacts.flush()
        page = bench.get("lan", TAX)
        assert [page.number(f"#feed dd span:nth-of-type({n})") for n in (1, 2)] == [1, 2]
        assert not page.has("#rewind-form")
        assert "fetches its events itself" in bench.get("lan", f"{TAX}/rewind?to=2020-01-01T00:00:00Z&lang=en").alert()
        assert page.number("#agreement dd span") == 2, "how many persons, never who"
        assert str(death(1)["subject"]) not in page.response.text


def test_a_webhook_shows_its_host_only(tmp_path: Path) -> None:
    folder = tmp_path / "home" / "agreements"
    folder.mkdir(parents=True)
    content = yaml.safe_load((SHIPPED / "land.yaml").read_text())
    url = "https://hooks.example.org/in/s3cret?key=s3cret"
    content["delivery"] = {"way": "webhook", "url": url, "secrets_env": "LAND_SECRETS"}
    (folder / "land.yaml").write_text(yaml.safe_dump(content))
    with a_bench(tmp_path / "home") as bench:
        page = bench.get("an", LAND)
        assert "https://hooks.example.org" in page.at("#agreement").get_text()
        assert "s3cret" not in page.response.text
