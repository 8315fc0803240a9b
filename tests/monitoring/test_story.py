"""The story of one event tells everything that happened to it, and nothing about the person."""

from __future__ import annotations

import re
from pathlib import Path

import orjson
import pytest

from deploy.bootstrap import now_ms
from hub.deliveries import Deliveries, Request
from monitoring.evidence import MOST, Stores, gather
from monitoring.words import REASONS, STEPS
from replay.redeliver import make_due
from replay.selection import Selection
from tests.monitoring.scene import Scene, again, an_event, later, open_scene


def _replay(scene: Scene, agency: str) -> None:
    make_due(Deliveries(scene.hub.deliveries_db), Selection(agency), Request("lan", "titles repaired", now_ms()))


def test_an_event_that_nobody_sent_has_no_story(scene: Scene) -> None:
    scene.run(an_event())
    assert gather(Stores(scene.hub.log, scene.hub.registers_db, scene.hub.deliveries_db), "unknown") is None


def test_a_delivered_event_tells_basis_and_purpose_of_every_agency(scene: Scene) -> None:
    death = an_event()
    scene.run(death)
    for agency in scene.hub.agencies:
        scene.deliver(agency)
    story = scene.story(death["id"])
    assert (story.type, story.verdict) == ("DeathRegistered", "published")
    assert {name: one.state for name, one in story.agencies.items()} == {
        "bank": "withheld",
        "insurance": "delivered",
        "land": "delivered",
        "tax": "delivered",
        "welfare": "delivered",
    }
    for agency in ("insurance", "land", "tax", "welfare"):
        step, standing = scene.step(death["id"], "addressed", agency), story.agencies[agency]
        assert step.basis is not None
        assert step.basis.startswith("statute: ")
        assert (standing.legal_basis, standing.purpose) == (step.basis, step.purpose)
        assert standing.delivered_at == scene.step(death["id"], "delivered", agency).at
        assert scene.step(death["id"], "delivered", agency).attempt == 1
    assert [step.what for step in story.steps][:3] == ["received", "published", "withheld"]


def test_an_event_is_published_and_withheld_when_it_is_decided_about(scene: Scene) -> None:
    death, much_later = an_event(), now_ms() + 3_600_000
    scene.take(death)
    scene.decide(lambda: much_later / 1000)
    assert scene.step(death["id"], "received").at != much_later
    assert scene.step(death["id"], "published").at == much_later
    assert scene.step(death["id"], "withheld", "bank").at == much_later


def test_the_steps_are_in_order_of_time(scene: Scene) -> None:
    first = an_event()
    scene.run(first)
    scene.deliver("tax", first["id"])
    scene.run(first, later(first, "CORRECTED"))
    _replay(scene, "tax")
    scene.deliver("tax")
    times = [step.at for step in scene.story(first["id"]).steps]
    assert None not in times
    assert times == sorted(times, key=lambda at: at or 0)


def test_what_an_event_says_of_itself_is_told_without_the_person(scene: Scene) -> None:
    death = an_event()
    scene.run(death)
    step = scene.step(death["id"], "received")
    assert step.about["source"] == death["source"]
    assert (step.about["change"], step.about["fact_version"]) == ("CREATED", 1)
    assert scene.story(death["id"]).subject_masked == f"{death['subject'][:3]}•••••••{death['subject'][-2:]}"


def test_a_missing_consent_is_told_with_the_basis_that_is_missing(scene: Scene) -> None:
    death = an_event()
    scene.run(death)
    step = scene.step(death["id"], "withheld", "bank")
    assert (step.code, step.purpose) == ("no_consent", "customer-due-diligence")
    assert step.detail == "the basis would be the person's consent for customer-due-diligence"


def test_a_consent_that_is_the_basis_is_named(scene: Scene) -> None:
    consent = an_event("ConsentGranted")
    card = an_event("IdentityCardIssued")
    scene.run(consent, card)
    assert scene.step(card["id"], "addressed", "bank").basis == f"consent: {consent['id']}"


def test_addresses_that_protection_hides_are_told(scene: Scene) -> None:
    move = an_event("ResidenceChanged")
    level = {"level": "STRICT", "valid_from": "2025-08-05"}
    scene.run(an_event("AddressProtectionChanged", data=level), move)
    assert scene.step(move["id"], "addressed", "tax").notes == ["shielded"]


