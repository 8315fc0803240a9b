"""Refused events, page by page, at a cost that does not grow with what is passed over."""

from __future__ import annotations

import pytest

from hub import headers as h
from hub.eventlog import Message, Outputs
from hub.topics import REFUSED
from replay.refused_page import RefusedPage
from replay.selection import BadSelection, Selection
from tests.replay.office import Office


def _refuse(office: Office, *ids: str, reason: str = "schema", detail: str = "bad 001090000001") -> None:
    headers = {h.TYPE: "DeathRegistered", h.REASON: reason, h.DETAIL: detail}
    office.log.append(Outputs({REFUSED: [Message("p", b"", {**headers, h.ID: one}) for one in ids]}))


def test_a_page_goes_on_behind_the_one_before(office: Office) -> None:
    _refuse(office, "a", "b", "c")
    page = RefusedPage(office.refused)
    first = page.page(Selection(), limit=2)
    assert [one["event_id"] for one in first["refused"]] == ["a", "b"]
    second = page.page(Selection(), int(first["next"]), limit=2)
    assert [one["event_id"] for one in second["refused"]] == ["c"]
    assert second["next"] is None


def test_no_personal_number_is_told_and_what_is_final_says_so(office: Office) -> None:
    _refuse(office, "a", reason="forbidden_source")
    (one,) = RefusedPage(office.refused).page(Selection())["refused"]
    assert (one["why_not"], "001090000001" in one["message"]) == ("forbidden_source", False)


def test_a_filter_that_finds_nothing_looks_through_so_many_only(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("replay.refused_page._LOOKS", 2)
    _refuse(office, "a", "b", "c")
    page = RefusedPage(office.refused)
    first = page.page(Selection(event_ids=["c"]))
    assert (first["refused"], first["next"]) == ([], "2")
    assert [one["event_id"] for one in page.page(Selection(event_ids=["c"]), 2)["refused"]] == ["c"]


def test_filters_that_refused_events_do_not_have_are_refused(office: Office) -> None:
    with pytest.raises(BadSelection):
        RefusedPage(office.refused).page(Selection(agency="land"))
