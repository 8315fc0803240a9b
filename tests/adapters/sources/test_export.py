"""Reading exports: header, encoding, quoting, places, and the errors that name line and column."""

from __future__ import annotations

import csv
import io
import unicodedata
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.sources import SOURCES, NotAnExport, Place, Row, Source, detect, read
from adapters.sources.lines import MAX_LINE, MAX_ROW_LINES
from tests.adapters.sources.exports import (
    BIRTH,
    CARD,
    CIVIL_STATUS,
    IDENTITY,
    MARRIAGE,
    MOVE,
    RESIDENCE,
    data_of,
    errors,
    events,
    export,
    read_all,
)

THREE_MOVES = [{**MOVE, "Số hồ sơ": f"{number}/2025"} for number in (1, 2, 3)]

cell_text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)


class Pipe(io.BytesIO):
    """Standard input: it cannot seek."""

    def seekable(self) -> bool:
        return False

    def seek(self, _offset: int, _whence: int = 0, /) -> int:
        raise io.UnsupportedOperation


def refusal(source: Source, content: bytes) -> str:
    with pytest.raises(NotAnExport) as caught:
        read_all(source, content)
    return str(caught.value)


def lines_of(content: bytes) -> list[bytes]:
    return content.splitlines(keepends=True)


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
def test_an_export_may_use_comma_or_semicolon_and_begin_with_a_byte_order_mark(
    bom: bytes, delimiter: str, ending: bytes
) -> None:
    content = bom + export(RESIDENCE, MOVE, delimiter=delimiter).replace(b"\r\n", ending)
    assert events(read_all(RESIDENCE, content)) == events(read_all(RESIDENCE, export(RESIDENCE, MOVE)))


def test_the_columns_may_come_in_any_order() -> None:
    file = io.StringIO()
    writer = csv.DictWriter(file, sorted(RESIDENCE.columns), restval="")
    writer.writeheader()
    writer.writerow(MOVE)
    assert events(read_all(RESIDENCE, file.getvalue().encode())) == events(read_all(RESIDENCE, export(RESIDENCE, MOVE)))


def test_decomposed_letters_in_header_and_cells_are_composed() -> None:
    plain = export(RESIDENCE, MOVE)
    decomposed = unicodedata.normalize("NFD", plain.decode()).encode()
    assert decomposed != plain
    assert events(read_all(RESIDENCE, decomposed)) == events(read_all(RESIDENCE, plain))
    assert detect(decomposed.splitlines()[0]) is RESIDENCE


@pytest.mark.parametrize("name", list(SOURCES))
def test_an_export_is_known_by_its_header(name: str) -> None:
    source = SOURCES[name]
    for delimiter in (",", ";"):
        header = export(source, delimiter=delimiter)
        assert detect(header) is source
        assert detect("\ufeff" + header.decode()) is source


@pytest.mark.parametrize("header", ["", "\n", '{"specversion":"1.0"}', "a,b,c", '"', b"\xff\xfe\x00"])
def test_anything_else_is_no_register_export(header: str | bytes) -> None:
    assert detect(header) is None


def test_an_empty_file_is_refused() -> None:
    assert "rỗng" in refusal(RESIDENCE, b"")


def test_a_header_alone_has_no_rows() -> None:
    assert read_all(RESIDENCE, export(RESIDENCE)) == []
    assert read_all(RESIDENCE, export(RESIDENCE).rstrip()) == []


@pytest.mark.parametrize(
    ("header", "faults"),
    [
        ("ho,ten", ["'ho'", "'ten'", "missing", "unknown"]),
        (",".join(RESIDENCE.columns[1:]), ["missing: 'Loại cư trú'"]),
        (",".join([*RESIDENCE.columns, "Ghi chú"]), ["unknown: 'Ghi chú'"]),
        (",".join([*RESIDENCE.columns, "Lần"]), ["repeated: 'Lần'"]),
        ("\n", ["missing"]),
    ],
)
def test_another_header_is_refused_with_what_is_wrong_and_what_is_expected(header: str, faults: list[str]) -> None:
    message = refusal(RESIDENCE, header.encode())
    assert all(fault in message for fault in faults)
    assert all(column in message for column in RESIDENCE.columns)


@pytest.mark.parametrize("encoding", ["utf-16", "cp1258"])
def test_a_header_in_another_encoding_is_refused(encoding: str) -> None:
    header = "Loại cư trú,Đường".encode(encoding, "replace")
    assert "UTF-8" in refusal(RESIDENCE, header)


