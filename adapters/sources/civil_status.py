"""The civil status register (*hộ tịch*): births, deaths, marriages, their ends, and corrections."""

from __future__ import annotations

from adapters.sources import cells as read
from adapters.sources.acts import ACT_COLUMNS, OCCURRED, PERSON, Field, Kind, event
from adapters.sources.source import BadCell, Cells, CloudEvent, Source

REGISTER = "civil-status"
KIND = "Loại việc hộ tịch"
SPOUSE, END_REASON = "Số định danh vợ/chồng", "Lý do chấm dứt"

SEXES = {"Nam": "MALE", "Nữ": "FEMALE"}
END_REASONS = {"Ly hôn": "DIVORCE", "Chết": "DEATH", "Hủy kết hôn": "ANNULMENT", "Huỷ kết hôn": "ANNULMENT"}

BIRTH = Kind(
    "BirthRegistered",
    (
        Field("name", "Họ", read.name, required=True),
        Field("sex", "Giới tính", read.choice(SEXES), required=True),
        Field("born_on", OCCURRED, read.day, required=True),
        Field("nationality", "Quốc tịch", read.country),
        Field("birth_place", "Mã tỉnh nơi xảy ra", read.address),
        Field("residence", "Mã tỉnh cư trú", read.address),
        Field("mother_number", "Số định danh mẹ", read.person),
        Field("father_number", "Số định danh cha", read.person),
        Field("certificate_number", "Số giấy tờ", read.text),
    ),
)
DEATH = Kind(
    "DeathRegistered",
    (
        Field("died_on", OCCURRED, read.day, required=True),
        Field("name", "Họ", read.name),
        Field("sex", "Giới tính", read.choice(SEXES)),
        Field("born_on", "Ngày sinh", read.day),
        Field("death_place", "Mã tỉnh nơi xảy ra", read.address),
        Field("last_residence", "Mã tỉnh cư trú", read.address),
        Field("certificate_number", "Số giấy tờ", read.text),
    ),
)
MARRIAGE = Kind(
    "MarriageRegistered",
    (
        Field("married_on", OCCURRED, read.day, required=True),
        Field("spouse_number", SPOUSE, read.person, required=True),
        Field("spouse_name", "Họ vợ/chồng", read.name),
        Field("place", "Mã tỉnh nơi xảy ra", read.address),
        Field("certificate_number", "Số giấy tờ", read.text),
    ),
)
MARRIAGE_END = Kind(
    "MarriageEnded",
    (
        Field("ended_on", OCCURRED, read.day, required=True),
        Field("reason", END_REASON, read.choice(END_REASONS), required=True),
        Field("spouse_number", SPOUSE, read.person),
        Field("decision_number", "Số giấy tờ", read.text),
    ),
)
CORRECTION = Kind(
    "PersonDetailsCorrected",
    (
        Field("name", "Họ", read.name),
        Field("sex", "Giới tính", read.choice(SEXES)),
        Field("born_on", "Ngày sinh", read.day),
        Field("nationality", "Quốc tịch", read.country),
        Field("birth_place", "Mã tỉnh nơi xảy ra", read.address),
        Field("decision_number", "Số giấy tờ", read.text),
    ),
)
KINDS = {
    "Khai sinh": BIRTH,
    "Khai tử": DEATH,
    "Kết hôn": MARRIAGE,
    "Chấm dứt hôn nhân": MARRIAGE_END,
    "Cải chính": CORRECTION,
}

_OF_SPOUSES = tuple((column, f"{column} vợ/chồng") for column in (PERSON, "Họ", "Chữ đệm", "Tên"))

_read_kind, _read_end_reason = read.choice(KINDS), read.choice(END_REASONS)


def translate(cells: Cells) -> tuple[CloudEvent, ...]:
    """Return the row's event; for acts of a couple two, one about each spouse. Raises BadCell."""
    kind = read.present(cells, KIND, _read_kind)
    if kind is MARRIAGE or (kind is MARRIAGE_END and _both_live(cells)):
        if not cells[SPOUSE]:
            raise BadCell(SPOUSE, read.MISSING)
        return (event(REGISTER, kind, cells, "1"), event(REGISTER, kind, _seen_by_spouse(cells), "2"))
    return (event(REGISTER, kind, cells, "1" if kind is MARRIAGE_END else ""),)


def _both_live(cells: Cells) -> bool:
    """Whoever is dead learns nothing any more: a marriage that a death ended is news of the survivor only."""
    return _read_end_reason(cells, END_REASON) != "DEATH"


def _seen_by_spouse(cells: Cells) -> Cells:
    swapped = dict(cells)
    for mine, theirs in _OF_SPOUSES:
        swapped[mine], swapped[theirs] = cells[theirs], cells[mine]
    return swapped


SOURCE = Source(
    name="civil_status",
    kind_column=KIND,
    columns=(
        KIND,
        *ACT_COLUMNS,
        *("Họ", "Chữ đệm", "Tên", "Giới tính", "Ngày sinh", "Quốc tịch"),
        *("Hệ mã nơi xảy ra", "Mã tỉnh nơi xảy ra", "Mã xã nơi xảy ra", "Địa chỉ nơi xảy ra"),
        *("Hệ mã cư trú", "Mã tỉnh cư trú", "Mã xã cư trú", "Địa chỉ cư trú"),
        *("Số định danh mẹ", "Số định danh cha"),
        *(SPOUSE, "Họ vợ/chồng", "Chữ đệm vợ/chồng", "Tên vợ/chồng"),
        *(END_REASON, "Số giấy tờ"),
    ),
    translate=translate,
)
