"""The notify message of the Digital Convergence Initiative, held against what its specification requires."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson
import pytest

from adapters.ways.webhook.spdci import Envelope, Unwritable, write
from hub.destination import Event, Receipt, Rejection
from tests.adapters.ways.webhook.receiver import Reply, receiver
from tests.adapters.ways.webhook.sample import event, events, ids, posting_to
from tests.hub.making import HANOI, SAIGON

ACK = Reply(200, orjson.dumps({"message": {"ack_status": "ACK", "timestamp": "x", "correlation_id": "1"}}))


def posted(*sent: Event, **settings: Any) -> dict[str, Any]:
    with receiver(lambda _: ACK) as endpoint, posting_to(endpoint, format="spdci", **settings) as system:
        assert system.deliver(sent) == Receipt([])
        [request] = endpoint.posts
        assert request.headers["content-type"] == "application/json"
        found: dict[str, Any] = orjson.loads(request.body)
        assert found["header"]["message_id"] == request.headers["webhook-id"]
    return found


def record_of(sent: Event) -> dict[str, Any]:
    found: dict[str, Any] = posted(sent)["message"]["notify_event"][0]["data"]["reg_records"]
    return found


def test_the_header_has_all_that_is_required() -> None:
    header = posted(event(7), receiver_id="welfare-mis", origin="hub.example")["header"]
    datetime.fromisoformat(header.pop("message_ts"))
    assert header.pop("meta") == {
        "vn_dancu": {
            "sequences": [7],
            "changes": ["CREATED"],
            "legal_basis": ["statute: Luật Đất đai 31/2024/QH15, Chương X"],
            "purpose": ["land-registration"],
            "replayed": False,
        }
    }
    assert header == {
        "version": "1.0.0",
        "message_id": event(7).event_id,
        "action": "notify",
        "status": "succ",
        "total_count": 1,
        "completed_count": 1,
        "sender_id": "hub.example",
        "receiver_id": "welfare-mis",
        "is_msg_encrypted": False,
    }


def test_the_receiver_is_the_agency_unless_told() -> None:
    assert posted(event())["header"]["receiver_id"] == "land"


def test_an_event_is_told_with_its_reference_its_time_and_its_kind() -> None:
    sent = event()
    message = posted(sent)["message"]
    [told] = message["notify_event"]
    assert message["transaction_id"] == sent.event_id
    assert (told["reference_id"], told["timestamp"]) == (sent.event_id, sent.registered_at)
    assert told["data"]["reg_type"] == "ns:org:RegistryType:CRVS"
    assert (told["data"]["reg_event_type"], told["data"]["reg_record_type"]) == ("DEATH", "CRVSPerson")


def test_a_death_is_in_the_fields_of_the_civil_registries() -> None:
    record = record_of(event(5))
    record.pop("vn_dancu")
    assert record == {
        "identifier": {"identifier_type": "NIN", "identifier_value": "079090000005"},
        "name": {"surname": "Nguyễn", "second_name": "Thị", "given_name": "Lệ"},
        "death_date": "2026-11-20",
        "address": {
            "address_line1": "Số 42, đường Lê Lợi",
            "sub_region_code": "26740",
            "region_code": "79",
            "country_code": "VN",
        },
    }


def test_a_birth_is_in_the_fields_of_the_civil_registries() -> None:
    data = {
        "name": {"family": "Lê", "middle": None, "given": "An"},
        "sex": "FEMALE",
        "born_on": "2026-11-19",
        "birth_place": HANOI,
        "residence": SAIGON,
        "mother_number": "001190000001",
        "father_number": "001090000002",
    }
    record = record_of(event(type="BirthRegistered", data=data))
    assert record["name"] == {"surname": "Lê", "given_name": "An"}
    assert (record["sex"], record["birth_date"]) == ("female", "2026-11-19")
    assert record["birth_place"] == {"address_line": "Số 15, phố Đội Cấn", "contained_in_place": "00004"}
    assert record["address"]["sub_region_code"] == "26740"
    assert record["parent1_identifier"] == {"identifier_type": "NIN", "identifier_value": "001190000001"}
    assert record["parent2_identifier"] == {"identifier_type": "NIN", "identifier_value": "001090000002"}


@pytest.mark.parametrize(
    ("kind", "data", "short", "fields"),
    [
        ("MarriageRegistered", {"married_on": "2026-01-02"}, "MARRIAGE", {"married", "2026-01-02"}),
        ("MarriageEnded", {"ended_on": "2026-01-02", "reason": "DIVORCE"}, "DIVORCE", {"divorced", "2026-01-02"}),
        ("MarriageEnded", {"ended_on": "2026-01-02", "reason": "DEATH"}, "MarriageEnded", {"widowed"}),
        ("MarriageEnded", {"ended_on": "2026-01-02", "reason": "ANNULMENT"}, "MarriageEnded", set()),
        ("ResidenceChanged", {"moved_on": "2026-01-02"}, "ResidenceChanged", set()),
    ],
)
def test_what_civil_registries_know_goes_by_their_name(
    kind: str, data: dict[str, Any], short: str, fields: set[str]
) -> None:
    [told] = posted(event(type=kind, data=data))["message"]["notify_event"]
    assert told["data"]["reg_event_type"] == short
    found = told["data"]["reg_records"]
    assert {found[name] for name in ("marital_status", "marriage_date", "divorce_date") if name in found} == fields
    assert found["vn_dancu"]["data"] == data


def test_what_the_standard_lacks_stands_in_our_own_field() -> None:
    sent = event(9, change="CORRECTED", previous_event_id="before", bulk_id="run", unmatched=True, replayed=True)
    assert record_of(sent)["vn_dancu"] == {
        "type": "DeathRegistered",
        "source": "/registers/civil-status/79",
        "occurred_at": "2026-11-20T00:00:00.000Z",
        "change": "CORRECTED",
        "previous_event_id": "before",
        "fact_id": "KT-9",
        "fact_version": 1,
        "bulk_id": "run",
        "sequence": 9,
        "legal_basis": "statute: Luật Đất đai 31/2024/QH15, Chương X",
        "purpose": "land-registration",
        "unmatched": True,
        "replayed": True,
        "data": sent.data,
    }


def test_an_annulment_names_the_person_and_nothing_else_of_them() -> None:
    record = record_of(event(change="ANNULLED", previous_event_id="before", data={}))
    assert record.keys() == {"identifier", "vn_dancu"}
    assert record["vn_dancu"]["data"] == {}


def test_several_events_go_in_one_message() -> None:
    sent = events(3)
    message = posted(*sent)
    assert message["header"]["total_count"] == message["header"]["completed_count"] == 3
    assert [told["reference_id"] for told in message["message"]["notify_event"]] == ids(sent)
    assert message["header"]["message_id"].startswith("batch_")


def test_a_refused_message_of_several_events_is_taken_apart() -> None:
    sent = events(8)
    bad = sent[5].event_id

    def answer(request: Any) -> Reply:
        if bad in request.body.decode():
            return Reply(200, orjson.dumps({"message": {"ack_status": "NACK", "error": {"code": "rjct"}}}))
        return ACK

    with receiver(answer) as endpoint, posting_to(endpoint, format="spdci") as system:
        assert system.deliver(sent) == Receipt(
            [Rejection(bad, "spdci_nack", '{"message":{"ack_status":"NACK","error":{"code":"rjct"}}}')]
        )


def test_an_event_that_can_not_be_told_is_rejected_and_the_others_go_on() -> None:
    sent = [event(), event(data={"died_on": "yesterday"}), event(registered_at="now")]
    with receiver(lambda _: ACK) as endpoint, posting_to(endpoint, format="spdci") as system:
        receipt = system.deliver(sent)
        assert endpoint.ids == ids(sent[:1])
    assert [(one.event_id, one.error_class) for one in receipt.rejected] == [
        (sent[1].event_id, "spdci_unwritable"),
        (sent[2].event_id, "spdci_unwritable"),
    ]
    assert "reg_records/death_date" in receipt.rejected[0].message
    assert "yesterday" not in receipt.rejected[0].message


def test_a_message_without_what_is_required_is_not_written() -> None:
    with pytest.raises(Unwritable, match="not as SPDCI notify"):
        write([event()], Envelope("", "2026-11-22T00:00:00.000Z", "hub", "land"))
