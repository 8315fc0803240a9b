"""A whole replay without leaving the pages: planned, approved by a second person, run, paused, cancelled, reported."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.replays import Replays
from tests.deploy.sample import death, move
from tests.monitoring.console.workbench import Bench, a_bench
from tests.monitoring.console.workbench import Seen as Page


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A hub where more than two deliveries take a second person."""
    with a_bench(tmp_path / "home", replay_alone=2) as bench:
        yield bench


def _replay(bench: Bench, who: str, replay_id: str) -> Page:
    return bench.get(who, f"/console/replays/{replay_id}")


def _take(bench: Bench, who: str, replay_id: str, step: str, **typed: Any) -> Page:
    """Fill in the form of a step; what it leads to, or says."""
    sent = bench.send(who, _replay(bench, who, replay_id), f"form#{step}", **{"reason": "looked at it", **typed})
    return bench.follow(who, sent) if sent.code == 303 else sent


def _csrf(bench: Bench, who: str) -> str:
    return str(bench.get(who, "/console/replays").at("input[name=csrf]")["value"])


def _report(page: Page) -> dict[str, int]:
    return {
        ":".join(filter(None, (str(row["data-state"]), str(row["data-why"])))): int(
            str(row.select_one("td.num")["data-value"])  # type: ignore[index]
        )
        for row in page.page.select("#report tbody tr")
    }


def test_a_large_replay_takes_a_second_person_and_sends_just_what_was_selected(bench: Bench) -> None:
    ids = bench.park("land", 1, 2, 3)
    bench.scene.deliver("tax", *ids)  # what tax did not take is no part of it

    failures = bench.get("lan", "/console/failures?agency=land&error_class=constraint")
    estimate = bench.get("lan", str(failures.at("a#plan")["href"]))
    assert estimate.number("#estimate-agencies tr[data-agency=land] td.num") == 3
    made = bench.send("lan", estimate, "form#plan", reason="titles were repaired", rate="500", cap="100")
    page = bench.follow("lan", made)
    replay_id = made.goal.rpartition("/")[2]
    assert not page.has("form#approve")
    assert "person" in page.at("#approve-bar").get_text() or "người khác" in page.at("#approve-bar").get_text()

    assert "approver" in _replay(bench, "vy", replay_id).at("#approve-bar").get_text()
    assert bench.post("vy", f"/console/replays/{replay_id}/approve", reason="me too").code == 403
    assert bench.post("lan", f"/console/replays/{replay_id}/approve", reason="it is mine").code == 403
    approved = _take(bench, "minh", replay_id, "approve")
    assert (approved.number("#approvals span"), "minh" in approved.at("#approvals table").get_text()) == (2, True)

    bench.park("land", 9)  # fails after the list was frozen: it does not join
    running = _take(bench, "lan", replay_id, "start", reason="")
    assert running.at("#live")["hx-get"] == f"/console/parts/replays/{replay_id}?state=running"
    assert running.at("progress")["max"] == "3"
    replay, taken = bench.work(replay_id, "land")
    assert (sorted(taken.taken), replay.state) == (ids, "done")
    done = _replay(bench, "an", replay_id)
    assert _report(done) == {"delivered": 3}
    assert not done.at("#live").has_attr("hx-get"), "nothing changes any more"
    assert [str(row["data-event"]) for row in done.page.select("#items tbody tr")] == ids
    left = bench.get("an", "/console/failures")
    assert [str(row["data-event"]) for row in left.page.select("#list tbody tr")] == ["death-9", *ids]
    assert bench.trail(replay_id) == [
        ("lan", "replay.planned", "titles were repaired"),
        ("minh", "replay.approved", "looked at it"),
        ("lan", "replay.started", "started"),
        ("dancu", "replay.done", None),
    ]


