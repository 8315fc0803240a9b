"""What holds for a person today, told from acts alone; and that a look at one person reads no table through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from deploy.bootstrap import now_ms
from hub.database import reading
from hub.registers import tables as t
from monitoring.asides import lately
from monitoring.evidence import Stores
from monitoring.person.acts import Act, acts_of
from monitoring.person.facts import Fact, current_facts
from monitoring.person.history import every_page, page_of, received
from monitoring.person.receipt import as_csv
from tests.monitoring.scene import Scene, again, an_event, later

HERE = {"code_system": "VN34", "province_code": "79", "ward_code": None, "detail": None}
THERE = {"code_system": "VN63", "province_code": "01", "ward_code": None, "detail": "Số 7"}
TODAY = 20_700


def _act(type_name: str, position: int, change: str = "CREATED", **content: Any) -> Act:
    return Act(type_name, f"event-{position}", position, change, content)


def _facts(*acts: Act, strict: bool = False) -> dict[str, Fact]:
    return {fact.what: fact for fact in current_facts(acts, TODAY, strict=strict)}


def test_somebody_of_whom_nothing_is_known_has_no_facts() -> None:
    assert not _facts()


def test_the_last_permanent_move_is_the_residence() -> None:
    first = _act("ResidenceChanged", 1, kind="PERMANENT", to_address=THERE, moved_on=20_000)
    second = _act("ResidenceChanged", 2, kind="PERMANENT", to_address=HERE, moved_on=20_100)
    late = _act("ResidenceChanged", 3, kind="PERMANENT", to_address=THERE, moved_on=19_000)
    assert _facts(first, second, late)["residence"].value == "Thành phố Hồ Chí Minh"


def test_a_residence_that_ended_holds_no_more() -> None:
    birth = _act("BirthRegistered", 1, residence=THERE, born_on=10_000)
    move = _act("ResidenceChanged", 2, "CEASED", kind="PERMANENT", to_address=HERE, moved_on=20_100)
    assert _facts(birth)["residence"].value == "Số 7, Thành phố Hà Nội"
    assert "residence" not in _facts(birth, move)


@pytest.mark.parametrize(("until", "holds"), [(None, True), (TODAY, True), (TODAY - 1, False)])
def test_a_temporary_residence_holds_until_its_last_day(until: int | None, holds: bool) -> None:
    move = _act("ResidenceChanged", 1, kind="TEMPORARY", to_address=HERE, moved_on=20_100, until=until)
    assert ("temporary_residence" in _facts(move)) is holds


def test_a_marriage_holds_until_it_ends_and_another_one_begins() -> None:
    made = _act("MarriageRegistered", 1, married_on=15_000)
    ended = _act("MarriageEnded", 2, ended_on=16_000, reason="DIVORCE")
    again_ = _act("MarriageRegistered", 3, married_on=17_000)
    assert _facts(made)["marriage"].value == "MARRIED"
    assert _facts(made, ended)["marriage"].value == "ENDED_DIVORCE"
    assert _facts(made, ended, again_)["marriage"].value == "MARRIED"


def test_of_two_cards_the_newer_holds_and_an_old_one_is_expired() -> None:
    old = _act("IdentityCardIssued", 1, document_number="001", issued_on=10_000, expires_on=TODAY - 1)
    new = _act("IdentityCardIssued", 2, document_number="002", issued_on=20_000, previous_document_number="001")
    assert _facts(old)["card_state"].value == "EXPIRED"
    assert (_facts(old, new)["card"].value, _facts(old, new)["card_state"].value) == ("002", "VALID")


def test_a_card_that_was_reported_lost_is_lost() -> None:
    assert _facts(_act("IdentityCardIssued", 1, "CEASED", document_number="001"))["card_state"].value == "LOST"


def test_the_newest_word_on_a_name_holds() -> None:
    birth = _act("BirthRegistered", 1, name={"family": "Trần", "middle": None, "given": "Huy"}, sex="MALE")
    right = _act("PersonDetailsCorrected", 2, name={"family": "Trần", "middle": "Gia", "given": "Huy"})
    assert _facts(birth, right)["name"].value == "Trần Gia Huy"
    assert _facts(birth, right)["sex"].event_id == "event-1"


def test_a_dead_person_is_dead_since_the_day_that_is_told() -> None:
    facts = _facts(_act("BirthRegistered", 1), _act("DeathRegistered", 2, died_on=20_000))
    assert (facts["life"].value, facts["life"].since) == ("DECEASED", "2024-10-04")


def test_of_a_strictly_protected_person_no_place_is_told() -> None:
    birth = _act("BirthRegistered", 1, birth_place=HERE, residence=HERE)
    facts = _facts(birth, strict=True)
    assert [facts[what].value for what in ("residence", "birth_place")] == [None, None]
    assert facts["residence"].protected


def test_an_act_that_was_annulled_stands_no_more(scene: Scene) -> None:
    death = an_event()
    scene.run(death)
    assert [act.type for act in _acts(scene, death["subject"])] == ["DeathRegistered"]
    scene.run(later(death, "ANNULLED"))
    assert not _acts(scene, death["subject"])


def _stores(scene: Scene) -> Stores:
    return Stores(scene.hub.log, scene.hub.registers_db, scene.hub.deliveries_db)


def test_how_an_event_stands_is_told_as_in_its_story(scene: Scene) -> None:
    move = an_event("ResidenceChanged")
    death = an_event(subject=move["subject"], data={"died_on": "2025-08-04"})
    scene.run(move)
    scene.deliver("tax", move["id"])
    scene.deliver("insurance")
    scene.run(death)
    scene.deliver("tax")
    scene.hub.contacts.asked_behind("welfare", 1, now_ms())
    scene.hub.contacts.flush()
    for event in every_page(_stores(scene), [move["subject"]]):
        told = scene.story(event.event_id).agencies
        shown = {one.agency: (one.state, one.basis, one.delivered_at, one.code) for one in event.shares}
        kept = {name: (one.state, one.legal_basis, one.delivered_at, one.code) for name, one in told.items()}
        assert shown == kept
    assert scene.story(move["id"]).agencies["tax"].state == "parked"
    assert scene.story(death["id"]).agencies["tax"].state == "waiting"
    assert scene.story(move["id"]).agencies["welfare"].state == "delivered"
    assert scene.story(death["id"]).agencies["welfare"].state == "pending"


def _acts(scene: Scene, number: str) -> list[Act]:
    return acts_of(scene.hub.registers_db, [number], lambda _: {})


def test_verifications_and_consents_are_no_acts(scene: Scene) -> None:
    scene.run(an_event("CardVerified"), an_event("ConsentGranted"), move := an_event("ResidenceChanged"))
    assert [act.type for act in _acts(scene, move["subject"])] == ["ResidenceChanged"]


def test_pages_give_every_event_once_in_order(scene: Scene) -> None:
    moves = [an_event("ResidenceChanged", id=f"move-{turn}", factid=f"move-{turn}") for turn in range(7)]
    scene.run(*moves[:4])
    scene.run(*moves[4:], again(moves[0]))
    number = moves[0]["subject"]
    found, after = [], (0, -1)
    while page := page_of(_stores(scene), [number], after, 3):
        found += [event.event_id for event in page]
        after = page[-1].place
    assert found == [event.event_id for event in every_page(_stores(scene), [number])]
    assert found[:7] == [move["id"] for move in moves]
    assert len(found) == 8


def test_what_everybody_has_is_summed_up(scene: Scene) -> None:
    card = an_event("IdentityCardIssued")
    scene.run(card)
    have, events = received(scene.hub.registers_db, [card["subject"]])
    assert events == 1
    assert {one.agency: (one.events, one.withheld) for one in have} == {"bank": (0, 1), "insurance": (1, 0)}


def test_what_was_set_aside_is_cut_at_the_limit(scene: Scene) -> None:
    death = an_event()
    scene.run(death, *[death] * 5, b"1", b"2")
    assert len(lately(scene.hub.registers_db, 3)) == 3
    assert {one.reason for one in lately(scene.hub.registers_db)} == {"event_id", "not_an_object"}


def test_no_cell_of_a_receipt_is_a_formula() -> None:
    row = {"event_id": "=1+1", "type": "@x", "agency": None, "fields": ["a", "b"]}
    text = as_csv([dict.fromkeys(as_csv([]).removeprefix("\ufeff").strip().split(","), "") | row])
    assert "'=1+1" in text
    assert "'@x" in text
    assert "a b" in text


@pytest.mark.parametrize(
    "look",
    [
        lambda scene: page_of(_stores(scene), ["001190012345"]),
        lambda scene: received(scene.hub.registers_db, ["001190012345"]),
        lambda scene: _acts(scene, "001190012345"),
    ],
)
def test_a_look_at_one_person_goes_by_the_index(scene: Scene, look: Callable[[Scene], object]) -> None:
    scene.run(an_event())
    asked: list[tuple[str, Any]] = []
    engine = scene.hub.registers_db

    @sa.event.listens_for(engine, "before_cursor_execute")
    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    look(scene)
    sa.event.remove(engine, "before_cursor_execute", note)
    assert asked
    with reading(engine) as connection:
        for statement, parameters in asked:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            assert not [row for row in plan if f"SCAN {t.events.name}" in row[3]]
            assert not [row for row in plan if "USING INTEGER PRIMARY KEY" in row[3]]
