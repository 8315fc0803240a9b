"""The converter: it reads the package's data files only, and writes the three CSV files."""

from __future__ import annotations

import csv
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from schemas.reference.build import build

OLD = """CREATE TABLE admin_units_legacy
    (provinceKey, districtKey, wardKey, provinceCode, province, wardCode, ward, district)"""
NEW = "CREATE TABLE admin_units (provinceKey, wardKey, provinceCode, province, wardCode, ward)"
OLD_ROWS = [
    ("tinha", "huyenb", "thitranc", "02", "Tỉnh A", "00002", "Thị Trấn C", "Huyện B"),
    ("tinha", "huyenb", "xad", "02", "Tỉnh A", "00001", "Xã D", "Huyện B"),
    ("tinha", "huyendao", None, "02", "Tỉnh A", None, None, "Huyện Đảo"),
    ("tinhhue", "thanhphohue", "phuong1", "46", "Thành phố Huế", "00003", "Phường 1", "Thành phố Huế"),
]
NEW_ROWS = [
    ("tinhe", "xac", "08", "Tỉnh E", "00002", "Xã C"),
    ("tinhe", "xaf", "08", "Tỉnh E", "00005", "Xã F"),
    ("tinhe", "dackhudao", "08", "Tỉnh E", "00009", "Đặc khu Đảo"),
    ("hue", "phuonghue", "46", "Thành phố Huế", "00003", "Phường Huế"),
]
CONVERSION = {
    "DICT_PROVINCE": {"tinhe": ["tinha"], "hue": ["tinhhue"]},
    "DICT_PROVINCE_WARD_NO_DIVIDED": {
        "tinhe": {"xac": ["tinha_huyenb_thitranc"], "dackhudao": ["tinha_huyendao_"]},
        "hue": {"phuonghue": ["tinhhue_thanhphohue_phuong1"]},
    },
    "DICT_PROVINCE_WARD_DIVIDED": {
        "tinhe": {
            "tinha_huyenb_xad": [
                {"newWardKey": "xac", "isDefaultNewWard": False},
                {"newWardKey": "xaf", "isDefaultNewWard": True},
            ]
        }
    },
}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "converter_2025.json").write_text(json.dumps(CONVERSION), "utf-8")
    with closing(sqlite3.connect(tmp_path / "data" / "dataset.db")) as data, data:
        data.execute(OLD)
        data.execute(NEW)
        data.executemany("INSERT INTO admin_units_legacy VALUES (?, ?, ?, ?, ?, ?, ?, ?)", OLD_ROWS)
        data.executemany("INSERT INTO admin_units VALUES (?, ?, ?, ?, ?, ?)", NEW_ROWS)
    return tmp_path


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


def test_the_converter_writes_provinces_wards_and_successors(package: Path) -> None:
    build(package, package)
    assert rows(package / "provinces.csv") == [
        ["VN63", "02", "Tỉnh", "A", "", "2025-06-30", "08"],
        ["VN63", "46", "Tỉnh", "Thừa Thiên Huế", "", "2024-12-31", "46"],
        ["VN63", "46", "Thành phố", "Huế", "2025-01-01", "2025-06-30", "46"],
        ["VN34", "08", "Tỉnh", "E", "2025-07-01", "", ""],
        ["VN34", "46", "Thành phố", "Huế", "2025-07-01", "", ""],
    ]
    assert rows(package / "wards_vn63.csv") == [
        ["00001", "02", "Huyện B", "Xã", "D", "", "2025-06-30", "00005 00002"],
        ["00002", "02", "Huyện B", "Thị trấn", "C", "", "2025-06-30", "00002"],
        ["00003", "46", "Thành phố Huế", "Phường", "1", "", "2025-06-30", "00003"],
    ]
    assert rows(package / "wards_vn34.csv")[-1] == ["00009", "08", "", "Đặc khu", "Đảo", "2025-07-01", "", ""]


def test_building_again_gives_the_same_bytes(package: Path) -> None:
    build(package, package)
    before = {path.name: path.read_bytes() for path in package.glob("*.csv")}
    build(package, package)
    assert {path.name: path.read_bytes() for path in package.glob("*.csv")} == before
    assert len(before) == 3