def test_the_button_pressed_twice_plans_once(bench: Bench) -> None:
    bench.park("land", 1, 2)
    estimate = bench.get("lan", "/console/replays/new?agency=land")
    first = bench.send("lan", estimate, "form#plan", reason="titles were repaired")
    second = bench.send("lan", estimate, "form#plan", reason="titles were repaired")
    assert (first.code, second.code, first.goal) == (303, 303, second.goal)
    assert len(Replays(bench.hub.deliveries_db).every()) == 1
    other = bench.send("vy", bench.get("vy", "/console/replays/new?agency=land"), "form#plan", reason="too")
    assert other.goal != first.goal
    stolen = bench.send("vy", bench.get("vy", "/console/replays/new?agency=land"), "form#plan", reason="too")
    taken = bench.send("vy", estimate, "form#plan", reason="x", csrf=_csrf(bench, "vy"))
    assert (taken.code, stolen.code) == (409, 303), "an id that is somebody else's makes nothing"
    old = bench.send("lan", estimate, "form#plan", reason="x", once="0199c0de-0000-7000-8000-000000000001")
    assert old.code == 409


def test_pause_resume_and_cancel_with_a_reason_and_a_report(bench: Bench) -> None:
    bench.park("land", 1, 2)
    replay_id = bench.planned("lan", "agency=land", cap="1")
    assert _take(bench, "lan", replay_id, "approve").has("form#start"), "a small one is approved by who planned it"
    assert _take(bench, "lan", replay_id, "start").has("form#pause")
    unsaid = _take(bench, "lan", replay_id, "pause", reason=" ")
    assert (unsaid.code, "lý do" in unsaid.alert()) == (422, True)
    assert _take(bench, "lan", replay_id, "pause").has("form#resume")
    again = bench.post("lan", f"/console/replays/{replay_id}/pause", reason="twice")
    assert again.code == 303, "the button pressed twice is no error"
    assert _take(bench, "lan", replay_id, "resume", reason="").has("form#pause")
    bench.work(replay_id, "land")
    done = _replay(bench, "lan", replay_id)
    assert _report(done) == {"delivered": 1, "left:cap": 1}
    late = bench.post("lan", f"/console/replays/{replay_id}/cancel", reason="too late")
    assert (late.code, "đã xong" in late.alert()) == (409, True)

    other = bench.planned("lan", "agency=land")
    ended = _take(bench, "vy", other, "cancel", reason="not needed")
    assert ended.at(".page-head .badge")["data-state"] == "cancelled"
    assert [entry[:2] for entry in bench.trail(replay_id)][1:5] == [
        ("lan", "replay.approved"),
        ("lan", "replay.started"),
        ("lan", "replay.paused"),
        ("lan", "replay.resumed"),
    ]


def test_progress_is_fetched_and_a_page_that_shows_another_state_loads_itself_again(bench: Bench) -> None:
    bench.park("land", 1, 2)
    replay_id = bench.planned("lan", "agency=land")
    _take(bench, "lan", replay_id, "approve")
    _take(bench, "lan", replay_id, "start")
    part = f"/console/parts/replays/{replay_id}"
    seen = bench.get("an", f"{part}?state=running")
    assert (seen.at("progress")["max"], seen.number("#left")) == ("2", 2)
    assert "hx-refresh" not in seen.response.headers
    assert not seen.has("form"), "what is fetched again takes no half-typed reason away"
    _take(bench, "lan", replay_id, "pause")
    assert bench.get("an", f"{part}?state=running").response.headers["hx-refresh"] == "true"
    assert bench.get("an", "/console/parts/replays/none").code == 404


def test_who_only_looks_sees_it_all_and_can_take_no_step(bench: Bench) -> None:
    bench.park("land", 1)
    replay_id = bench.planned("lan", "agency=land")
    for who in ("an", "thu"):
        page = _replay(bench, who, replay_id)
        assert page.has("#only-looks")
        assert not page.page.select("#steps form")
        assert "death-1" in page.text
        for step in ("approve", "start", "pause", "resume", "cancel"):
            assert bench.post(who, f"/console/replays/{replay_id}/{step}", reason="x").code == 403
        assert bench.post(who, "/console/replays", agency="land", reason="x").code == 403
    assert [entry[1] for entry in bench.trail(replay_id)] == ["replay.planned"]


