"""The audit trail on a page: for auditors, narrowed without any number in an address, and checked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.audit import Entry, write_entry
from hub.audit.tables import entries
from tests.monitoring.console.own_hub import Browser, OwnHub, open_own_hub
from tests.monitoring.scene import an_event

_ROW = re.compile(r'<tr data-number="(\d+)" data-action="([\w.]+)">')


@pytest.fixture
def own(tmp_path: Path) -> Iterator[OwnHub]:
    with open_own_hub(tmp_path / "home") as own:
        yield own


def _rows(browser: Browser, query: str = "") -> list[tuple[str, str]]:
    answer = browser.get(f"/console/audit{query}")
    assert answer.status_code == 200
    return _ROW.findall(answer.text)


def _write(own: OwnHub, count: int, subject: str = "land") -> None:
    with own.scene.hub.deliveries_db.begin() as connection:
        for turn in range(count):
            write_entry(connection, Entry(turn, "lan", "feed.rewound", subject, "lý do 001190012345", {"turn": turn}))


def test_only_auditors_see_it(own: OwnHub) -> None:
    for name, role in (("an", "viewer"), ("lan", "operator"), ("minh", "approver")):
        browser = own.browser(name, role)
        assert browser.get("/console/audit").status_code == 403
        assert "/console/audit" not in browser.get("/console").text
    assert own.browser("thu", "auditor").get("/console/audit").status_code == 200


def test_the_newest_come_first_and_the_others_page_by_page(own: OwnHub) -> None:
    _write(own, 150)
    browser = own.browser("thu", "auditor")
    first = browser.get("/console/audit").text
    found = re.search(r'href="([^"]+)" rel="next"', first)
    assert found is not None
    second = browser.get(unescape(found[1])).text
    numbers = [int(number) for number, _ in _ROW.findall(first + second)]
    assert numbers == sorted(numbers, reverse=True)
    assert numbers[-1] == 1
    assert "001190012345" not in first


def test_it_is_narrowed_by_subject_action_and_person(own: OwnHub) -> None:
    _write(own, 3)
    _write(own, 2, "tax")
    death = an_event()
    own.scene.run(death)
    own.browser().post("/console/persons", {"number": death["subject"], "reason": "đơn 1"})
    browser = own.browser("thu", "auditor")
    assert len(_rows(browser, "?subject=tax")) == 2
    assert {action for _, action in _rows(browser, "?action=feed.rewound")} == {"feed.rewound"}
    answer = browser.post("/console/audit", {"subject": death["subject"]})
    assert answer.status_code == 303
    assert death["subject"] not in answer.headers["location"]
    assert [action for _, action in _ROW.findall(browser.get(answer.headers["location"]).text)] == ["person.looked_up"]


def test_an_intact_trail_is_whole_and_gives_what_to_note(own: OwnHub) -> None:
    browser = own.browser("thu", "auditor")
    text = browser.get("/console/audit/check").text
    assert 'data-whole="true"' in text
    found = re.search(r'data-last="([^"]+)"', text)
    assert found is not None
    _write(own, 2)
    assert 'data-whole="true"' in browser.get(f"/console/audit/check?expect={found[1]}").text
    assert browser.get("/console/audit/check?expect=nothing").status_code == 422


def test_what_was_changed_or_cut_off_is_seen(own: OwnHub) -> None:
    _write(own, 5)
    browser = own.browser("thu", "auditor")
    found = re.search(r'data-last="([^"]+)"', browser.get("/console/audit/check").text)
    assert found is not None
    number = int(found[1].partition(":")[0])
    with own.scene.hub.deliveries_db.begin() as connection:
        connection.execute(sa.delete(entries).where(entries.c.number == number))
    assert 'data-whole="true"' in browser.get("/console/audit/check").text
    cut = unescape(browser.get(f"/console/audit/check?expect={found[1]}").text)
    assert f"#{number} bị thiếu" in cut
    with own.scene.hub.deliveries_db.begin() as connection:
        connection.execute(sa.update(entries).where(entries.c.number == 2).values(reason="khác"))
    assert 'data-whole="false"' in browser.get("/console/audit/check").text