def test_repeats_under_the_same_id_are_told_each(scene: Scene) -> None:
    death = an_event()
    scene.run(death, death)
    scene.run(death)
    assert scene.steps(death["id"]).count("repeated") == 2
    assert scene.story(death["id"]).verdict == "published"


def test_an_event_repeated_without_end_still_has_a_story_that_ends(scene: Scene) -> None:
    death = an_event()
    scene.run(*[death] * (MOST + 6))
    repeats = [step for step in scene.story(death["id"]).steps if step.what == "repeated"]
    assert len(repeats) == MOST + 1
    assert repeats[-1].detail == "5 more times"


def test_both_sides_of_a_duplicate_name_each_other(scene: Scene) -> None:
    death = an_event()
    same = again(death)
    vital = again(death, source="/registers/residence/01", factid="R-1")
    scene.run(death, same, vital)
    for other, kind in ((same, "fact"), (vital, "vital")):
        assert scene.story(other["id"]).verdict == "duplicate"
        step = scene.step(other["id"], "duplicate")
        assert (step.code, step.event) == (kind, death["id"])
        assert scene.story(other["id"]).agencies == {}
    others = [step for step in scene.story(death["id"]).steps if step.what == "set_aside_other"]
    assert [(step.event, step.code) for step in others] == [(same["id"], "fact"), (vital["id"], "vital")]


def test_a_second_report_is_kept_and_published_when_the_first_is_annulled(scene: Scene) -> None:
    death = an_event()
    vital = again(death, source="/registers/residence/01", factid="R-1")
    scene.run(death, vital)
    assert scene.step(vital["id"], "kept_back").code == "second_report"
    scene.run(later(death, "ANNULLED"))
    assert scene.steps(vital["id"])[:4] == ["received", "duplicate", "kept_back", "published"]
    assert scene.step(vital["id"], "kept_back").code == "second_report"


def test_an_event_names_what_corrected_and_annulled_it(scene: Scene) -> None:
    death = an_event()
    corrected = later(death, "CORRECTED")
    annulled = later(corrected, "ANNULLED")
    scene.run(death, corrected)
    scene.run(annulled)
    assert scene.step(death["id"], "corrected").event == corrected["id"]
    assert scene.step(death["id"], "annulled").event == annulled["id"]
    assert scene.steps(annulled["id"]).count("corrected") == 0
    assert scene.step(annulled["id"], "received").about["previous_event_id"] == corrected["id"]


def test_relations_are_found_after_the_person_got_another_number(scene: Scene) -> None:
    change = an_event("PersonalNumberChanged")
    old, new = change["data"]["old_number"], change["data"]["new_number"]
    card = an_event("IdentityCardIssued", subject=old)
    scene.run(card, change)
    corrected = later(card, "CORRECTED", subject=new)
    scene.run(corrected)
    assert scene.step(card["id"], "corrected").event == corrected["id"]


def test_an_annulment_and_a_new_version_are_told_as_one_correction(tmp_path: Path) -> None:
    with open_scene(tmp_path, join=60) as scene:
        death = an_event()
        annulled = later(death, "ANNULLED")
        created = again(death, factversion=3)
        scene.run(death, annulled)
        kept = scene.step(annulled["id"], "kept_back")
        assert (kept.code, scene.story(annulled["id"]).verdict) == ("join", "held")
        assert kept.until == (kept.at or 0) + 60_000
        scene.run(created)
        assert scene.story(annulled["id"]).verdict == "joined"
        assert scene.steps(annulled["id"]) == ["received", "kept_back", "joined"]
        assert scene.step(annulled["id"], "joined").event == created["id"]
        assert scene.step(created["id"], "joined_other").event == annulled["id"]
        assert scene.step(death["id"], "corrected").event == created["id"]


def test_a_correction_without_original_waits_and_goes_out_marked(tmp_path: Path) -> None:
    with open_scene(tmp_path, wait=60) as scene:
        corrected = later(an_event(), "CORRECTED")
        scene.run(corrected)
        assert scene.step(corrected["id"], "kept_back").code == "previous"
        scene.hub.waiting().flush()
        scene.decide()
        scene.deliver("tax")
        assert scene.steps(corrected["id"])[:3] == ["received", "kept_back", "published"]
        assert scene.step(corrected["id"], "addressed", "tax").notes == ["unmatched"]