@pytest.mark.parametrize(
    ("typed", "vi", "en"),
    [
        ({"reason": " "}, "lý do", "say why"),
        ({"rate": "0"}, "tốc độ", "rate: deliveries per second"),
        ({"rate": "fast"}, "tốc độ", "rate: deliveries per second"),
        ({"cap": "0"}, "số lượng", "cap: 1 to"),
        ({"cap": "1e9"}, "số lượng", "cap: 1 to"),
        ({"agency": "", "event_ids": "gone"}, "không có lượt giao nào", "nothing that is parked"),
        ({"agency": ""}, "chưa chọn gì", "nothing is selected"),
        ({"agency": "police"}, "không có cơ quan", "no such agency"),
        ({"attempts": "5..1"}, "số lần", "the least is more"),
    ],
)
def test_a_plan_that_is_refused_says_why_and_keeps_what_was_typed(
    shared: Bench, typed: dict[str, str], vi: str, en: str
) -> None:
    for lang, words in (("vi", vi), ("en", en)):
        estimate = shared.get("lan", f"/console/replays/new?agency=land&lang={lang}")
        answer = shared.send("lan", estimate, "form#plan", **{"reason": "mended", "rate": "5", **typed})
        assert (answer.code, words in answer.alert()) == (422, True), answer.text[:900]
        if answer.has("form#plan"):
            kept = answer.form("form#plan")
            assert kept["rate"] == typed.get("rate", "5")
            assert kept["reason"].strip() == typed.get("reason", "mended").strip()
    assert Replays(shared.hub.deliveries_db).every() == []


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A hub with a failure, in which nothing changes."""
    with a_bench(tmp_path_factory.mktemp("plans") / "home") as bench:
        bench.park("land", 1)
        yield bench


def test_everything_is_never_meant_by_accident(bench: Bench) -> None:
    bench.park("land", 1)
    bench.scene.run(move(2))
    bench.scene.deliver("tax", "move-2-1")
    assert bench.get("lan", "/console/replays/new").code == 422
    estimate = bench.get("lan", str(bench.get("lan", "/console/failures").at("a#plan")["href"]))
    assert (estimate.code, estimate.at("#selection strong").get_text()) == (200, "TẤT CẢ lỗi")
    assert bench.get("lan", "/console/replays/new?all=1&agency=land").code == 422


def test_what_is_planned_for_a_person_stays_with_that_person_and_shows_no_number(bench: Bench) -> None:
    bench.park("land", 1, 2)
    failures = bench.get("lan", "/console/failures")
    found = bench.follow("lan", bench.send("lan", failures, "form#by-person", persons=str(death(2)["subject"])))
    estimate = bench.get("lan", str(found.at("a#plan")["href"]))
    assert estimate.number(".figure dd") == 1
    made = bench.send("lan", estimate, "form#plan", reason=f"only {death(2)['subject']}")
    replay_id = made.goal.rpartition("/")[2]
    page = _replay(bench, "lan", replay_id)
    for text in (estimate.response.text, page.response.text, made.goal):
        assert str(death(2)["subject"]) not in text
    _take(bench, "lan", replay_id, "approve")
    _take(bench, "lan", replay_id, "start")
    assert bench.work(replay_id, "land")[1].taken == ["death-2"]


def test_refused_events_are_taken_in_again_on_the_same_pages(bench: Bench) -> None:
    bench.scene.run({**move(1), "type": "Unheard"}, {**move(2), "type": "Unheard"})
    estimate = bench.get("lan", "/console/replays/new?kind=refused&error_class=unknown_type")
    assert estimate.number("#estimate-reasons td.num") == 2
    made = bench.send("lan", estimate, "form#plan", reason="the schema was added", event_ids="move-1-1")
    replay_id = made.goal.rpartition("/")[2]
    _take(bench, "lan", replay_id, "approve")
    _take(bench, "lan", replay_id, "start")
    bench.work(replay_id, "land")
    page = _replay(bench, "an", replay_id)
    assert _report(page) == {"failed:unknown_type": 1}, "it is refused again, as nothing was mended"
    assert [str(row["data-event"]) for row in page.page.select("#items tbody tr")] == ["move-1-1"]


def test_the_replays_are_listed_page_by_page(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitoring.console.routes.replays._ROWS", 2)
    bench.park("land", 1)
    made = [bench.planned("lan", "agency=land") for _ in range(3)][::-1]
    first = bench.get("an", "/console/replays")
    assert [row["data-replay"] for row in first.page.select("tr[data-replay]")] == made[:2]
    second = bench.get("an", str(first.at("a[rel=next]")["href"]))
    assert [row["data-replay"] for row in second.page.select("tr[data-replay]")] == made[2:]
