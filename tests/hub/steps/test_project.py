"""Views are cut, and where they can't be cut, resolved: with the same result."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from io import BytesIO
from types import MappingProxyType
from typing import Any

import fastavro
import pytest

from hub import headers as h
from hub.arrival import Arrival
from hub.steps.permit import Permitted
from hub.steps.project import HIDDEN_SOURCE, Projector, project, read_value
from schemas.avsc import bare
from schemas.catalogue import Catalogue, View, view
from schemas.versions import Recorded, event_subject
from tests.hub.making import CATALOGUE, HANOI, LAN, MAI, MOVE, arrival, event, next_of

MOVED = arrival(event("ResidenceChanged", "m1", {**MOVE, "household_id": "HK-1"}))


def permitted(one: Arrival, *agencies: str, shielded: bool = False) -> list[Permitted]:
    return [Permitted(one, agency, "purpose", "statute: law", shielded) for agency in agencies]


def with_view(schema: dict[str, Any]) -> Catalogue:
    """Return the catalogue with another view of moves for tax, recorded under a new id."""
    other: View = view("tax", schema, 900)
    recorded = {**CATALOGUE.recorded, 900: Recorded(900, "outbox.tax-x", 9, schema)}
    views = {**CATALOGUE.views, ("tax", "ResidenceChanged"): other}
    return replace(CATALOGUE, views=MappingProxyType(views), recorded=MappingProxyType(recorded))


def reordered() -> dict[str, Any]:
    schema = deepcopy(dict(CATALOGUE.views["tax", "ResidenceChanged"].schema))
    fields = {field["name"]: field for field in schema["fields"]}
    order = [*list(fields)[:11], "moved_on", "kind", "to_address", "from_address"]
    schema["fields"] = [fields[name] for name in order]
    return schema


def nested() -> dict[str, Any]:
    schema = deepcopy(dict(CATALOGUE.views["tax", "ResidenceChanged"].schema))
    address = next(field for field in schema["fields"] if field["name"] == "to_address")["type"][1]
    address["fields"] = [field for field in address["fields"] if field["name"] in ("code_system", "province_code")]
    return schema


@pytest.mark.parametrize("shielded", [False, True])
def test_a_view_in_another_order_is_resolved_to_the_same(shielded: bool) -> None:
    catalogue = with_view(reordered())
    one = permitted(MOVED, "tax", shielded=shielded)
    (value,) = Projector(catalogue).project(MOVED, one)
    (cut,) = Projector(CATALOGUE).project(MOVED, one)
    assert value[:5] == b"\x00\x00\x00\x03\x84"
    assert read_value(catalogue, value) == read_value(CATALOGUE, cut)
    assert (read_value(catalogue, value)["source"] == HIDDEN_SOURCE) == shielded


def test_a_part_of_an_address_is_resolved() -> None:
    catalogue = with_view(nested())
    (value,) = Projector(catalogue).project(MOVED, permitted(MOVED, "tax"))
    assert read_value(catalogue, value)["to_address"] == {"code_system": "VN34", "province_code": "01"}


def test_events_of_an_older_recorded_version_are_resolved() -> None:
    kind = CATALOGUE.types["ResidenceChanged"]
    older = deepcopy(dict(kind.schema))
    older["fields"] = [field for field in older["fields"] if field["name"] != "relation_to_head"]
    recorded = {**CATALOGUE.recorded, 901: Recorded(901, event_subject(kind.name), 1, older)}
    catalogue = replace(CATALOGUE, recorded=MappingProxyType(recorded))
    out = BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(bare(older)), read_value(CATALOGUE, MOVED.value))
    old = MOVED._replace(value=b"\x00" + (901).to_bytes(4, "big") + out.getvalue())
    projector = Projector(catalogue)
    for shielded in (False, True):
        one = permitted(old, "tax", "insurance", "bank", shielded=shielded)
        assert projector.project(old, one) == projector.project(MOVED, one)


def test_the_fields_outside_the_view_stay_in_the_hub() -> None:
    outboxes = project(permitted(MOVED, "bank", "welfare"), Projector(CATALOGUE))
    bank = read_value(CATALOGUE, outboxes["bank"][0].value)
    assert set(bank) == {field["name"] for field in CATALOGUE.views["bank", "ResidenceChanged"].schema["fields"]}
    assert bank["to_address"]["detail"] == HANOI["detail"]
    assert b"HK-1" not in b"".join(m.value for messages in outboxes.values() for m in messages)


def test_what_was_rewritten_is_so_in_value_and_headers() -> None:
    rewritten = {"subject": MAI, "change": "CORRECTED", "previous_event_id": "m0"}
    one = MOVED._replace(person=MAI, change="CORRECTED", rewritten=rewritten, unmatched=True)
    (message,) = project(permitted(one, "tax"), Projector(CATALOGUE))["tax"]
    record = read_value(CATALOGUE, message.value)
    assert (record["subject"], record["change"], record["previous_event_id"]) == (MAI, "CORRECTED", "m0")
    headers = message.headers
    assert (headers[h.SUBJECT], headers[h.CHANGE], headers[h.PREVIOUS_ID]) == (MAI, "CORRECTED", "m0")
    assert (message.key, headers[h.UNMATCHED], headers[h.LEGAL_BASIS]) == (MAI, "true", "statute: law")
    assert LAN.encode() not in message.value


def test_an_annulment_is_cut_without_a_payload() -> None:
    annulled = arrival(next_of(event("ResidenceChanged", "m1", MOVE), "m2", "ANNULLED"))
    (message,) = project(permitted(annulled, "tax"), Projector(CATALOGUE))["tax"]
    record = read_value(CATALOGUE, message.value)
    assert [record[name] for name in CATALOGUE.views["tax", "ResidenceChanged"].fields] == [None] * 4
