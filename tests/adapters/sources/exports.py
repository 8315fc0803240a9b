"""Builds exports in memory for the tests."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

from adapters.sources import SOURCES, CloudEvent, Item, Row, RowError, Source, read

CIVIL_STATUS, RESIDENCE, IDENTITY = (SOURCES[name] for name in ("civil_status", "residence", "identity"))
MAN, WOMAN, CHILD = "079090000412", "031192090137", "079225120457"

ACT = {
    "Biến động": "Đăng ký",
    "Số hồ sơ": "1/2025",
    "Lần": "1",
    "Mã tỉnh": "79",
    "Thời điểm ghi sổ": "11/08/2025 08:42",
    "Ngày sự kiện": "04/08/2025",
    "Số định danh": MAN,
}
BIRTH = {
    **ACT,
    "Loại việc hộ tịch": "Khai sinh",
    "Số định danh": CHILD,
    "Họ": "Nguyễn",
    "Chữ đệm": "Minh",
    "Tên": "Khôi",
    "Giới tính": "Nam",
}
MARRIAGE = {
    **ACT,
    "Loại việc hộ tịch": "Kết hôn",
    "Họ": "Nguyễn",
    "Tên": "An",
    "Số định danh vợ/chồng": WOMAN,
    "Họ vợ/chồng": "Trần",
    "Chữ đệm vợ/chồng": "Thị",
    "Tên vợ/chồng": "Bích",
}
MOVE = {
    **ACT,
    "Loại cư trú": "Thường trú",
    "Ngày chuyển đến": "01/08/2025",
    "Hệ mã đến": "VN34",
    "Mã tỉnh đến": "79",
    "Mã xã đến": "26740",
    "Địa chỉ đến": "72 Lê Thánh Tôn",
}
CARD = {**ACT, "Loại việc căn cước": "Cấp mới", "Số thẻ": "790000412"}


def export(source: Source, *rows: Mapping[str, str], delimiter: str = ",") -> bytes:
    """Return an export with these rows; columns that a row does not name are empty."""
    file = io.StringIO()
    writer = csv.DictWriter(file, source.columns, restval="", delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode()


def read_all(source: Source, content: bytes) -> list[Item]:
    return list(read(source, io.BytesIO(content)))


def events(items: Iterable[Item]) -> list[CloudEvent]:
    return [event for item in items if isinstance(item, Row) for event in item.events]


def errors(items: Iterable[Item]) -> list[RowError]:
    return [item for item in items if isinstance(item, RowError)]


def events_of(source: Source, *rows: Mapping[str, str]) -> list[CloudEvent]:
    """Return the events of rows that must all be understood."""
    items = read_all(source, export(source, *rows))
    assert errors(items) == []
    return events(items)


def data_of(source: Source, row: Mapping[str, str]) -> dict[str, Any]:
    """Return the payload of a row's only event."""
    (event,) = events_of(source, row)
    data: dict[str, Any] = event["data"]
    return data


def error_of(source: Source, row: Mapping[str, str]) -> RowError:
    """Return the error of a row that must not be understood."""
    (error,) = errors(read_all(source, export(source, row)))
    return error