def test_a_row_in_another_encoding_is_refused_whole_and_the_next_ones_are_read() -> None:
    head, first, second, third = lines_of(export(RESIDENCE, *THREE_MOVES))
    spoiled = second.replace("Lê Thánh Tôn".encode(), b"L\xea Th\xe1nh T\xf4n")
    items = read_all(RESIDENCE, head + first + spoiled + third)
    (error,) = errors(items)
    assert [event["factid"][-6:] for event in events(items)] == ["1/2025", "3/2025"]
    assert (error.line, error.column) == (3, "")
    assert "UTF-8" in error.message
    assert r"L\xea Th\xe1nh T\xf4n" in error.raw


def test_a_nul_byte_spoils_its_row_only() -> None:
    head, first, second, third = lines_of(export(RESIDENCE, *THREE_MOVES))
    items = read_all(RESIDENCE, head + first + second.replace(b"72", b"7\x002") + third)
    (error,) = errors(items)
    assert len(events(items)) == 2
    assert (error.line, "NUL" in error.message) == (3, True)


@pytest.mark.parametrize("change", [b",", b",,,"])
def test_too_many_cells_are_refused_with_the_row_kept_whole(change: bytes) -> None:
    head, first, second, third = lines_of(export(RESIDENCE, *THREE_MOVES))
    spoiled = second.rstrip() + change + b"\r\n"
    items = read_all(RESIDENCE, head + first + spoiled + third)
    (error,) = errors(items)
    assert len(events(items)) == 2
    assert (error.line, error.raw) == (3, spoiled.decode().rstrip())


def test_too_few_cells_are_refused() -> None:
    head, first, second, third = lines_of(export(RESIDENCE, *THREE_MOVES))
    items = read_all(RESIDENCE, head + first + second[:20] + b"\n" + third)
    (error,) = errors(items)
    assert (error.line, len(events(items))) == (3, 2)
    assert "not as many cells" in error.message


def test_a_quotation_mark_that_nobody_closes_costs_its_own_line_only() -> None:
    many = [{**MOVE, "Số hồ sơ": f"{number}/2025"} for number in range(2 * MAX_ROW_LINES)]
    head, first, *rest = lines_of(export(RESIDENCE, *many))
    items = read_all(RESIDENCE, head + first.replace(b"72 L", b'"72 L') + b"".join(rest))
    (error,) = errors(items)
    assert (error.line, len(events(items))) == (2, len(rest))
    assert [item.line for item in items] == list(range(2, len(many) + 2))
    assert error.raw.startswith("Thường trú")
    assert "\n" not in error.raw


@pytest.mark.parametrize("tail", [1, 2, 3])
def test_an_open_quotation_mark_near_the_end_loses_no_later_row(tail: int) -> None:
    head, *rows = lines_of(export(RESIDENCE, *THREE_MOVES))
    rows[-tail] = rows[-tail].replace(b"72 L", b'"72 L')
    items = read_all(RESIDENCE, head + b"".join(rows))
    assert (len(errors(items)), len(events(items))) == (1, 2)


def test_a_line_beyond_the_limit_is_read_over() -> None:
    head, first, second, third = lines_of(export(RESIDENCE, *THREE_MOVES))
    long = second.rstrip() + b"x" * (3 * MAX_LINE) + b"\n"
    for broken in (long, b'"' + long):
        items = read_all(RESIDENCE, head + first + broken + third)
        (error,) = errors(items)
        assert (error.line, len(events(items)), len(error.raw)) == (3, 2, len(error.raw.encode()[:MAX_LINE].decode()))
        assert items[-1].place == Place(len(head + first + broken + third), 4)


def test_a_long_line_behind_an_open_quotation_mark_is_read_over_once() -> None:
    head, first, second, third = lines_of(export(RESIDENCE, *THREE_MOVES))
    long = b"x" * (3 * MAX_LINE) + b"\n"
    content = head + first.replace(b"72 L", b'"72 L') + long + second + third
    items = read_all(RESIDENCE, content)
    assert [error.line for error in errors(items)] == [2, 3]
    assert len(events(items)) == 2
    assert items[-1].place == Place(len(content), 5)


def test_empty_lines_and_lines_of_separators_are_no_rows() -> None:
    head, *rows = lines_of(export(RESIDENCE, *THREE_MOVES))
    blank = b"," * (len(RESIDENCE.columns) - 1) + b"\r\n"
    items = read_all(RESIDENCE, head + b"\r\n".join(rows) + b"\n" + blank + b"\n")
    assert (len(events(items)), errors(items)) == (3, [])


