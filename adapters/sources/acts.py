"""Turns a row (one version of one act in a register) into events: the part that all registers share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from adapters.sources import cells as read
from adapters.sources.source import BadCell, Cells, CloudEvent
from schemas.reference import units

CREATED, CORRECTED, ANNULLED, CEASED = "CREATED", "CORRECTED", "ANNULLED", "CEASED"

#: `Hủy` and `Huỷ`, `Xóa` and `Xoá` are both correct spelling.
CHANGES = {
    "Đăng ký": CREATED,
    "Sửa đổi": CORRECTED,
    "Hủy": ANNULLED,
    "Huỷ": ANNULLED,
    "Chấm dứt": CEASED,
    "Xóa đăng ký": CEASED,
    "Xoá đăng ký": CEASED,
}

CHANGE, ACT, VERSION, OFFICE = "Biến động", "Số hồ sơ", "Lần", "Mã tỉnh"
REGISTERED, OCCURRED, PERSON, BULK = "Thời điểm ghi sổ", "Ngày sự kiện", "Số định danh", "Mã đợt"
#: The columns that say who, when and which act; every register's export has them.
ACT_COLUMNS = (CHANGE, ACT, VERSION, OFFICE, REGISTERED, OCCURRED, PERSON, BULK)

#: Any fixed UUID does; changing it changes every event id that was ever made from an export.
NAMESPACE = UUID("6f0c6a3e-6a55-5e0b-9d0a-7a1c3f1f6d7e")

_read_change = read.choice(CHANGES)


class Field(NamedTuple):
    """A payload field and the column that it is read from."""

    name: str
    column: str
    read: Callable[[Cells, str], Any]
    required: bool = False


class Kind(NamedTuple):
    """What one kind of row means."""

    type: str
    fields: tuple[Field, ...]
    #: The column of the person whom the event concerns.
    subject: str = PERSON
    #: The only change that goes with this kind, or None for any.
    change: str | None = None


def event(register: str, kind: Kind, cells: Cells, part: str = "") -> CloudEvent:
    """Return the event of a row. `part` tells apart the events of one act that concerns several persons.

    The ids follow from the row alone (register, act, version, person): the same row gives the same event, and
    a later version finds the id of the one before. Raises BadCell.
    """
    change = _change(cells, kind)
    source = f"/registers/{register}/{_office(cells)}"
    fact = f"{register}/{cells[OFFICE]}/{read.needed(cells, ACT)}{part and f'/{part}'}"
    subject = read.present(cells, kind.subject, read.person)
    version = read.present(cells, VERSION, read.count)
    made: CloudEvent = {
        "specversion": "1.0",
        "id": event_id(fact, version, subject),
        "type": kind.type,
        "source": source,
        "subject": subject,
        "time": read.present(cells, OCCURRED, read.moment),
        "datacontenttype": "application/json",
        "change": change,
        "factid": fact,
        "factversion": version,
        "registeredat": read.present(cells, REGISTERED, read.moment),
    }
    if change != CREATED:
        if version < 2:
            raise BadCell(VERSION, "phải từ 2 trở lên / must be 2 or more, unless the act is new")
        made["previousid"] = event_id(fact, version - 1, subject)
    if bulk := cells[BULK]:
        made["bulkid"] = bulk
    if change != ANNULLED:
        made["data"] = _payload(cells, kind, complete=change != CEASED)
    return made


def event_id(fact: str, version: int, subject: str) -> str:
    """Return the id of the event of one version of one act for one person."""
    return str(uuid5(NAMESPACE, f"{fact}\n{version}\n{subject}"))


def _change(cells: Cells, kind: Kind) -> str:
    change = read.present(cells, CHANGE, _read_change)
    if kind.change not in (None, change):
        words = ", ".join(word for word, meaning in CHANGES.items() if meaning == kind.change)
        raise BadCell(CHANGE, f"loại việc này chỉ đi với / this kind of row only goes with: {words}")
    return change


def _office(cells: Cells) -> str:
    code = read.needed(cells, OFFICE)
    if units.province(code, units.VN34) is None and units.province(code, units.VN63) is None:
        raise BadCell(OFFICE, "không có mã tỉnh này / no such province code")
    return code


def _payload(cells: Cells, kind: Kind, *, complete: bool) -> dict[str, Any]:
    data = {}
    for field in kind.fields:
        value = field.read(cells, field.column)
        if value is not None:
            data[field.name] = value
        elif complete and field.required:
            raise BadCell(field.column, read.MISSING)
    return data
