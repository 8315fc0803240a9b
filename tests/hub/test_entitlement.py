"""Who may still have what was kept back: by today's agreements, consents and protection, not by those of then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from hub.agreements import Agreements, Population
from hub.entitlement import Entitlement, all_may_go
from hub.eventlog import Record
from hub.registers.today import Today
from hub.topics import outbox
from schemas.conversion import days
from tests.hub.making import (
    CATALOGUE,
    DEATH,
    GRANT,
    HANOI,
    HOA,
    LAN,
    MAI,
    MOVE,
    NOW,
    SAIGON,
    SHIPPED,
    WITHDRAWAL,
    Hub,
    a_hub,
    admitted,
    agreement,
    event,
    limited,
    next_of,
)

_DAY = 86_400_000


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """A hub where Lan has allowed the bank to know of her moves, and has moved."""
    with a_hub(tmp_path) as hub:
        hub.run(event("ConsentGranted", "c1", GRANT), event("ResidenceChanged", "m1", MOVE))
        yield hub


def _asked(hub: Hub, agency: str, agreements: Agreements = SHIPPED, now: int = NOW) -> dict[str, str]:
    """Return event id → reason for everything in a feed that may not be handed out now."""
    records: list[Record] = hub.topic(outbox(agency))
    found = Entitlement(CATALOGUE, agreements, Today(hub.engine), lambda: now)(agency, records)
    return {str(record.headers["ce_id"]): found[record.position] for record in records if record.position in found}


def test_what_was_allowed_then_and_is_today_may_go(hub: Hub) -> None:
    assert hub.ids("bank") == ["c1", "m1"]
    assert _asked(hub, "bank") == {}
    assert _asked(hub, "tax") == {}


def test_after_a_withdrawal_only_the_word_of_it_may_go(hub: Hub) -> None:
    hub.run(event("ConsentWithdrawn", "c2", WITHDRAWAL))
    assert _asked(hub, "bank") == {"m1": "consent_withdrawn"}
    assert _asked(hub, "tax") == {}, "a statute needs no consent"


def test_a_consent_given_anew_counts_again(hub: Hub) -> None:
    hub.run(event("ConsentWithdrawn", "c2", WITHDRAWAL), event("ConsentGranted", "c3", GRANT))
    assert _asked(hub, "bank") == {}


def test_a_consent_that_has_expired_meanwhile_counts_no_more(tmp_path: Path) -> None:
    with a_hub(tmp_path) as hub:
        until = {**GRANT, "valid_until": "2026-12-01"}
        hub.run(event("ConsentGranted", "c1", until), event("ResidenceChanged", "m1", MOVE))
        assert _asked(hub, "bank") == {}
        assert _asked(hub, "bank", now=NOW + 30 * _DAY) == {"m1": "consent_expired"}


def test_an_annulment_follows_the_data_whatever_holds_today(hub: Hub) -> None:
    hub.run(next_of(event("ResidenceChanged", "m1", MOVE), "m2", "ANNULLED"))
    hub.flush()
    hub.run(event("ConsentWithdrawn", "c2", WITHDRAWAL))
    assert "m2" in hub.ids("bank")
    assert _asked(hub, "bank") == {"m1": "consent_withdrawn"}


def test_an_agreement_that_has_ended_or_names_the_type_no_more_gives_no_basis(hub: Hub) -> None:
    ended = agreement("tax", valid_until=days("2026-01-01"))
    assert _asked(hub, "tax", Agreements.of([ended])) == {"m1": "no_agreement"}
    narrowed = replace(SHIPPED.by_agency["tax"], grants={})
    assert _asked(hub, "tax", Agreements.of([narrowed])) == {"m1": "no_agreement"}
    assert _asked(hub, "tax", Agreements.of([])) == {"m1": "no_agreement"}


def test_a_person_who_is_no_customer_any_more_is_not_covered(hub: Hub) -> None:
    assert _asked(hub, "tax", limited("tax", Population(persons=frozenset({MAI})))) == {"m1": "not_in_population"}
    assert _asked(hub, "tax", limited("tax", Population(persons=frozenset({LAN})))) == {}


def test_a_customer_is_covered_under_an_earlier_number_too(hub: Hub) -> None:
    merger = event("PersonsMerged", "n1", {"merged_numbers": [HOA], "merged_on": "2025-08-05"}, subject=LAN)
    hub.run(merger)
    assert _asked(hub, "tax", limited("tax", Population(persons=frozenset({HOA})))) == {}


def test_a_strictly_protected_person_is_kept_from_agencies_of_some_provinces(hub: Hub) -> None:
    hub.run(event("AddressProtectionChanged", "p1", {"level": "STRICT", "valid_from": "2025-08-05"}))
    of_hanoi = limited("tax", Population(provinces=frozenset({"01"})))
    assert _asked(hub, "tax", of_hanoi) == {"m1": "protected"}


IN_HANOI = limited("tax", Population(provinces=frozenset({"01"})))


def _moved_to_saigon(folder: Path) -> Iterator[Hub]:
    """Yield a hub where Lan has lived in Hanoi, has been married there, and lives in Saigon now."""
    with a_hub(folder, agreements=IN_HANOI) as hub:
        to_saigon = {**MOVE, "to_address": SAIGON}
        hub.run(
            event("ResidenceChanged", "came", MOVE),
            event("MarriageRegistered", "married"),
            event("ResidenceChanged", "left", to_saigon),
        )
        assert hub.ids("tax") == ["came", "married", "left"]
        yield hub


def test_who_has_left_the_province_is_no_longer_covered_but_for_the_news_that_they_came_and_left(
    tmp_path: Path,
) -> None:
    for hub in _moved_to_saigon(tmp_path):
        assert _asked(hub, "tax", IN_HANOI) == {"married": "not_in_population"}
        back = event("ResidenceChanged", "back", MOVE)
        hub.run(back)
        assert _asked(hub, "tax", IN_HANOI) == {}, "and covered again when they come back"


def test_an_address_of_the_province_in_the_event_itself_covers_it(tmp_path: Path) -> None:
    for hub in _moved_to_saigon(tmp_path):
        assert _death(hub, HANOI) == {}
        assert _death(hub, SAIGON) == {1: "not_in_population"}


def _death(hub: Hub, home: dict[str, str]) -> Mapping[int, str]:
    """Return what may not go of a death that names an address, of a person who lives in Saigon by the registers."""
    message = admitted(event("DeathRegistered", "died", {**DEATH, "last_residence": home}))
    record = Record(1, NOW, LAN, message.value, message.headers)
    return Entitlement(CATALOGUE, IN_HANOI, Today(hub.engine), lambda: NOW)("tax", [record])


def test_where_nobody_knows_the_residence_what_was_addressed_goes(tmp_path: Path) -> None:
    with a_hub(tmp_path, agreements=IN_HANOI) as hub:
        hub.run(event("ResidenceChanged", "stay", {**MOVE, "kind": "TEMPORARY"}))
        assert hub.ids("tax") == ["stay"]
        assert _asked(hub, "tax", IN_HANOI) == {}


def test_what_can_not_be_read_is_for_others_to_say(hub: Hub) -> None:
    (record,) = hub.topic(outbox("tax"))
    nameless = record._replace(headers={})
    assert Entitlement(CATALOGUE, SHIPPED, Today(hub.engine), lambda: NOW)("tax", [nameless]) == {}
    assert all_may_go("tax", [record]) == {}