def test_an_error_names_line_and_column_after_rows_of_several_lines() -> None:
    two_lines = {**MOVE, "Địa chỉ đến": "Khu A\nNhà 3"}
    bad = {**MOVE, "Mã tỉnh đến": "03", "Địa chỉ đến": "Khu B\nNhà 4"}
    items = read_all(RESIDENCE, export(RESIDENCE, two_lines, bad, MOVE))
    (error,) = errors(items)
    assert [item.line for item in items] == [2, 4, 6]
    assert (error.line, error.column) == (4, "Mã tỉnh đến")
    assert "Khu B\nNhà 4" in error.raw


def test_no_error_message_repeats_what_stands_in_the_cell() -> None:
    for column in CIVIL_STATUS.columns:
        row = {**MARRIAGE, column: "079090000412x"}
        for error in errors(read_all(CIVIL_STATUS, export(CIVIL_STATUS, row))):
            assert "079090000412" not in error.message
            assert "079090000412x" in error.raw


@settings(max_examples=60, deadline=None)
@given(detail=cell_text, family=cell_text, delimiter=st.sampled_from(",;"))
def test_any_text_survives_the_export_composed_and_stripped(detail: str, family: str, delimiter: str) -> None:
    row = {**BIRTH, "Hệ mã cư trú": "VN34", "Mã tỉnh cư trú": "01", "Địa chỉ cư trú": detail, "Họ": f"Lê {family}"}
    (item,) = read_all(CIVIL_STATUS, export(CIVIL_STATUS, row, delimiter=delimiter))
    assert isinstance(item, Row)
    data = item.events[0]["data"]
    assert data["residence"].get("detail", "") == unicodedata.normalize("NFC", detail).strip()
    assert data["name"]["family"] == unicodedata.normalize("NFC", f"Lê {family}").strip()


@settings(max_examples=60, deadline=None)
@given(
    details=st.lists(st.sampled_from(["", "Nhà 3", "Khu A\nNhà 3", '"', "a;b,c", "\r\n\r\n", "Đường 3/2"]), max_size=8),
    spoilt=st.sets(st.integers(0, 7)),
    seekable=st.booleans(),
)
def test_reading_goes_on_behind_any_item_as_if_never_interrupted(
    details: list[str], spoilt: set[int], seekable: bool
) -> None:
    rows = [
        {**MOVE, "Địa chỉ đến": detail, "Số hồ sơ": str(number), "Lần": "x" if number in spoilt else "1"}
        for number, detail in enumerate(details)
    ]
    content = export(RESIDENCE, *rows)
    items = read_all(RESIDENCE, content)
    assert len(items) == len(rows)
    stream_of = io.BytesIO if seekable else Pipe
    for done, item in enumerate(items, start=1):
        assert list(read(RESIDENCE, stream_of(content), item.place)) == items[done:]


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_behind_the_header_stop_the_reading(rubbish: bytes) -> None:
    head, row = lines_of(export(RESIDENCE, MOVE))
    items = read_all(RESIDENCE, head + rubbish + b"\n" + row)
    assert items[-1].place.offset == len(head + rubbish + b"\n" + row)
    assert isinstance(items[-1], Row)
    assert all(first.place < second.place for first, second in pairwise(items))


@pytest.mark.parametrize("stream_of", [io.BytesIO, Pipe])
def test_a_file_shorter_than_what_was_read_before_is_refused(stream_of: type[io.BytesIO]) -> None:
    content = export(RESIDENCE, *THREE_MOVES)
    with pytest.raises(NotAnExport, match="shorter"):
        list(read(RESIDENCE, stream_of(content[:-10]), Place(len(content), 4)))


def test_rows_are_read_one_by_one_and_not_ahead() -> None:
    content = export(RESIDENCE, *THREE_MOVES)
    head, first, *_ = lines_of(content)
    items = read(RESIDENCE, io.BytesIO(content))
    assert next(items).place == Place(len(head + first), 2)


@pytest.mark.parametrize(("source", "row"), [(CIVIL_STATUS, BIRTH), (RESIDENCE, MOVE), (IDENTITY, CARD)])
def test_a_file_on_disk_is_read_like_one_in_memory(source: Source, row: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes(export(source, row))
    with path.open("rb") as stream:
        assert list(read(source, stream)) == read_all(source, path.read_bytes())
    assert data_of(source, row)
