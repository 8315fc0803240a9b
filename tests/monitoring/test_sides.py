"""An event beside what each agency sees of it: nothing personal before it is revealed, protection by today's state."""

from __future__ import annotations

from typing import Any

from hub.registers.today import Today
from monitoring.evidence import Stores
from monitoring.looking import EventLook, Looking
from monitoring.sides import Row, Sight
from tests.monitoring.scene import Scene, again, an_event, later

STRICT = {"level": "STRICT", "valid_from": "2025-08-05"}


def looking(scene: Scene) -> Looking:
    """Return what looks events up in a scene."""
    hub = scene.hub
    stores = Stores(hub.log, hub.registers_db, hub.deliveries_db)
    return Looking(stores, hub.rules, Today(hub.registers_db), hub.entitlement())


def _look(scene: Scene, event: dict[str, Any], *, revealed: bool = False) -> EventLook:
    found = looking(scene).of(event["id"], revealed=revealed)
    assert found is not None
    return found


def _row(look: EventLook, path: str) -> Row:
    (row,) = [row for row in look.rows if row.path == path]
    return row


def _said(value: Any) -> set[str]:
    """Return every text that an event says of its person, whatever it is nested in."""
    if isinstance(value, dict):
        return set().union(*map(_said, value.values()))
    return {text for one in value for text in _said(one)} if isinstance(value, list) else {str(value)}


def test_the_original_and_each_view_stand_side_by_side(scene: Scene) -> None:
    death = an_event()
    scene.run(death)
    scene.deliver("tax")
    look = _look(scene, death, revealed=True)
    assert [side.agency for side in look.sides] == ["insurance", "land", "tax", "welfare"]
    died_on = _row(look, "died_on")
    assert died_on.text == death["data"]["died_on"]
    assert {one.sight for one in died_on.seen.values()} == {Sight.SAME}
    family = _row(look, "name.family")
    assert family.text == death["data"]["name"]["family"]
    tax = scene.hub.rules.catalogue.views["tax", "DeathRegistered"].fields
    expected = Sight.SAME if "name" in tax else Sight.NOT_SHOWN
    assert family.seen["tax"].sight is expected
    assert _row(look, "certificate_number").about.vi


def test_a_field_outside_the_view_is_not_shown_to_the_agency(scene: Scene) -> None:
    death = an_event()
    scene.run(death)
    look = _look(scene, death, revealed=True)
    for side in look.sides:
        for row in look.rows:
            field = row.path.partition(".")[0]
            if field in death["data"] and field not in side.view.fields:
                assert row.seen[side.agency] == (Sight.NOT_SHOWN, None)


def test_what_was_handed_out_and_what_waits_look_the_same(scene: Scene) -> None:
    """An agency that has not been served yet is shown what it will get."""
    move = an_event("ResidenceChanged")
    scene.run(move)
    before = _look(scene, move, revealed=True)
    scene.deliver("tax")
    after = _look(scene, move, revealed=True)
    assert before.rows == after.rows
    assert ([side.made for side in before.sides if side.agency == "tax"]) == [True]
    assert ([side.made for side in after.sides if side.agency == "tax"]) == [False]


def test_nothing_personal_is_there_before_it_is_revealed(scene: Scene) -> None:
    for name in ("DeathRegistered", "ResidenceChanged", "BirthRegistered", "MarriageRegistered", "IdentityCardIssued"):
        event = an_event(name)
        scene.run(event)
        look = _look(scene, event)
        shown = {text for row in look.rows for text in (row.text, *(one.text for one in row.seen.values())) if text}
        assert not shown & _said(event["data"])
        assert event["subject"] not in repr(shown)
        assert _row(look, "subject").text == f"{event['subject'][:3]}•••••••{event['subject'][-2:]}"


def test_revealed_everything_is_there(scene: Scene) -> None:
    birth = an_event("BirthRegistered")
    scene.run(birth)
    shown = {row.text for row in _look(scene, birth, revealed=True).rows}
    assert _said(birth["data"]) <= shown
    assert birth["subject"] in shown


def test_the_address_of_a_strictly_protected_person_is_on_no_screen(scene: Scene) -> None:
    move = an_event("ResidenceChanged")
    scene.run(move)
    scene.deliver("tax")
    scene.run(an_event("AddressProtectionChanged", data=STRICT))
    look = _look(scene, move, revealed=True)
    assert look.strict
    address = _said(move["data"]["to_address"]) | {move["source"]}
    texts = {text for row in look.rows for text in (row.text, *(one.text for one in row.seen.values())) if text}
    assert not texts & (address - {"VN34", move["data"]["moved_on"]})
    assert "source" not in {name for step in look.story.steps for name in step.about}
    (tax,) = [side for side in look.sides if side.agency == "tax"]
    assert (tax.hidden, tax.was_open) == (True, True)
    assert _row(look, "to_address.province_code").seen["tax"].sight in (Sight.PROTECTED, Sight.NOT_SHOWN)


def test_a_source_is_as_it_is_for_everybody_else(scene: Scene) -> None:
    move = an_event("ResidenceChanged")
    scene.run(move)
    look = _look(scene, move)
    assert _row(look, "source").text == move["source"]
    assert look.story == scene.story(move["id"])


def test_what_today_would_not_be_handed_out_again_says_why(scene: Scene) -> None:
    consent, card = an_event("ConsentGranted"), an_event("IdentityCardIssued")
    scene.run(consent, card)
    scene.deliver("bank")
    assert [side.barred for side in _look(scene, card).sides if side.agency == "bank"] == [None]
    scene.run(an_event("ConsentWithdrawn"))
    assert [side.barred for side in _look(scene, card).sides if side.agency == "bank"] == ["consent_withdrawn"]


def test_an_event_that_intake_refused_has_no_original_to_show(scene: Scene) -> None:
    broken = an_event()
    del broken["data"]["died_on"]
    scene.run(broken)
    look = _look(scene, broken)
    assert (look.rows, look.missing, look.story.verdict) == ((), "refused", "refused")


def test_an_annulment_has_nothing_but_its_envelope(scene: Scene) -> None:
    death = an_event()
    annulled = later(death, "ANNULLED")
    scene.run(death)
    scene.run(annulled)
    look = _look(scene, annulled, revealed=True)
    assert not [row.path for row in look.rows if row.given and row.path in death["data"]]
    assert _row(look, "previous_event_id").text == death["id"]


def test_a_duplicate_is_shown_too(scene: Scene) -> None:
    death = an_event()
    second = again(death)
    scene.run(death, second)
    look = _look(scene, second)
    assert look.story.verdict == "duplicate"
    assert look.rows
    assert not look.sides


def test_an_id_that_nobody_sent_is_not_known(scene: Scene) -> None:
    assert looking(scene).of("unknown") is None
