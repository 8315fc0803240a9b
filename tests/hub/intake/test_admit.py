"""What intake takes, what it refuses, and in which words."""

from __future__ import annotations

import unicodedata
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub import headers as h
from hub.eventlog import Message
from hub.intake.admit import LONGEST, Refused
from hub.intake.explain import Explainer
from hub.intake.rules import Broken
from hub.intake.shape import Shapes
from hub.steps.project import read_value
from schemas.conversion import to_json
from schemas.example import example
from schemas.reference.numbers import make_number
from tests.hub.making import ADMISSION, CATALOGUE, DEATH, HANOI, LAN, MAI, MOVE, NOW, Event, event, next_of
from tests.schemas.strategies import ANY_JSON

EXPLAINER = Explainer(CATALOGUE)
SHAPES = Shapes(CATALOGUE)
DIED = event("DeathRegistered", "d1")
MOVED = event("ResidenceChanged", "m1", MOVE)
EXAMPLES = [
    example(name, CATALOGUE, change)
    for name, kind in sorted(CATALOGUE.types.items())
    for change in ("CREATED", "CORRECTED", "ANNULLED", "CEASED")
    if change in kind.changes
]


def refused(sent: Event | bytes) -> tuple[str, str]:
    found = ADMISSION.admit_bytes(sent if isinstance(sent, bytes) else orjson.dumps(sent), NOW)
    assert isinstance(found, Refused), found
    return found.reason, found.detail


def taken(sent: Event | bytes) -> Message:
    found = ADMISSION.admit_bytes(sent if isinstance(sent, bytes) else orjson.dumps(sent), NOW)
    assert isinstance(found, Message), found
    return found


def with_data(sent: Event, **fields: Any) -> Event:
    return sent | {"data": sent["data"] | fields}


def number(province: str) -> str:
    return province + LAN[3:]


@pytest.mark.parametrize("sent", EXAMPLES, ids=lambda sent: f"{sent['type']}-{sent['change']}")
def test_what_is_taken_says_exactly_what_was_sent(sent: Event) -> None:
    message = taken(sent)
    record = read_value(CATALOGUE, message.value)
    assert to_json(record, CATALOGUE.types[sent["type"]]) == sent.get("data", {})
    assert message.key == record["subject"] == sent["subject"]
    assert (record["event_id"], record["fact_id"], record["fact_version"]) == (
        sent["id"],
        sent["factid"],
        sent["factversion"],
    )
    assert record["previous_event_id"] == sent.get("previousid") == message.headers.get(h.PREVIOUS_ID)
    assert message.headers[h.REGISTERED_AT] == "2025-08-06T02:30:00.000Z"