def test_parking_waiting_and_replay_are_told_with_who_and_why(scene: Scene) -> None:
    first = an_event()
    second = later(first, "CORRECTED")
    scene.run(first, second)
    scene.deliver("land", first["id"])
    assert scene.story(first["id"]).agencies["land"].state == "parked"
    assert scene.story(second["id"]).agencies["land"].state == "waiting"
    assert scene.step(second["id"], "waiting", "land").event == first["id"]
    parked = scene.step(first["id"], "parked", "land")
    assert (parked.code, parked.attempt) == ("constraint", 1)
    assert parked.detail == "no title of 001•••••••45 here"
    _replay(scene, "land")
    assert scene.story(first["id"]).agencies["land"].state == "pending"
    scene.deliver("land")
    told = [step for step in scene.story(first["id"]).steps if step.agency == "land"]
    assert [step.what for step in told] == ["addressed", "parked", "requested", "delivered"]
    assert (told[2].by, told[2].detail) == ("lan", "titles repaired")
    assert (told[3].by, told[3].attempt) == ("lan", 2)
    assert scene.story(second["id"]).agencies["land"].state == "delivered"


def test_what_the_pipeline_refuses_is_told_with_the_reason(scene: Scene) -> None:
    death = an_event()
    scene.run(death)
    scene.run(later(death, "CORRECTED", factversion=3))
    late = later(death, "CORRECTED", factversion=2)
    scene.run(late)
    story = scene.story(late["id"])
    assert (story.verdict, story.agencies) == ("late", {})
    assert scene.step(late["id"], "refused").code == "late"


def test_what_intake_refuses_is_told_and_so_is_what_came_under_the_id_later(scene: Scene) -> None:
    death = an_event()
    scene.run({**death, "factversion": "x"})
    story = scene.story(death["id"])
    assert (story.verdict, story.type, story.subject_masked) == ("refused", None, None)
    assert scene.step(death["id"], "refused").code == "schema"
    scene.run(death)
    assert scene.steps(death["id"])[:3] == ["refused", "received", "published"]
    assert scene.story(death["id"]).verdict == "published"


def test_what_waits_for_the_pipeline_is_told_as_received(scene: Scene) -> None:
    death = an_event()
    scene.take(an_event(), death)
    story = scene.story(death["id"])
    assert (story.verdict, story.type) == ("received", "DeathRegistered")
    assert scene.step(death["id"], "received").code == "undecided"


def test_what_waits_in_the_lane_of_mass_runs_is_told_as_received(scene: Scene) -> None:
    correction = an_event("PersonDetailsCorrected", bulkid="run-1")
    scene.take(correction)
    step = scene.step(correction["id"], "received")
    assert (step.at, step.code, step.about["bulk_id"]) == (None, "mass_run", "run-1")
    assert scene.hub.lane().let_in()
    scene.decide()
    assert scene.steps(correction["id"])[:2] == ["received", "published"]


@pytest.mark.parametrize("name", ["DeathRegistered", "ResidenceChanged", "PersonalNumberChanged", "MarriageRegistered"])
def test_no_story_holds_personal_data(scene: Scene, name: str) -> None:
    event = an_event(name)
    scene.run(event, event, again(event))
    scene.deliver("tax", event["id"])
    text = orjson.dumps(scene.story(event["id"]).as_json()).decode()
    numbers = set(re.findall(r"(?<![\w-])\d{12}(?![\w-])", text))
    assert numbers == set()
    for private in ("Thịnh", "Đội Cấn", "Lê Thánh Tôn", "Hoàng", event["subject"]):
        assert private not in text


def test_the_json_has_times_reasons_and_states(scene: Scene) -> None:
    death = an_event()
    scene.run(death)
    told = scene.story(death["id"]).as_json()
    assert list(told) == ["event_id", "type", "subject_masked", "verdict", "steps", "agencies"]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", step["at"]) for step in told["steps"])
    (withheld,) = [step for step in told["steps"] if step["what"] == "withheld"]
    assert withheld["reason"] == "the person has given no consent"
    assert told["agencies"]["bank"]["state"] == "withheld"
    assert told["agencies"]["tax"]["state"] == "pending"


def test_every_code_that_the_hub_gives_has_words() -> None:
    hub = Path(__file__).parents[2] / "hub"
    given = set()
    for module in (*hub.glob("intake/*.py"), *hub.glob("steps/*.py")):
        given |= set(
            re.findall(
                r'(?:Broken\(|return None, |return |Refusal\([^)]*?, )\s*"([a-z]+(?:_[a-z]+)+)"', module.read_text()
            )
        )
    assert given
    assert given - REASONS.keys() == set()
    assert all(words.vi != words.en for words in (*REASONS.values(), *STEPS.values()))
