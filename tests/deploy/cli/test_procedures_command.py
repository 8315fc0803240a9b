"""`dancu procedures` and what a run does for it: cases from real deliveries, after a kill too."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.commands import Dancu, wait_for
from tests.deploy.sample import HOME, death, event, lines, move, person

NAME = {"family": "Trần", "middle": "Gia", "given": "An"}


def birth(number: int, **other: Any) -> dict[str, Any]:
    """Return a person's birth."""
    data = {"name": NAME, "sex": "MALE", "born_on": "1990-08-01", "residence": HOME}
    return event(f"birth-{number}", "BirthRegistered", number, data, source="/registers/civil-status/79", **other)


@pytest.fixture(scope="module")
def dancu(tmp_path_factory: pytest.TempPathFactory) -> Dancu:
    """A hub in which some cases were begun: one is done, one was annulled, the others wait."""
    dancu = Dancu(tmp_path_factory.mktemp("procedures") / "home", {"DANCU_JOIN_WINDOW": "0"})
    gone = death(3) | {"id": "gone-3", "change": "ANNULLED", "factversion": 2, "previousid": "death-3", "data": None}
    dancu.ingest("-", stdin=lines(birth(1), move(1), birth(2), death(3), gone, birth(4)))
    dancu.run_until_idle()
    return dancu


@pytest.fixture(scope="module")
def late(dancu: Dancu) -> Dancu:
    """The same hub a month later."""
    later = Dancu(dancu.home.parent / "later", dancu.settings)
    shutil.copytree(dancu.home, later.home)
    make_older(later.home, 30)
    later.run_until_idle()
    return later


def make_older(home: Path, days: int) -> None:
    """Let the hub have taken every event so many days earlier, and look at everything anew."""
    with closing(sqlite3.connect(home / "registers.db")) as registers, registers:
        registers.execute("UPDATE events SET at = at - ?", [days * 86_400_000])
    with closing(sqlite3.connect(home / "deliveries.db")) as deliveries, deliveries:
        deliveries.execute("DELETE FROM procedure_looked")


def found(dancu: Dancu, *words: str) -> Any:
    """Return what a command says as JSON."""
    answer = dancu("procedures", *words, "--json")
    assert answer.code == 0, answer
    return answer.json


def test_a_run_until_idle_leaves_every_case_as_it_stands(dancu: Dancu) -> None:
    listed = found(dancu, "list")
    assert sorted(case["event_id"] for case in listed["cases"]) == ["birth-2", "birth-4"]
    assert listed["next"] is None
    assert listed["counts"] == {
        "birth": {"late": 0, "open": 2, "done": 1, "cancelled": 0},
        "death": {"late": 0, "open": 0, "done": 0, "cancelled": 1},
    }
    case = found(dancu, "show", "birth-1")
    assert (case["state"], case["person_masked"]) == ("done", "001•••••••01")
    assert [(step["step"], step["agency"], step["done_by"]) for step in case["steps"]] == [
        ("residence", "commune-police", "move-1-1"),
        ("health-card", "insurance", "birth-1"),
    ]
    assert found(dancu, "show", "death-3")["state"] == "cancelled"


def test_late_cases_name_who_is_late(late: Dancu) -> None:
    cases = found(late, "list", "--procedure", "birth", "--state", "late", "--agency", "commune-police")["cases"]
    assert [case["event_id"] for case in cases] == ["birth-2", "birth-4"]
    (step,) = cases[0]["late"]
    assert (step["step"], step["agency"]) == ("residence", "commune-police")
    assert step["seconds"] > 10 * 86_400
    assert found(late, "list", "--state", "late", "--agency", "insurance")["cases"] == []


def test_the_status_says_what_is_late_and_through_whom(dancu: Dancu, late: Dancu) -> None:
    assert "Không có gì cần chú ý" in dancu("status").out
    said = late("status").out
    assert "birth: 2 hồ sơ liên thông trễ hạn" in said
    assert "commune-police 2" in said
    assert "Không có gì cần chú ý" not in said


def test_people_are_shown_steps_and_offices_in_words(late: Dancu) -> None:
    listed = late("procedures", "list", "--state", "late").out
    assert "birth-2" in listed
    shown = late("procedures", "show", "birth-2").out
    for words in ("Đăng ký thường trú", "Công an cấp xã", "trễ / late", "001•••••••02"):
        assert words in shown
    assert person(2) not in listed + shown


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("list", "--agency", "nobody"), 2, "Allowed: commune-police, insurance, welfare"),
        (("list", "--procedure", "marriage"), 2, "Allowed: birth, death"),
        (("list", "--state", "done", "--agency", "insurance"), 2, "waits for nobody"),
        (("list", "--after", "somewhere"), 2, "not what a page gave"),
        (("show", "move-1-1"), 1, "no case was begun by an event with this id"),
    ],
)
def test_what_can_not_be_answered_is_said_with_what_is_allowed(
    dancu: Dancu, words: tuple[str, ...], code: int, said: str
) -> None:
    answer = dancu("procedures", *words)
    assert answer.code == code
    assert said in answer.err


def test_pages_go_on_where_the_one_before_ended(late: Dancu) -> None:
    first = found(late, "list", "--limit", "1")
    second = found(late, "list", "--limit", "1", "--after", first["next"])
    assert [case["event_id"] for page in (first, second) for case in page["cases"]] == ["birth-2", "birth-4"]
    assert second["next"] is None


def test_a_run_that_is_killed_and_started_again_has_every_case_once(tmp_path: Path) -> None:
    dancu = Dancu(tmp_path / "home", {"DANCU_BATCH": "20"})
    dancu.ingest("-", stdin=lines(*(one for n in range(100, 200) for one in (birth(n), move(n)))))
    with dancu.started("run", "--no-web", "--registry-port", "0") as process:
        wait_for(process, lambda: _cases(dancu.home) > 0)
        process.kill()
    dancu.run_until_idle()
    assert found(dancu, "list")["counts"]["birth"] == {"late": 0, "open": 0, "done": 100, "cancelled": 0}
    assert _cases(dancu.home) == 100


def _cases(home: Path) -> int:
    if not (home / "deliveries.db").exists():
        return 0
    with closing(sqlite3.connect(home / "deliveries.db")) as deliveries:
        try:
            return int(deliveries.execute("SELECT count(*) FROM procedure_cases").fetchone()[0])
        except sqlite3.OperationalError:  # the tables are being made
            return 0