@pytest.mark.parametrize(
    ("sent", "reason", "detail"),
    [
        (orjson.dumps(DIED)[:-9], "not_json", "not JSON at character"),
        (b"", "not_json", "not JSON at character 1"),
        (b"so\xe1\xbb\x91 kh\xc3\xb4ng", "not_json", "not JSON at character 1"),
        (b"[1]", "not_an_object", "an event is a JSON object"),
        (orjson.dumps(MOVED).replace("Đội".encode(), "Đội".encode("utf-16-le")), "nul_byte", "a NUL byte at byte"),
        (orjson.dumps(MOVED).replace("phố".encode(), b"ph\xf4"), "encoding", "not UTF-8 from byte"),
        (orjson.dumps(MOVED)[:20] + b"\x00" + orjson.dumps(MOVED)[20:], "nul_byte", "a NUL byte at byte 21"),
        (with_data(MOVED, household_id="a\x00b"), "nul_byte", "a text holds the NUL character"),
        (MOVED | {"id": "m\x1b[31m1"}, "unprintable", "id: holds a character"),
        (MOVED | {"factid": "f\n1"}, "unprintable", "factid: holds a character"),
        (b'{"id":"' + b"x" * LONGEST + b'"}', "too_long", "at most 1048576 are taken"),
        (b'{"a":"\\u0041","b":' + b"[" * 900 + b"]" * 900 + b"}", "schema", "nested far too deeply"),
        (b'{"type":"DeathRegistered","data":' + b"[" * 1000 + b"]" * 1000 + b"}", "schema", ""),
        (DIED | {"factversion": "one"}, "schema", "factversion: must be integer"),
        (DIED | {"factversion": 0}, "schema", "factversion: minimum is 1"),
        (DIED | {"time": "yesterday"}, "schema", "time: "),
        (DIED | {"registeredat": "2025-02-30T00:00:00Z"}, "schema", "registeredat: is not in the calendar"),
        (DIED | {"specversion": "0.3"}, "schema", "specversion: must be 1.0"),
        (DIED | {"type": "HouseholdSplit"}, "unknown_type", "allowed: AddressProtectionChanged, BirthRegistered"),
        ({k: v for k, v in DIED.items() if k != "type"}, "unknown_type", "type: is no event type"),
        (DIED | {"type": ["DeathRegistered"]}, "unknown_type", "type: is no event type"),
        ({k: v for k, v in DIED.items() if k != "factid"}, "schema", "factid: is missing"),
        (DIED | {"priority": "high"}, "unknown_field", "priority: no such field; allowed: bulkid, change, data"),
        (with_data(DIED, phone="1"), "unknown_field", "data.phone: no such field; allowed: born_on"),
        (with_data(DIED, **{LAN: 1}), "unknown_field", "data.(a field whose name is not shown): no such field"),
        (
            with_data(MOVED, to_address=HANOI | {"street": "x"}),
            "unknown_field",
            "data.to_address.street: no such field",
        ),
        (with_data(MOVED, to_address={"province_code": "01"}), "schema", "data.to_address.code_system: is missing"),
        (with_data(MOVED, to_address=HANOI | {"province_code": "02"}), "unknown_place", "is not on the list VN34"),
        (with_data(MOVED, kind="CAMPING"), "schema", "data.kind: must be PERMANENT, TEMPORARY, STAY"),
        (with_data(MOVED, moved_on="2025-02-30"), "schema", "data.moved_on: is not in the calendar"),
        (with_data(MOVED, moved_on=20250101), "schema", "data.moved_on: must be string"),
        (with_data(MOVED, moved_on=None), "schema", "data.moved_on: must be string"),
        (with_data(MOVED, household_id="x" * 201), "schema", "data.household_id: maxLength is 200"),
        (MOVED | {"data": {}}, "schema", "is missing"),
        ({k: v for k, v in MOVED.items() if k != "data"}, "schema", "data: is missing"),
        (MOVED | {"subject": number("003")}, "impossible_number", "subject: the first three digits"),
        (MOVED | {"subject": LAN[:-1]}, "schema", "subject: must match"),
        (with_data(DIED, sex="MALE"), "impossible_number", "data.sex: differs"),
        (with_data(DIED, born_on="1991-04-12"), "impossible_number", "data.born_on: differs"),
        (with_data(DIED, died_on="1990-04-11"), "death_before_birth", "data.died_on: is before data.born_on"),
        (with_data(DIED, died_on="1989-12-31"), "death_before_birth", "data.died_on: is before the birth year"),
        (with_data(MOVED, moved_on="1989-12-31"), "before_birth", "data.moved_on: is before the birth year"),
        (MOVED | {"time": "1989-12-31T16:59:59Z"}, "before_birth", "time: is before the birth year"),
        (with_data(MOVED, moved_on="2026-11-23"), "future_date", "data.moved_on: is in the future"),
        (MOVED | {"time": "2026-11-22T08:06:00+07:00"}, "future_date", "time: is in the future"),
        (MOVED | {"registeredat": "2027-01-01T00:00:00Z"}, "future_date", "registeredat: is in the future"),
        (next_of(DIED, "d2", "CEASED"), "forbidden_change", "DeathRegistered can't be CEASED; allowed: ANNULLED"),
        (MOVED | {"change": "CORRECTED"}, "missing_previous", "previousid"),
        (next_of(MOVED, "m2", "ANNULLED") | {"data": MOVE}, "schema", "data: an annulment carries no payload"),
        (event("MarriageRegistered", data={"married_on": "2025-01-01", "spouse_number": LAN}), "same_number", "spouse"),
        (
            event("PersonsMerged", data={"merged_numbers": [LAN], "merged_on": "2025-01-01"}),
            "same_number",
            "must not hold the subject",
        ),
        (
            event("PersonsMerged", data={"merged_numbers": [MAI, MAI], "merged_on": "2025-01-01"}),
            "schema",
            "data.merged_numbers: breaks the rule uniqueItems",
        ),
        (
            event("PersonsMerged", data={"merged_numbers": [number("003")], "merged_on": "2025-01-01"}),
            "impossible_number",
            "data.merged_numbers: the first three digits",
        ),
        (
            event("PersonalNumberChanged", subject=make_number("001", "FEMALE", 1990, 5)),
            "other_subject",
            "subject: must be data.old_number or data.new_number",
        ),
        (event("IdentityAccountActivated", data={"level": 3, "activated_on": "2025-01-01"}), "schema", "maximum is 2"),
        (event("PersonDetailsCorrected", data={"name": None}), "schema", "data.name: must be object"),
    ],
)
def test_a_bad_event_is_refused_with_the_place_and_the_rule(sent: Event | bytes, reason: str, detail: str) -> None:
    found = refused(sent)
    assert found[0] == reason
    assert detail in found[1]


