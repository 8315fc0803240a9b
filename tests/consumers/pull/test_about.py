"""What an agency may know about its feed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from consumers.feed_end import last_position
from consumers.pull.about import agreement_json
from hub.agreements import Population
from hub.eventlog.sqlite import SqliteLog
from tests.consumers.pull.scene import Scene, person, sender
from tests.hub.making import CATALOGUE, a_hub, agreement


def test_the_position_leads_behind_the_last_event(scene: Scene) -> None:
    begin = scene.get("/feeds/tax/position").json
    scene.move(2)
    end = scene.get("/feeds/tax/position").json
    assert end == {"agency": "tax", "sequence": "00000000000000000002", "cursor": scene.get().json[-1]["cursor"]}
    assert scene.get(lastEventId=end["cursor"]).json == []
    assert len(scene.get(lastEventId=begin["cursor"]).json) == 2


class Guessing(SqliteLog):
    """A log that takes offsets for records, far behind, as Kafka's does."""

    too_much = 0

    def extent(self, topic: str, group: str) -> tuple[int, int]:
        """Say too much."""
        committed, last = super().extent(topic, group)
        return committed, last + self.too_much


def test_the_end_is_found_exactly_also_where_the_log_only_guesses_it(tmp_path: Path) -> None:
    with a_hub(tmp_path / "hub") as hub, Guessing(tmp_path / "hub" / "log.db") as log:
        found: list[Sequence[int]] = []
        for count in (0, 1, 7):
            sender(hub, count * 10).move(count)
            for log.too_much in (0, 1, 5, 3000):
                found.append((len(hub.topic("outbox.tax")), last_position(log, "outbox.tax")))
        assert all(there == said for there, said in found)
        assert {said for _, said in found} == {0, 1, 8}


def test_the_agreement_says_what_why_and_what_for_but_no_setting_of_the_delivery() -> None:
    told = agreement_json(agreement("bank", delivery={"way": "sql", "url_env": "BANK_SECRET_URL"}), CATALOGUE)
    assert (told["agency"], told["way"], told["population"]) == ("bank", "sql", {"kind": "everyone"})
    assert told["valid"] == {"from": "2025-01-01", "until": None}
    grants = {grant["type"]: grant for grant in told["grants"]}
    assert grants["DeathRegistered"]["legal_basis"] == {"kind": "consent"}
    assert grants["ConsentGranted"]["legal_basis"]["kind"] == "statute"
    assert grants["AddressProtectionChanged"]["only_if_received"] is True
    assert set(grants["DeathRegistered"]["schema"]["properties"]["data"]["properties"]) == set(
        grants["DeathRegistered"]["fields"]
    )
    assert "SECRET" not in str(told)


def test_a_population_is_told_without_naming_anybody() -> None:
    persons = Population(persons=frozenset({person(1), person(2)}))
    told = agreement_json(agreement("tax", population=persons), CATALOGUE)
    assert told["population"] == {"kind": "persons", "count": 2}
    provinces = Population(provinces=frozenset({"79", "01"}))
    told = agreement_json(agreement("tax", population=provinces), CATALOGUE)
    assert told["population"] == {"kind": "provinces", "provinces": ["01", "79"]}


def test_the_statistics_count_the_feed(scene: Scene) -> None:
    assert scene.get("/feeds/tax/statistics").json["events"] == 0
    scene.move(3)
    told = scene.get("/feeds/tax/statistics").json
    assert (told["events"], told["first"]["sequence"][-1], told["last"]["sequence"][-1]) == (3, "1", "3")
    assert told["requests_now"] == {"waiting": 0, "streams": 0, "pages": 0}
