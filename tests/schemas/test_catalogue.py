"""The catalogue tells what may be said, who sees what, and under which id."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import fastavro
import orjson
import pytest

from schemas.avsc import FOLDER
from schemas.catalogue import ENVELOPE, load_catalogue
from schemas.problem import SchemaProblem
from schemas.versions import event_subject, view_subject

CATALOGUE = load_catalogue()


def test_all_fourteen_event_types_are_there() -> None:
    assert set(CATALOGUE.types) == {
        *("BirthRegistered", "DeathRegistered", "ResidenceChanged", "MarriageRegistered", "MarriageEnded"),
        *("PersonDetailsCorrected", "IdentityCardIssued", "IdentityAccountActivated", "PersonalNumberChanged"),
        *("PersonsMerged", "AddressProtectionChanged", "CardVerified", "ConsentGranted", "ConsentWithdrawn"),
    }


def test_the_agencies_take_what_was_agreed() -> None:
    taken: dict[str, int] = {}
    for agency, _ in CATALOGUE.views:
        taken[agency] = taken.get(agency, 0) + 1
    assert taken == {"tax": 9, "insurance": 9, "land": 6, "welfare": 9, "bank": 9}
    view = CATALOGUE.view("tax", "ResidenceChanged")
    assert view is not None
    assert view.fields == ("kind", "to_address", "moved_on", "from_address")
    assert view.address_fields == {"to_address", "from_address"}
    assert CATALOGUE.view("bank", "BirthRegistered") is None


def test_every_record_begins_with_the_envelope() -> None:
    schemas = [kind.schema for kind in CATALOGUE.types.values()] + [view.schema for view in CATALOGUE.views.values()]
    for schema in schemas:
        assert tuple(field["name"] for field in schema["fields"])[:11] == ENVELOPE


def test_every_view_is_an_in_order_part_of_its_event() -> None:
    for (_, name), view in CATALOGUE.views.items():
        fields = [field.name for field in CATALOGUE.types[name].payload]
        assert [field for field in fields if field in view.fields] == list(view.fields)


def test_a_death_never_ceases_and_is_one_fact_of_a_person() -> None:
    death, marriage, move = (CATALOGUE.types[n] for n in ("DeathRegistered", "MarriageRegistered", "ResidenceChanged"))
    assert death.changes == {"CREATED", "CORRECTED", "ANNULLED"}
    assert (death.vital_key, marriage.vital_key, move.vital_key) == ((), ("married_on",), None)


def test_address_fields_follow_from_the_type() -> None:
    assert {name: set(kind.address_fields) for name, kind in CATALOGUE.types.items() if kind.address_fields} == {
        "BirthRegistered": {"birth_place", "residence"},
        "DeathRegistered": {"death_place", "last_residence"},
        "ResidenceChanged": {"to_address", "from_address"},
        "MarriageRegistered": {"place"},
        "PersonDetailsCorrected": {"birth_place"},
    }


def test_the_metadata_reaches_the_payload_fields() -> None:
    merged = {field.name: field for field in CATALOGUE.types["PersonsMerged"].payload}
    assert merged["merged_numbers"].required
    assert merged["merged_numbers"].number
    assert merged["merged_on"].past
    level = CATALOGUE.types["IdentityAccountActivated"].payload[0]
    assert (level.type, level.min, level.max) == ("int", 1, 2)


def test_an_id_leads_to_the_text_that_wrote_the_record() -> None:
    ids = [kind.schema_id for kind in CATALOGUE.types.values()]
    ids += [view.schema_id for view in CATALOGUE.views.values()]
    assert len(set(ids)) == len(ids)
    for name, kind in CATALOGUE.types.items():
        assert CATALOGUE.by_id(kind.schema_id).subject == event_subject(name)
    for key, view in CATALOGUE.views.items():
        assert CATALOGUE.by_id(view.schema_id).subject == view_subject(*key)
    with pytest.raises(KeyError):
        CATALOGUE.by_id(0)


def test_dates_and_timestamps_stay_plain_numbers_for_speed() -> None:
    kind = CATALOGUE.types["CardVerified"]
    strings = dict.fromkeys(["event_id", "type", "source", "subject", "fact_id"], "x")
    record = {**strings, "occurred_at": 5, "registered_at": 6, "change": "CREATED", "fact_version": 1, "verified_at": 7}
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, kind.parsed, record)
    buffer.seek(0)
    recorded = CATALOGUE.by_id(kind.schema_id)
    decoded = fastavro.schemaless_reader(buffer, recorded.parsed, None)
    assert isinstance(decoded, dict)
    assert (decoded["occurred_at"], decoded["verified_at"]) == (5, 7)


def test_a_change_of_words_keeps_the_id(tmp_path: Path) -> None:
    folder = _copy(tmp_path)
    file = folder / "events" / "DeathRegistered.avsc"
    file.write_text(file.read_text().replace("Date of death", "Day of death"))
    assert load_catalogue(folder).types["DeathRegistered"].schema_id == CATALOGUE.types["DeathRegistered"].schema_id


def test_a_schema_without_an_id_says_what_to_do(tmp_path: Path) -> None:
    folder = _copy(tmp_path)
    file = folder / "views" / "tax" / "DeathRegistered.avsc"
    schema = orjson.loads(file.read_bytes())
    schema["fields"].append({"name": "certificate_number", "type": ["null", "string"], "default": None})
    file.write_bytes(orjson.dumps(schema))
    with pytest.raises(SchemaProblem, match=r"views/tax/DeathRegistered.avsc.*dancu schemas record"):
        load_catalogue(folder)


def _copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path / "schemas"))
