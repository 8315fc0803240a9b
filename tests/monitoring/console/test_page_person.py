"""The page of one person: asked for with a reason, recorded without the number, and gone after a quarter of an hour."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from hub.audit.tables import entries
from hub.database import reading
from hub.discretion import masked
from monitoring.console.looks import OPENED
from tests.monitoring.console.own_hub import Browser, OwnHub, open_own_hub, telling
from tests.monitoring.scene import an_event

WHY = "đơn của công dân số 12"
STRICT = {"level": "STRICT", "valid_from": "2025-08-05"}


@pytest.fixture
def own(tmp_path: Path) -> Iterator[OwnHub]:
    with open_own_hub(tmp_path / "home") as own:
        yield own


def _open(browser: Browser, number: str, why: str = WHY) -> str:
    """Ask for a person; return the address of the page."""
    answer = browser.post("/console/persons", {"number": number, "reason": why})
    assert answer.status_code == 303
    return answer.headers["location"]


def _text(browser: Browser, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200
    return unescape(answer.text)


def _row(text: str, what: str) -> str:
    found = re.search(rf'<tr data-fact="{what}">.*?</tr>', text, re.DOTALL)
    assert found is not None
    return found[0]


def _life(own: OwnHub) -> dict[str, dict[str, Any]]:
    """Let Minh Anh be moved, married, given a card and a consent."""
    names = ("ResidenceChanged", "MarriageRegistered", "ConsentGranted", "IdentityCardIssued", "PersonDetailsCorrected")
    events = {name: an_event(name) for name in names}
    marriage, bride = events["MarriageRegistered"], events["ResidenceChanged"]["subject"]
    if marriage["subject"] != bride:  # the register reports it for each of the two
        marriage["data"]["spouse_number"], marriage["subject"] = marriage["subject"], bride
    own.scene.run(*events.values())
    own.scene.deliver("tax")
    return events


def test_the_page_tells_facts_consents_and_who_received_what(own: OwnHub) -> None:
    events = _life(own)
    number = events["ResidenceChanged"]["subject"]
    browser = own.browser()
    text = _text(browser, _open(browser, number))
    assert number in text
    assert "Số 42, đường Lê Thánh Tôn, Phường" in _row(text, "residence")
    assert "Thành phố Hồ Chí Minh" in _row(text, "residence")
    assert "Đã kết hôn" in _row(text, "marriage")
    assert "Còn sống" in _row(text, "life")
    assert events["IdentityCardIssued"]["data"]["document_number"] in _row(text, "card")
    assert "Nguyễn Thị Minh Anh" in _row(text, "name")
    assert '<tr data-agency="bank" data-state="valid">' in text
    order = [one["id"] for one in events.values()]
    assert re.findall(r'<tr data-event="([^"]+)">', text) == order
    tax = re.findall(r'<li data-agency="tax" data-state="(\w+)">', text)
    assert tax
    assert set(tax) == {"delivered"}
    assert f"consent: {events['ConsentGranted']['id']}" in text


def test_the_number_is_in_no_address_and_not_in_the_audit_trail(own: OwnHub) -> None:
    number = _life(own)["ResidenceChanged"]["subject"]
    browser = own.browser()
    address = _open(browser, f"{number[:3]} {number[3:6]}.{number[6:]}", f"về {number}")
    assert number not in address
    browser.post(f"{address}/receipt", {"format": "json", "reason": WHY})
    assert [entry.by for entry in own.audit("person.looked_up")] == ["lan"]
    assert own.audit("person.looked_up")[0].subject == own.audit("person.exported")[0].subject
    assert own.audit("person.looked_up")[0].detail == {"person": masked(number)}
    with reading(own.scene.hub.deliveries_db) as connection:
        rows = connection.execute(sa.select(entries)).all()
    assert number not in repr(rows)
    assert number[3:] not in repr(rows)


def test_earlier_numbers_lead_to_the_same_person_and_the_same_name_in_the_trail(own: OwnHub) -> None:
    changed = an_event("PersonalNumberChanged")
    old, new = changed["data"]["old_number"], changed["data"]["new_number"]
    before = an_event("ResidenceChanged", subject=old)
    own.scene.run(before, changed)
    browser = own.browser()
    for number in (old, new):
        text = _text(browser, _open(browser, number))
        assert before["id"] in text
        assert changed["id"] in text
        assert (old in text, new in text) == (True, True)
    assert len({entry.subject for entry in own.audit("person.looked_up")}) == 1


def test_a_look_up_ends_and_is_for_one_session(own: OwnHub) -> None:
    number = _life(own)["ResidenceChanged"]["subject"]
    browser, other = own.browser(), own.browser("minh", "approver")
    address = _open(browser, number)
    assert browser.get(address).headers["cache-control"] == "no-store"
    assert other.get(address).status_code == 404
    assert other.post(f"{address}/receipt", {"reason": WHY}).status_code == 404
    own.clock.ahead = OPENED + 1000
    ended = browser.get(address)
    assert ended.status_code == 404
    assert "Hãy tra lại" in unescape(ended.text)
    assert number not in ended.text


def test_every_process_that_serves_the_hub_knows_the_look_up(own: OwnHub) -> None:
    number = _life(own)["ResidenceChanged"]["subject"]
    browser = own.browser()
    assert number in _text(own.beside(browser), _open(browser, number))


def test_a_look_up_can_be_closed(own: OwnHub) -> None:
    number = _life(own)["ResidenceChanged"]["subject"]
    browser = own.browser()
    address = _open(browser, number)
    assert browser.post(f"{address}/close", {}).status_code == 303
    assert browser.get(address).status_code == 404


def test_a_viewer_may_not(own: OwnHub) -> None:
    number = _life(own)["ResidenceChanged"]["subject"]
    viewer = own.browser("an", "viewer")
    assert viewer.get("/console/persons").status_code == 403
    assert viewer.post("/console/persons", {"number": number, "reason": WHY}).status_code == 403
    assert not own.audit("person.looked_up")


def test_a_number_and_a_reason_are_asked_for(own: OwnHub) -> None:
    browser = own.browser()
    wrong = browser.post("/console/persons", {"number": "12345", "reason": WHY})
    assert wrong.status_code == 422
    assert "12 chữ số" in unescape(wrong.text)
    assert browser.post("/console/persons", {"number": "001190012345", "reason": ""}).status_code == 422
    assert not own.audit("person.looked_up")


def test_somebody_whom_nobody_knows_is_said_to_be_unknown(own: OwnHub) -> None:
    browser = own.browser()
    text = _text(browser, _open(browser, "001190999999"))
    assert "chưa có sự kiện nào về người này" in text
    assert len(own.audit("person.looked_up")) == 1


def test_of_a_strictly_protected_person_no_address_is_shown(own: OwnHub) -> None:
    move, birth = an_event("ResidenceChanged"), an_event("BirthRegistered")
    move["subject"] = birth["subject"]
    protection = an_event("AddressProtectionChanged", data=STRICT, subject=birth["subject"])
    own.scene.run(birth, move, protection)
    browser = own.browser("thu", "auditor")
    address = _open(browser, birth["subject"])
    text = _text(browser, address)
    assert "Địa chỉ được bảo vệ" in text
    assert "địa chỉ được bảo vệ" in _row(text, "residence")
    assert "Hồ Chí Minh" not in text
    receipt = browser.post(f"{address}/receipt", {"format": "json", "reason": WHY}).text
    for hidden in (move["data"]["to_address"]["detail"], birth["data"]["birth_place"]["detail"], move["source"]):
        assert hidden not in text
        assert hidden not in receipt


def test_the_receipt_names_basis_and_fields_but_no_value(own: OwnHub) -> None:
    events = _life(own)
    number = events["ResidenceChanged"]["subject"]
    browser = own.browser()
    address = _open(browser, number)
    answer = browser.post(f"{address}/receipt", {"format": "csv", "reason": WHY})
    assert answer.headers["content-disposition"] == 'attachment; filename="dancu-receipt.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    card = next(row for row in rows if row["type"] == "IdentityCardIssued" and row["agency"] == "bank")
    assert (card["legal_basis"], card["purpose"]) == (
        f"consent: {events['ConsentGranted']['id']}",
        "customer-due-diligence",
    )
    moved = next(row for row in rows if row["type"] == "ResidenceChanged" and row["agency"] == "tax")
    assert moved["state"] == "delivered"
    assert moved["fields"].split() == list(own.scene.hub.rules.catalogue.views["tax", "ResidenceChanged"].fields)
    content = orjson.loads(browser.post(f"{address}/receipt", {"format": "json", "reason": WHY}).content)
    assert content["person"] == masked(number)
    assert len(content["received"]) == len(rows)
    everything = set().union(*map(telling, events.values()))
    assert not {value for value in everything if value in answer.text}
    assert len(own.audit("person.exported")) == 2


def test_long_histories_come_page_by_page(own: OwnHub) -> None:
    checks = [an_event("CardVerified", id=f"check-{turn:02d}", factid=f"check-{turn:02d}") for turn in range(60)]
    own.scene.run(*checks)
    browser = own.browser()
    address = _open(browser, checks[0]["subject"])
    first = _text(browser, address)
    found = re.search(r'href="([^"]+)" rel="next"', first)
    assert found is not None
    second = _text(browser, found[1])
    shown = re.findall(r'<tr data-event="([^"]+)">', first + second)
    assert shown == [one["id"] for one in checks]
    assert 'rel="next"' not in second


def test_auditors_see_who_has_looked_a_person_up(own: OwnHub) -> None:
    number = _life(own)["ResidenceChanged"]["subject"]
    operator, auditor = own.browser(), own.browser("thu", "auditor")
    text = _text(operator, _open(operator, number))
    assert "Ai đã tra cứu người này" not in text
    text = _text(auditor, _open(auditor, number))
    found = re.search(r'id="looked".*', text, re.DOTALL)
    assert found is not None
    assert re.findall(r" · (lan|thu) · person.looked_up", found[0]) == ["thu", "lan"]
