"""The pages of linked procedures over HTTP: counts, filters, and one case as steps over agencies."""

from __future__ import annotations

import re
from typing import Any

import pytest

from hub.procedures.case import Case
from hub.procedures.course import State
from hub.procedures.store import Cases
from tests.monitoring.console.scene import Scene

LIST = "/console/procedures"
_NUMBER = re.compile(r"(?<![\d-])\d{12}(?!\d)")


def get(scene: Scene, address: str, operator: str | None = "an", status: int = 200) -> str:
    """Return a page as an operator sees it."""
    with scene.client(operator) as client:
        answer = client.get(address)
    assert answer.status_code == status, answer.text[:2000]
    assert not _NUMBER.search(answer.text)
    return answer.text


def rows(page: str) -> list[tuple[str, str]]:
    """Return (event id, state) of each case of a page."""
    return re.findall(r'<tr data-event="([^"]+)" data-state="([^"]+)"', page)


def listed(
    scene: Scene, procedure: str | None = None, state: State | None = None, agency: str | None = None
) -> list[Case]:
    """Return what the hub itself says, whatever the page says."""
    with scene.deliveries_db() as engine:
        return list(Cases(engine).page(procedure, state, None, 1000, agency).cases)


def test_the_page_counts_as_the_command_does(scene: Scene) -> None:
    page, counts = get(scene, LIST), scene.json("procedures", "list", "--limit", "1")["counts"]
    assert counts["birth"]["late"] > 0
    for procedure, states in counts.items():
        row = page.partition(f'data-procedure="{procedure}"')[2].partition("</tr>")[0]
        assert {
            state: int(value) for state, value in re.findall(r'data-column="(\w+)" data-value="(\d+)"', row)
        } == states


def test_those_late_for_longest_come_first_and_pages_go_on(scene: Scene) -> None:
    first = get(scene, LIST)
    found = rows(first)
    assert found[0][1] == "late"
    states = [state for _, state in found]
    assert states == sorted(states)  # late before open
    following = re.search(r'href="([^"]+)" rel="next"', first)
    assert following is not None
    second = rows(get(scene, following[1].replace("&amp;", "&")))
    ids = [event_id for event_id, _ in [*found, *second]]
    assert ids == [case.event_id for case in listed(scene)][: len(ids)]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("state=late&procedure=birth", {"state": State.LATE, "procedure": "birth"}),
        ("state=late&agency=commune-police", {"state": State.LATE, "agency": "commune-police"}),
        ("state=done&procedure=birth", {"state": State.DONE, "procedure": "birth"}),
        ("state=cancelled", {"state": State.CANCELLED}),
    ],
)
def test_filters_choose_as_the_hub_does(scene: Scene, query: str, wanted: dict[str, Any]) -> None:
    expected = [(case.event_id, case.state.value) for case in listed(scene, **wanted)[:50]]
    assert expected
    assert rows(get(scene, f"{LIST}?{query}")) == expected


def test_one_case_shows_its_steps_and_by_how_much_who_is_late(scene: Scene) -> None:
    case = listed(scene, "birth", State.LATE)[0]
    page = get(scene, f"{LIST}/{case.event_id}?lang=en")
    steps = re.findall(r'<li class="\w*" data-step="([^"]+)" data-agency="([^"]+)" data-value="(\d+)"', page)
    assert [step for step, _, _ in steps] == ["residence", "health-card"]
    assert {(step, agency) for step, agency, _ in steps} == {(one.step, one.agency) for one in case.steps}
    seconds = {step: int(value) for step, _, value in steps}
    for late in case.late:
        assert 0 <= seconds[late.step] - late.late_ms // 1000 < 3600
    assert page.count("is late by") == len(case.late) > 0
    assert case.person in page
    assert f'href="/console/events/{case.event_id}"' in page
    assert "Decree 63/2024/NĐ-CP" in page


def test_pages_speak_both_languages(scene: Scene) -> None:
    assert "<title>Thủ tục liên thông · Dân Cư Hub</title>" in get(scene, LIST)
    assert "<title>Linked procedures · Dân Cư Hub</title>" in get(scene, f"{LIST}?lang=en")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("state=late&agency=welfare", "Không có hồ sơ nào trễ hạn"),
        ("state=done&agency=insurance", "không còn chờ cơ quan nào"),
        ("procedure=marriage", "Không có hồ sơ nào như vậy"),
    ],
)
def test_an_empty_list_says_what_to_do(scene: Scene, query: str, said: str) -> None:
    page = get(scene, f"{LIST}?{query}")
    assert rows(page) == []
    assert said in page


def test_what_is_not_there_is_an_error_page_in_words(scene: Scene) -> None:
    moved = scene.facts.by_type["ResidenceChanged"][0]
    assert "No case of a linked procedure" in get(scene, f"{LIST}/{moved}?lang=en", status=404)
    assert "no page of the list" in get(scene, f"{LIST}?after=nowhere&lang=en", status=400)
    get(scene, f"{LIST}/%00", status=404)


def test_nobody_sees_it_without_a_role(scene: Scene) -> None:
    with scene.client(None) as client:
        assert client.get(LIST).status_code in (303, 401)


def test_a_step_that_an_agency_has_not_acknowledged_says_where_the_event_is(scene: Scene) -> None:
    waiting = [case for case in listed(scene, agency="insurance") if case.event_id in scene.facts.parked["insurance"]]
    page = get(scene, f"{LIST}/{waiting[0].event_id}?lang=en")
    stands = page.partition('data-column="stands"')[2].partition("</li>")[0]
    assert 'data-state="parked"' in stands
    assert f"/console/failures?agency=insurance&amp;event_ids={waiting[0].event_id}" in stands