@pytest.mark.parametrize("data", ["absent", None, {}])
@pytest.mark.parametrize("change", ["ANNULLED", "CEASED"])
def test_an_annulment_and_an_end_need_no_payload(data: Any, change: str) -> None:
    sent = next_of(MOVED, "m2", change)
    record = read_value(CATALOGUE, taken(sent if data == "absent" else sent | {"data": data}).value)
    assert record["to_address"] is None


def test_an_end_may_carry_a_payload() -> None:
    sent = next_of(MOVED, "m2", "CEASED") | {"data": {"kind": "STAY", "to_address": HANOI}}
    assert read_value(CATALOGUE, taken(sent).value)["kind"] == "STAY"


def test_a_correction_may_disagree_with_the_number() -> None:
    sent = next_of(DIED, "d2", "CORRECTED")
    taken(with_data(sent, sex="MALE", born_on="1991-01-01"))


@pytest.mark.parametrize("escaped", [False, True])
def test_names_in_decomposed_unicode_are_composed(escaped: bool) -> None:
    name = {"family": unicodedata.normalize("NFD", "Nguyễn"), "given": unicodedata.normalize("NFD", "Đặng Ước")}
    raw = orjson.dumps(with_data(DIED, name=name))
    if escaped:
        raw = raw.decode().encode("ascii", "backslashreplace")
        raw = raw.replace(b"\\x", b"\\u00")
    assert read_value(CATALOGUE, taken(raw).value)["name"] == {"family": "Nguyễn", "middle": None, "given": "Đặng Ước"}


@pytest.mark.parametrize("escape", ["\n", "\t", "\b", "\r", "\f"])
def test_an_escape_before_a_combining_mark_stays_an_escape(escape: str) -> None:
    text = f"a{escape}\u0303\u030c"
    raw = orjson.dumps(with_data(DIED, certificate_number=text))
    assert read_value(CATALOGUE, taken(raw).value)["certificate_number"] == unicodedata.normalize("NFC", text)


def test_an_event_from_an_adapter_is_composed_and_searched_for_nul_too() -> None:
    decomposed = with_data(DIED, certificate_number=unicodedata.normalize("NFD", "Số 1"))
    found = ADMISSION.admit(decomposed, NOW)
    assert isinstance(found, Message)
    assert read_value(CATALOGUE, found.value)["certificate_number"] == "Số 1"
    nul = ADMISSION.admit(with_data(DIED, certificate_number="1\x00"), NOW)
    assert isinstance(nul, Refused)
    assert nul.reason == "nul_byte"


