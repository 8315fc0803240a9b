"""The failures on a page: grouped, filtered, listed, and no personal number anywhere but where it was typed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.replaying import failures_of
from replay.selection import Selection
from tests.deploy.sample import death, move, person
from tests.monitoring.console.workbench import Bench, Seen, a_bench

PAGE = "/console/failures"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A hub where land has not taken five deaths, and tax two moves; two events were refused."""
    with a_bench(tmp_path_factory.mktemp("failures") / "home") as bench:
        bench.park("land", 1, 2, 3, 4, 5)
        bench.scene.run(move(11), move(12))
        bench.scene.deliver("tax", "move-11-1", "move-12-1")
        bench.scene.run({**move(21), "type": "Unheard"}, {**move(22), "type": "Unheard"})
        yield bench


def _listed(seen: Seen) -> list[str]:
    return [str(row["data-event"]) for row in seen.page.select("#list tbody tr")]


def test_the_groups_are_those_of_the_command_line_with_a_link_to_each(bench: Bench) -> None:
    seen = bench.get("an", PAGE)
    told = failures_of(bench.hub).groups(Selection())
    rows = seen.page.select("#groups tbody tr")
    assert (seen.number("#groups h2 small"), len(rows)) == (told["failures"], len(told["groups"])) == (7, 2)
    assert [int(str(row.select_one("td.num")["data-value"])) for row in rows] == [5, 2]  # type: ignore[index]
    only = str(rows[1].select("a")[-1]["href"])
    assert sorted(_listed(bench.get("an", only))) == ["move-11-1", "move-12-1"]


@pytest.mark.parametrize(
    ("query", "events"),
    [
        ("agency=land&type=DeathRegistered", ["death-1", "death-2", "death-3", "death-4", "death-5"]),
        ("error_class=constraint&agency=tax", ["move-11-1", "move-12-1"]),
        ("event_ids=death-2&event_ids=move-12-1", ["death-2", "move-12-1"]),
        ("event_ids=death-2%0D%0Adeath-3%0D%0A", ["death-2", "death-3"]),
        ("attempts=2..", []),
        ("attempts=1&agency=tax", ["move-11-1", "move-12-1"]),
        ("until=2020-01-01", []),
        ("since=2020-01-01%2000:00&agency=tax", ["move-11-1", "move-12-1"]),
        ("agency=&type=&error_class=&since=&until=&attempts=&event_ids=&agency_", None),
    ],
)
def test_every_filter_narrows_what_is_listed(bench: Bench, query: str, events: list[str] | None) -> None:
    found = _listed(bench.get("an", f"{PAGE}?{query}"))
    assert found == events if events is not None else len(found) == 7


def test_what_can_not_be_meant_is_said_in_both_languages_and_stays_typed(bench: Bench) -> None:
    query = "attempts=five&since=2026-11-22&agency=land"
    seen = bench.get("an", f"{PAGE}?{query}&lang=vi")
    assert (seen.code, "số lần" in seen.alert()) == (422, True)
    assert "attempts: is a number" in bench.get("an", f"{PAGE}?{query}&lang=en").alert()
    typed = seen.form("form#filters")
    assert (typed["attempts"], typed["since"], typed["agency"]) == ("five", "2026-11-22", "land")
    assert seen.at("#f-attempts")["aria-invalid"] == "true"
    assert not seen.has("#list"), "it never falls back to everything"
    bench.get("an", f"{PAGE}?lang=vi")


def test_a_person_is_found_without_the_number_in_any_address(bench: Bench) -> None:
    seen = bench.get("an", PAGE)
    sent = bench.send("an", seen, "form#by-person", persons=person(2))
    assert sent.code == 303
    assert person(2) not in sent.goal
    found = bench.follow("an", sent)
    assert _listed(found) == ["death-2"]
    assert person(2) not in found.response.text
    assert "001•••••••02" in found.text
    assert _listed(bench.get("lan", sent.goal)) == [], "the address alone gives nothing to somebody else"
    wrong = bench.follow("an", bench.send("an", seen, "form#by-person", persons="12345"))
    assert (wrong.code, "12" in wrong.alert()) == (422, True)
    assert bench.follow("an", bench.send("an", found, "form#by-person", persons="")).number("#groups h2 small") == 7


def test_messages_of_agencies_hold_no_whole_number(bench: Bench) -> None:
    text = bench.get("an", PAGE).response.text
    assert "no title of" in text
    assert "001090012345" not in text


def test_a_list_goes_on_page_by_page(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitoring.console.routes.failures._ROWS", 4)
    first = bench.get("an", f"{PAGE}?agency=land")
    assert len(_listed(first)) == 4
    second = bench.get("an", str(first.at("a[rel=next]")["href"]))
    assert _listed(second) == ["death-5"]
    assert str(second.at("a[rel=first]")["href"]) == f"{PAGE}?agency=land"


def test_refused_events_are_listed_by_their_reason(bench: Bench) -> None:
    seen = bench.get("an", f"{PAGE}?kind=refused")
    assert seen.number("#groups td.num") == 2
    assert _listed(seen) == ["move-21-1", "move-22-1"]
    assert _listed(bench.get("an", f"{PAGE}?kind=refused&event_ids=move-22-1")) == ["move-22-1"]
    assert _listed(bench.get("an", f"{PAGE}?kind=refused&error_class=row")) == []
    meant = bench.get("an", f"{PAGE}?kind=refused&agency=land&lang=en")
    assert (meant.code, "refused events have none" in meant.alert()) == (422, True)


def test_who_only_looks_gets_no_way_to_a_plan(bench: Bench) -> None:
    assert bench.get("lan", f"{PAGE}?agency=land").has("a#plan")
    assert not bench.get("an", f"{PAGE}?agency=land").has("a#plan")
    assert bench.get("an", "/console/replays/new?agency=land").code == 403


def test_an_id_that_holds_a_number_is_masked_and_no_link(bench: Bench) -> None:
    event = death(9, id=f"death-{person(9)}")
    bench.scene.run(event)
    bench.scene.deliver("insurance", str(event["id"]))
    seen = bench.get("an", f"{PAGE}?agency=insurance")
    assert _listed(seen) == ["death-001•••••••09"]
    assert person(9) not in seen.response.text
