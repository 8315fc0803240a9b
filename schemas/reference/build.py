"""Rebuilds this folder's CSV files from an unpacked copy of the PyPI package `vietnamadminunits` (MIT).

    python -m schemas.reference.build path/to/vietnamadminunits [TARGET_FOLDER]

Only the package's data files are read. None of its code runs: its converter sends addresses abroad.
"""

from __future__ import annotations

import csv
import json
import sqlite3
import sys
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

#: The day from which the 34 provinces and the communes without districts exist (Resolution 202/2025/QH15).
NEW_FROM = "2025-07-01"
OLD_UNTIL = "2025-06-30"
#: Thừa Thiên Huế became the city of Huế, same code, on 1 January 2025 (Resolution 175/2024/QH15).
HUE_CODE, HUE_CITY_FROM, HUE_PROVINCE_UNTIL = "46", "2025-01-01", "2024-12-31"

KINDS = ("Thành phố", "Tỉnh", "Thị trấn", "Phường", "Xã", "Đặc khu")

PROVINCE_COLUMNS = ("system", "code", "kind", "name", "valid_from", "valid_until", "successor")
WARD_COLUMNS = (
    "code", "province_code", "district", "kind", "name", "valid_from", "valid_until", "successors",
)  # fmt: skip

OLD_WARDS = """
    SELECT provinceKey, districtKey, wardKey, provinceCode, wardCode, ward, district
    FROM admin_units_legacy ORDER BY wardCode
"""
NEW_WARDS = """
    SELECT provinceKey, wardKey, provinceCode, wardCode, ward FROM admin_units ORDER BY wardCode
"""
PROVINCES = {
    "VN63": "SELECT DISTINCT provinceKey, provinceCode, province FROM admin_units_legacy",
    "VN34": "SELECT DISTINCT provinceKey, provinceCode, province FROM admin_units",
}

Row = tuple[str, ...]


def build(package: Path, target: Path) -> None:
    """Write `provinces.csv`, `wards_vn63.csv` and `wards_vn34.csv` into `target`."""
    conversion = json.loads((package / "data" / "converter_2025.json").read_text("utf-8"))
    database = f"file:{package / 'data' / 'dataset.db'}?mode=ro&immutable=1"
    with closing(sqlite3.connect(database, uri=True)) as data:
        new_codes = {f"{row[0]}_{row[1]}": row[3] for row in data.execute(NEW_WARDS)}
        _write(target / "provinces.csv", PROVINCE_COLUMNS, _provinces(data, conversion))
        _write(target / "wards_vn34.csv", WARD_COLUMNS, _new_wards(data))
        _write(target / "wards_vn63.csv", WARD_COLUMNS, _old_wards(data, _successors(conversion, new_codes)))


def _provinces(data: sqlite3.Connection, conversion: dict[str, dict[str, list[str]]]) -> Iterable[Row]:
    units = {system: sorted(data.execute(query), key=lambda row: row[1]) for system, query in PROVINCES.items()}
    new_codes = {key: code for key, code, _ in units["VN34"]}
    successor = {old: new_codes[new] for new, olds in conversion["DICT_PROVINCE"].items() for old in olds}
    for key, code, full in units["VN63"]:
        since = ""
        if code == HUE_CODE:
            yield ("VN63", code, "Tỉnh", "Thừa Thiên Huế", "", HUE_PROVINCE_UNTIL, successor[key])
            since = HUE_CITY_FROM
        yield ("VN63", code, *_kind_and_name(full), since, OLD_UNTIL, successor[key])
    for _, code, full in units["VN34"]:
        yield ("VN34", code, *_kind_and_name(full), NEW_FROM, "", "")


def _successors(conversion: dict[str, dict[str, dict[str, Any]]], codes: dict[str, str]) -> dict[str, str]:
    """Return, per key of an old ward, the codes of its successors; the one holding its centre comes first."""
    successors = {}
    for province, wards in conversion["DICT_PROVINCE_WARD_NO_DIVIDED"].items():
        for ward, olds in wards.items():
            successors.update(dict.fromkeys(olds, codes[f"{province}_{ward}"]))
    for province, divided in conversion["DICT_PROVINCE_WARD_DIVIDED"].items():
        for old, parts in divided.items():
            ranked = sorted(parts, key=lambda part: not part["isDefaultNewWard"])
            successors[old] = " ".join(codes[f"{province}_{part['newWardKey']}"] for part in ranked)
    return successors


def _old_wards(data: sqlite3.Connection, successors: dict[str, str]) -> Iterable[Row]:
    for province_key, district_key, ward_key, province, code, full, district in data.execute(OLD_WARDS):
        if code is None:  # five island districts had no commune: the README names them
            continue
        successor = successors[f"{province_key}_{district_key}_{ward_key}"]
        yield (code, province, district, *_kind_and_name(full), "", OLD_UNTIL, successor)


def _new_wards(data: sqlite3.Connection) -> Iterable[Row]:
    for _, _, province, code, full in data.execute(NEW_WARDS):
        yield (code, province, "", *_kind_and_name(full), NEW_FROM, "", "")


def _kind_and_name(full: str) -> tuple[str, str]:
    """Cut `Phường Phúc Xá` in two. The source's own column of kinds contradicts seven of its names."""
    kind = next(kind for kind in KINDS if full.casefold().startswith(f"{kind.casefold()} "))
    return kind, full[len(kind) + 1 :].strip()


def _write(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


if __name__ == "__main__":
    build(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else Path(__file__).parent)