def test_the_headers_tell_where_the_event_belongs_without_decoding() -> None:
    moved = taken(with_data(MOVED, from_address={"code_system": "VN63", "province_code": "77"})).headers
    assert moved[h.PROVINCES] == "01,79"  # Bà Rịa – Vũng Tàu is a part of Hồ Chí Minh City now
    assert moved[h.RESIDENCE] == "01"
    assert h.RESIDENCE not in taken(with_data(MOVED, kind="TEMPORARY")).headers
    assert h.RESIDENCE not in taken(next_of(MOVED, "m2", "CEASED", data=MOVE)).headers
    married = {"married_on": "2025-01-01", "spouse_number": MAI}
    assert taken(event("MarriageRegistered", data=married)).headers[h.VITAL] == "20089"
    assert taken(event("DeathRegistered", data=DEATH)).headers[h.VITAL] == ""
    assert h.VITAL not in taken(next_of(DIED, "d2", "ANNULLED")).headers


MUTATIONS = st.sampled_from(["set", "drop", "move", "retype"])


@st.composite
def mutated(draw: st.DrawFn) -> Event:
    """An event of any type with something changed, at any depth."""
    sent: Event = orjson.loads(orjson.dumps(draw(st.sampled_from(EXAMPLES))))
    for _ in range(draw(st.integers(0, 2))):
        place: Any = sent
        while True:
            key = draw(st.sampled_from(sorted(place)))
            if isinstance(place[key], dict) and place[key] and draw(st.booleans()):
                place = place[key]
                continue
            break
        match draw(MUTATIONS):
            case "drop":
                del place[key]
            case "move":
                place[draw(st.sampled_from(["id", "data", "name", "bulkid", "x"]))] = place[key]
            case "set":
                place[key] = draw(ANY_JSON)
            case "retype":
                place[key] = draw(st.sampled_from([None, "", "a", "x" * 201, 1, 2**31, 2.0, True, [], {}, "a\n"]))
        if not sent:
            break
    return sent


def is_valid(sent: Event) -> bool:
    try:
        EXPLAINER.check(sent)
    except Broken:
        return False
    return True


@settings(max_examples=60, deadline=None)
@given(sent=mutated())
def test_whatever_is_taken_the_json_schema_accepts(sent: Event) -> None:
    found = ADMISSION.admit(sent, NOW)
    if isinstance(found, Message):
        assert is_valid(sent)


@pytest.mark.parametrize("sent", EXAMPLES, ids=lambda sent: f"{sent['type']}-{sent['change']}")
def test_the_fast_path_takes_every_valid_event_but_those_with_lists(sent: Event) -> None:
    assert SHAPES.fits(sent) == (sent["type"] != "PersonsMerged")


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_message_repeats_a_number_or_a_name(data: st.DataObject) -> None:
    secret = data.draw(st.sampled_from(["001190765432", "Nguyễn Thị Bí Mật", "BíMật", "001190765432\n"]))
    sent: Event = orjson.loads(orjson.dumps(data.draw(st.sampled_from(EXAMPLES))))
    place: Any = sent
    while isinstance(place, dict) and place:
        key = data.draw(st.sampled_from(sorted(place)))
        if not (isinstance(place[key], dict) and place[key] and data.draw(st.booleans())):
            break
        place = place[key]
    wrong = data.draw(st.sampled_from([secret, [secret], {secret: secret}, [{secret: 1}]]))
    place[data.draw(st.sampled_from([key, secret]))] = wrong
    found = ADMISSION.admit_bytes(orjson.dumps(sent), NOW)
    if isinstance(found, Refused):
        assert secret.strip() not in found.detail + found.reason
