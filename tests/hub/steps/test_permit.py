"""Who may have what: statute, consent, protection, and the data that annulments follow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub import headers as h
from hub.agreements import Agreements, Population
from hub.steps.project import HIDDEN_SOURCE
from tests.hub.making import (
    DEATH,
    GRANT,
    HANOI,
    MAI,
    MOVE,
    SHIPPED,
    WITHDRAWAL,
    Hub,
    a_hub,
    agreement,
    event,
    limited,
    next_of,
)

GRANTED = event("ConsentGranted", "c1", GRANT)
WITHDRAWN = event("ConsentWithdrawn", "c2", WITHDRAWAL)
MOVED = event("ResidenceChanged", "m1", MOVE)
AGAIN = event("ResidenceChanged", "m2", MOVE)


@pytest.fixture(params=[1, 1000], ids=["one by one", "in one batch"])
def limit(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with a_hub(tmp_path) as hub:
        yield hub


def protected(event_id: str, level: str) -> dict[str, object]:
    return event("AddressProtectionChanged", event_id, {"level": level, "valid_from": "2025-08-05"})


def test_a_statute_needs_no_consent_and_is_stamped(hub: Hub) -> None:
    hub.run(MOVED)
    headers = hub.sent_to("tax")[0]["_"]
    assert headers[h.LEGAL_BASIS].startswith("statute: Law on Tax Administration")
    assert headers[h.PURPOSE] == "tax-administration"
    assert not {h.PROVINCES, h.RESIDENCE, h.VITAL} & headers.keys()


def test_without_consent_the_bank_gets_nothing(hub: Hub) -> None:
    hub.run(MOVED)
    assert hub.ids("bank") == []
    assert hub.withheld("bank") == [("m1", "no_consent")]
    assert hub.tallies() == {("withheld", "bank"): 1}


def test_a_consent_holds_from_its_event_to_its_withdrawal(hub: Hub, limit: int) -> None:
    hub.run(MOVED, GRANTED, AGAIN, WITHDRAWN, event("ResidenceChanged", "m3", MOVE), limit=limit)
    assert hub.ids("bank") == ["c1", "m2", "c2"]
    assert hub.sent_to("bank")[1]["_"][h.LEGAL_BASIS] == "consent: c1"
    assert hub.withheld("bank") == [("m1", "no_consent"), ("m3", "consent_withdrawn")]


def test_a_consent_ends_with_its_last_day_in_vietnam(hub: Hub, limit: int) -> None:
    last_day = event("ConsentGranted", "c1", {**GRANT, "valid_until": "2026-11-22"})
    hub.run(last_day, MOVED, limit=limit)
    hub.send(AGAIN, after=16 * 3_600_000)  # 00:00 of the 23rd in Vietnam
    hub.run()
    assert hub.ids("bank") == ["c1", "m1"]
    assert hub.withheld("bank") == [("m2", "consent_expired")]


def test_an_annulled_consent_gives_nothing_any_more(hub: Hub) -> None:
    hub.run(GRANTED, MOVED, next_of(GRANTED, "c3", "ANNULLED"))
    hub.flush()
    hub.run(AGAIN)
    assert hub.ids("bank") == ["c1", "m1", "c3"]
    assert hub.withheld("bank") == [("m2", "consent_withdrawn")]


def test_a_withdrawal_behind_released_events_is_the_last_word(hub: Hub) -> None:
    """What was kept back is published before it, though in the same batch."""
    correction = next_of(MOVED, "m1b", "CORRECTED")
    hub.run(correction, GRANTED)
    hub.run(MOVED, WITHDRAWN, event("CardVerified", "x", subject=MAI))
    hub.run(AGAIN)
    assert hub.ids("bank") == ["c1", "c2"]
    assert hub.withheld("bank")[-1] == ("m2", "consent_withdrawn")


@pytest.mark.parametrize("other", [{"agency": "telecom"}, {"purpose": "marketing"}])
def test_a_consent_for_another_agency_or_purpose_gives_the_bank_nothing(hub: Hub, other: dict[str, str]) -> None:
    hub.run(event("ConsentGranted", "c1", GRANT | other), MOVED)
    assert hub.ids("bank") == ([] if "agency" in other else ["c1"])
    assert hub.withheld("bank") == [("m1", "no_consent")]


def test_an_annulment_follows_the_data_when_the_consent_has_ended(hub: Hub, limit: int) -> None:
    hub.run(GRANTED, MOVED, WITHDRAWN, next_of(MOVED, "m1a", "ANNULLED"), limit=limit)
    hub.flush()
    assert hub.ids("bank") == ["c1", "m1", "c2", "m1a"]
    assert hub.sent_to("bank")[-1]["_"][h.LEGAL_BASIS] == "follows: annuls what bank received"


def test_an_annulment_does_not_go_where_the_data_never_was(hub: Hub, limit: int) -> None:
    hub.run(MOVED, GRANTED, next_of(MOVED, "m1a", "ANNULLED"), limit=limit)
    hub.flush()
    assert hub.ids("bank") == ["c1"]
    assert hub.withheld("bank") == [("m1", "no_consent")]


def test_an_agreement_that_has_ended_gives_nothing_but_annulments(tmp_path: Path) -> None:
    ended = dict(SHIPPED.by_agency) | {"tax": agreement("tax", valid_until=20_000)}
    with a_hub(tmp_path) as hub:
        hub.run(MOVED)
    with a_hub(tmp_path, agreements=Agreements.of(ended.values())) as hub:
        hub.run(AGAIN, next_of(MOVED, "m1a", "ANNULLED"))
        hub.flush()
        assert hub.ids("tax") == ["m1", "m1a"]
        assert hub.withheld("tax") == [("m2", "no_agreement")]


def test_protection_is_told_to_a_consent_agency_only_if_it_knows_the_person(hub: Hub, limit: int) -> None:
    hub.run(protected("p1", "STRICT"), GRANTED, protected("p2", "NONE"), limit=limit)
    assert hub.ids("bank") == ["c1", "p2"]
    assert hub.ids("tax") == ["p1", "p2"]


def test_at_strict_no_address_leaves_to_anyone(hub: Hub, limit: int) -> None:
    died = event("DeathRegistered", "d1", {**DEATH, "last_residence": HANOI, "death_place": HANOI})
    hub.run(GRANTED, protected("p1", "STRICT"), MOVED, died, limit=limit)
    for agency in ("tax", "insurance", "welfare", "bank"):
        for told in hub.sent_to(agency):
            assert not [told[f] for f in ("to_address", "from_address", "last_residence", "death_place") if told.get(f)]
            if told["event_id"] != "c1":
                assert told["source"] == told["_"][h.SOURCE] == HIDDEN_SOURCE


def test_at_confidential_only_the_bank_gets_no_address(hub: Hub, limit: int) -> None:
    hub.run(GRANTED, protected("p1", "CONFIDENTIAL"), MOVED, limit=limit)
    assert hub.sent_to("bank")[-1]["to_address"] is None
    assert hub.sent_to("tax")[-1]["to_address"]["ward_code"] == HANOI["ward_code"]


@pytest.mark.parametrize("ended", ["CEASED", "lowered"])
def test_protection_ends_with_its_event(hub: Hub, limit: int, ended: str) -> None:
    strict = protected("p1", "STRICT")
    lower = next_of(strict, "p2", "CEASED") if ended == "CEASED" else protected("p2", "NONE")
    hub.run(strict, MOVED, lower, AGAIN, limit=limit)
    addresses = {e["event_id"]: e.get("to_address") for e in hub.sent_to("tax")}
    assert addresses["m1"] is None
    assert addresses["m2"] is not None


def test_a_province_gets_nothing_new_about_the_strictly_protected(tmp_path: Path) -> None:
    hanoi_only = limited("welfare", Population(provinces=frozenset({"01"})))
    with a_hub(tmp_path, agreements=hanoi_only) as hub:
        hub.run(MOVED, protected("p1", "STRICT"), AGAIN, next_of(MOVED, "m1a", "ANNULLED"))
        hub.run(protected("p2", "STRICT") | {"subject": MAI})
        hub.flush()
        assert hub.ids("welfare") == ["m1", "p1", "m1a"]
        assert hub.withheld("welfare") == [("m2", "protected")]
