"""The page of one event: the story that `dancu explain` tells, and its content only for those who say why."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from hub.discretion import masked
from monitoring.console.looks import REVEALED
from monitoring.words import STEPS, reason
from tests.monitoring.console.own_hub import Browser, OwnHub, open_own_hub, telling
from tests.monitoring.console.scene import Scene
from tests.monitoring.scene import again, an_event, later, open_scene

_STEP = re.compile(r'<li class="[a-z]*" data-step="(\w+)"(?: data-agency="(\w+)")?(?: data-code="(\w+)")?>')
STRICT = {"level": "STRICT", "valid_from": "2025-08-05"}
WHY = {"reason": "công dân hỏi ở quầy 5"}
TYPES = (
    "BirthRegistered",
    "ResidenceChanged",
    "MarriageRegistered",
    "IdentityCardIssued",
    "PersonDetailsCorrected",
    "DeathRegistered",
    "ConsentGranted",
)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[OwnHub]:
    with open_own_hub(tmp_path / "home") as own:
        yield own


def _page(browser: Browser, event: dict[str, Any] | str) -> str:
    answer = browser.get(f"/console/events/{event if isinstance(event, str) else event['id']}")
    assert answer.status_code == 200
    return unescape(answer.text)


def _reveal(browser: Browser, event: dict[str, Any]) -> None:
    answer = browser.post("/console/reveal", {"event_id": event["id"], **WHY})
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/console/events/{event['id']}#content"


def test_nothing_personal_is_in_a_page_before_it_is_asked_for(own: OwnHub) -> None:
    events = {name: an_event(name) for name in TYPES}
    own.scene.run(*events.values())
    own.scene.deliver("tax")
    own.scene.deliver("land", events["DeathRegistered"]["id"])
    everything = set().union(*map(telling, events.values()))
    browser = own.browser("thu", "auditor")
    pages = [_page(browser, event) for event in events.values()]
    pages.append(unescape(browser.get("/console/events").text))
    for text in pages:
        assert not {value for value in everything if value in text}
    assert all(masked(event["subject"]) in text for event, text in zip(events.values(), pages, strict=False))


def test_a_reveal_shows_everything_is_recorded_and_ends(own: OwnHub) -> None:
    death = an_event()
    own.scene.run(death)
    browser = own.browser()
    _reveal(browser, death)
    shown = _page(browser, death)
    assert {value for value in telling(death) if value in shown} == telling(death)
    (entry,) = own.audit("event.revealed")
    assert (entry.by, entry.subject, entry.reason, entry.detail) == ("lan", death["id"], WHY["reason"], {})
    own.clock.ahead = REVEALED + 1000
    covered = _page(browser, death)
    assert not {value for value in telling(death) if value in covered}


def test_a_reveal_is_for_one_session_and_one_event_and_kept_by_nobody(own: OwnHub) -> None:
    death, birth = an_event(), an_event("BirthRegistered")
    own.scene.run(birth, death)
    browser, same_person, other = own.browser(), own.browser(), own.browser("minh", "approver")
    _reveal(browser, death)
    answer = browser.get(f"/console/events/{death['id']}")
    assert answer.headers["cache-control"] == "no-store"
    assert death["subject"] in answer.text
    for who, event in ((same_person, death), (other, death), (browser, birth)):
        assert event["subject"] not in _page(who, event)


def test_what_is_shown_can_be_covered_at_once(own: OwnHub) -> None:
    death = an_event()
    own.scene.run(death)
    browser = own.browser()
    _reveal(browser, death)
    assert browser.post("/console/conceal", {"event_id": death["id"]}).status_code == 303
    assert death["subject"] not in _page(browser, death)


def test_a_viewer_may_look_but_not_reveal(own: OwnHub) -> None:
    death = an_event()
    own.scene.run(death)
    viewer = own.browser("an", "viewer")
    assert "/console/reveal" not in _page(viewer, death)
    assert viewer.post("/console/reveal", {"event_id": death["id"], **WHY}).status_code == 403
    assert not own.audit("event.revealed")


def test_a_reveal_takes_a_reason_and_no_number_in_it_is_kept(own: OwnHub) -> None:
    death = an_event()
    own.scene.run(death)
    browser = own.browser()
    assert browser.post("/console/reveal", {"event_id": death["id"], "reason": " "}).status_code == 422
    assert browser.post("/console/reveal", {"event_id": "unknown", **WHY}).status_code == 404
    assert not own.audit("event.revealed")
    browser.post("/console/reveal", {"event_id": death["id"], "reason": f"về {death['subject']}"})
    (entry,) = own.audit("event.revealed")
    assert entry.reason == f"về {masked(death['subject'])}"


def test_the_address_of_a_strictly_protected_person_stays_hidden(own: OwnHub) -> None:
    move = an_event("ResidenceChanged")
    own.scene.run(move, an_event("AddressProtectionChanged", data=STRICT))
    browser = own.browser()
    _reveal(browser, move)
    text = _page(browser, move)
    assert move["subject"] in text
    assert move["source"] not in text
    assert move["data"]["to_address"]["detail"] not in text
    assert move["data"]["to_address"]["ward_code"] not in text


def _steps(text: str) -> list[tuple[str, str, str]]:
    return _STEP.findall(text)


def _compare(own: OwnHub, browser: Browser, event_id: str) -> None:
    story, text = own.scene.story(event_id), _page(browser, event_id)
    told = [(step.what, step.agency or "", step.code or "") for step in story.steps]
    assert _steps(text) == told
    for step in story.steps:
        assert STEPS[step.what].vi in text
        assert step.code is None or reason(step.code).vi in text
        for word in (step.detail, step.basis, step.purpose, step.by):
            assert word is None or word in text
    standings = re.findall(r'<tr data-agency="(\w+)" data-state="(\w+)"', text)
    assert standings == [(name, one.state) for name, one in story.agencies.items()]


def test_the_page_tells_the_story_of_every_kind_of_event(tmp_path: Path) -> None:
    with open_own_hub(tmp_path / "home") as own:
        death = an_event()
        corrected, annulled = later(death, "CORRECTED"), later(later(death, "CORRECTED"), "ANNULLED")
        orphan = an_event("MarriageRegistered", "CORRECTED")
        repeated = again(death)
        events = [death, repeated, corrected, orphan]
        own.scene.run(*events, death)
        own.scene.deliver("tax", death["id"])
        own.scene.deliver("land")
        own.scene.run({**annulled, "previousid": corrected["id"]})
        browser = own.browser()
        for event in (*events, annulled):
            _compare(own, browser, event["id"])
        assert "duplicate" in [what for what, *_ in _steps(_page(browser, repeated))]
        assert "annulled" in [what for what, *_ in _steps(_page(browser, death))]


def test_what_is_kept_back_says_why_and_until_when(tmp_path: Path) -> None:
    with open_scene(tmp_path / "home", join=3600, wait=3600) as patient:
        patient.run(death := an_event())
        patient.run(annulled := later(death, "ANNULLED"))
        assert patient.step(annulled["id"], "kept_back").code == "join"
    with open_own_hub(tmp_path / "home") as own:
        _compare(own, own.browser(), annulled["id"])
        assert "chờ bản mới của cùng việc" in _page(own.browser(), annulled)


def test_what_is_withheld_says_which_basis_is_missing(own: OwnHub) -> None:
    death = an_event()
    own.scene.run(death)
    browser = own.browser()
    text = _page(browser, death)
    assert 'data-agency="bank" data-state="withheld" data-code="no_consent"' in text
    assert "Còn thiếu: sự đồng ý của công dân cho customer-due-diligence" in text
    english = unescape(browser.get(f"/console/events/{death['id']}?lang=en").text)
    assert "What is missing: the person's consent for customer-due-diligence" in english


def test_what_an_agency_did_not_take_leads_to_its_replay(own: OwnHub) -> None:
    death = an_event()
    own.scene.run(death)
    own.scene.deliver("land", death["id"])
    assert f"/console/failures?agency=land&event_ids={death['id']}" in _page(own.browser(), death)


def test_an_unknown_id_says_what_to_do(own: OwnHub) -> None:
    browser = own.browser()
    for answer in (browser.get("/console/events/nobody"), browser.post("/console/events", {"event_id": "nobody"})):
        assert answer.status_code == 404
        assert "dancu ingest" in unescape(answer.text)


def test_a_search_leads_to_the_event_whatever_its_id(own: OwnHub) -> None:
    odd = an_event() | {"id": "KS/01 ?#å&x=1"}
    own.scene.run(odd)
    browser = own.browser()
    found = browser.post("/console/events", {"event_id": f" {odd['id']} "})
    assert found.status_code == 303
    assert odd["id"] in unescape(browser.get(found.headers["location"]).text)


def test_an_id_in_which_a_source_has_put_a_number_goes_into_no_address(own: OwnHub) -> None:
    odd = an_event() | {"id": "KS-001190012345-1"}
    own.scene.run(odd)
    browser = own.browser()
    found = browser.post("/console/events", {"event_id": odd["id"]})
    assert found.status_code == 200
    assert 'data-step="received"' in found.text
    revealed = browser.post("/console/reveal", {"event_id": odd["id"], **WHY})
    assert odd["subject"] in revealed.text
    assert own.audit("event.revealed")[0].subject == "KS-001•••••••45-1"


def test_a_personal_number_is_no_id_and_goes_into_no_address(own: OwnHub) -> None:
    answer = own.browser().post("/console/events", {"event_id": "001 190 012 345"})
    assert answer.status_code == 422
    assert "Công dân" in answer.text
    assert "012 345" not in answer.text


def test_what_was_refused_or_set_aside_is_listed_the_newest_first(own: OwnHub) -> None:
    death, broken = an_event(), an_event()
    del broken["data"]["died_on"]
    own.scene.run(death, second := again(death))
    own.scene.run(broken, b'{"nothing": "readable"}', b"no json")
    text = unescape(own.browser().get("/console/events").text)
    assert re.findall(r'<tr data-verdict="(\w+)">', text)[-1] == "duplicate"
    assert f"/console/events/{second['id']}" in text
    assert f"/console/events/{broken['id']}" in text
    assert "không phải JSON" in text


def test_the_page_shows_what_explain_shows(scene: Scene) -> None:
    """In the country's hub, against the command itself."""
    chosen = [scene.facts.parked["tax"][0], scene.facts.by_intent["same_fact"][0], scene.facts.by_intent["annulled"][0]]
    with scene.client("an") as http:
        for event_id in chosen:
            told = scene.json("explain", event_id)
            text = http.get(f"/console/events/{event_id}?lang=en").text
            steps = [(what, agency) for what, agency, _ in _steps(text)]
            assert steps == [(one["what"], one.get("agency", "")) for one in told["steps"]]
            standings = dict(re.findall(r'<tr data-agency="(\w+)" data-state="(\w+)"', text))
            assert standings == {name: one["state"] for name, one in told["agencies"].items()}
