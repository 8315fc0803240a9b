"""The residence register (*cư trú*): permanent and temporary residence, stays, and address protection."""

from __future__ import annotations

from adapters.sources import cells as read
from adapters.sources.acts import ACT_COLUMNS, OCCURRED, Field, Kind, event
from adapters.sources.source import Cells, CloudEvent, Source

REGISTER = "residence"
KIND = "Loại cư trú"

RESIDENCE_KINDS = {"Thường trú": "PERMANENT", "Tạm trú": "TEMPORARY", "Lưu trú": "STAY"}
PROTECTION_LEVELS = {"Không": "NONE", "Mật": "CONFIDENTIAL", "Tuyệt mật": "STRICT"}

RESIDENCE = Kind(
    "ResidenceChanged",
    (
        Field("kind", KIND, read.choice(RESIDENCE_KINDS), required=True),
        Field("to_address", "Mã tỉnh đến", read.address, required=True),
        Field("moved_on", "Ngày chuyển đến", read.day, required=True),
        Field("from_address", "Mã tỉnh đi", read.address),
        Field("until", "Đến ngày", read.day),
        Field("household_id", "Mã hộ", read.text),
        Field("relation_to_head", "Quan hệ với chủ hộ", read.text),
    ),
)
PROTECTION = Kind(
    "AddressProtectionChanged",
    (
        Field("level", "Mức bảo vệ", read.choice(PROTECTION_LEVELS), required=True),
        Field("valid_from", OCCURRED, read.day, required=True),
    ),
)
KINDS = {**dict.fromkeys(RESIDENCE_KINDS, RESIDENCE), "Bảo vệ địa chỉ": PROTECTION}

_read_kind = read.choice(KINDS)


def translate(cells: Cells) -> tuple[CloudEvent, ...]:
    """Return the row's event. Raises BadCell."""
    return (event(REGISTER, read.present(cells, KIND, _read_kind), cells),)


SOURCE = Source(
    name="residence",
    kind_column=KIND,
    columns=(
        KIND,
        *ACT_COLUMNS,
        "Ngày chuyển đến",
        *("Hệ mã đến", "Mã tỉnh đến", "Mã xã đến", "Địa chỉ đến"),
        *("Hệ mã đi", "Mã tỉnh đi", "Mã xã đi", "Địa chỉ đi"),
        *("Đến ngày", "Mã hộ", "Quan hệ với chủ hộ", "Mức bảo vệ"),
    ),
    translate=translate,
)
