"""Projection by cutting: a view that keeps some fields of an event, in order, is a concatenation of its slices.

Avro writes a record as its fields one after the other (Avro 1.12, "Binary Encoding", records). A scanner made from the
event's schema finds where each field ends, checking every length, union branch and enum index on the way; a view is
then cut out without decoding. Proven equal to Avro's own schema resolution by tests/schemas/test_slicing.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from schemas.avsc import bare, expanded

#: Takes a value in wire format, returns where each top-level field starts, and the end.
Scan = Callable[[bytes], Sequence[int]]
#: Takes the value and what the scan returned, gives the view's value in wire format.
Cut = Callable[[bytes, Sequence[int]], bytes]

#: Bytes before the record in the wire format: 0 and the schema id.
PREFIX = 5


class CorruptValue(ValueError):
    """The bytes are no record of the schema. Says at which field or offset, never what stands there."""


class NotSliceable(Exception):
    """The view is no in-order subset of the event's fields: project it by schema resolution instead."""


def make_scan(schema: Mapping[str, Any]) -> Scan:
    """Return the scanner of an event's resolved schema. It raises `CorruptValue`.

    All of one byte that stands between two texts is ASCII: so they are checked together, as one text that begins at
    `t`, up to the next number of several bytes.
    """
    writer, fields = _ScannerWriter(), bare(expanded(schema, {}))["fields"]
    writer.line("def scan(value):")
    writer.line(f"    end, i, t, b = len(value), {PREFIX}, {PREFIX}, [0] * {len(fields) + 1}")
    writer.line("    try:")
    for index, field in enumerate(fields):
        writer.line(f"        b[{index}] = i")
        writer.skip(field["type"], 2, field["name"])
    writer.line("    except IndexError:")
    writer.line("        raise CorruptValue('the value ends in the middle of a field') from None")
    writer.line("    if i != end:")
    writer.line("        raise CorruptValue(f'the record ends at {i}, the value at {end}')")
    writer.line("    _check_text(value, t, i)")
    writer.line(f"    b[{len(fields)}] = i")
    writer.line("    return b")
    return writer.compile()


#: The encoding of an optional field that is not there.
NULL = b"\x00"


def make_cut(
    event: Mapping[str, Any], view: Mapping[str, Any], schema_id: int, instead: Mapping[str, bytes] | None = None
) -> Cut:
    """Return the function that cuts a view out of an event.

    `instead`: field → the encoding that stands in its place, for protected persons. Raises `NotSliceable`.
    """
    types = {field["name"]: field["type"] for field in bare(expanded(event, {}))["fields"]}
    names = list(types)
    places: list[int] = []
    for field in bare(expanded(view, {}))["fields"]:
        name = field["name"]
        if types.get(name) != field["type"] or (places and names.index(name) <= places[-1]):
            raise NotSliceable(f"{view['name']}.{name}")
        places.append(names.index(name))
    prefix = b"\x00" + schema_id.to_bytes(4, "big")
    replaced = {names.index(name): encoding for name, encoding in (instead or {}).items() if name in names}
    parts = "".join(f" + {part}" for part in _parts(places, replaced))
    namespace: dict[str, Cut] = {}
    source = f"def cut(value, b):\n    return {prefix!r}{parts}\n"
    exec(compile(source, "<cut>", "exec"), namespace)  # noqa: S102 - made from a checked schema, no outside text in it
    return namespace["cut"]


def _parts(places: Sequence[int], replaced: Mapping[int, bytes]) -> list[str]:
    """Return the expressions of a view's bytes, neighbouring fields joined into one slice."""
    parts: list[str] = []
    start = None
    for index, place in enumerate(places):
        if place in replaced:
            parts.append(repr(replaced[place]))
            continue
        start = place if start is None else start
        following = places[index + 1] if index + 1 < len(places) else None
        if following != place + 1 or following in replaced:
            parts.append(f"value[b[{start}]:b[{place + 1}]]")
            start = None
    return parts


class _ScannerWriter:
    """Writes the source of a scanner, one type after the other."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def line(self, text: str) -> None:
        self._lines.append(text)

    def compile(self) -> Scan:
        namespace: dict[str, Any] = {
            "CorruptValue": CorruptValue,
            "_long": _long,
            "_behind": _behind,
            "_check_text": _check_text,
        }
        exec(compile("\n".join(self._lines), "<scan>", "exec"), namespace)  # noqa: S102 - as above
        scan: Scan = namespace["scan"]
        return scan

    def skip(self, schema: Any, depth: int, path: str) -> None:
        """Write the statements that move `i` behind a value of the type, or raise."""
        kind = schema["type"] if isinstance(schema, dict) else schema
        if isinstance(schema, list):
            self._skip_union(schema, depth, path)
        elif kind == "record":
            for field in schema["fields"]:
                self.skip(field["type"], depth, f"{path}.{field['name']}")
        elif kind == "enum":
            self._number(depth)
            self._check(depth, f"not 0 <= n < {len(schema['symbols'])}", path)
        elif kind == "array":
            self._skip_array(schema["items"], depth, path)
        elif kind in ("string", "bytes"):
            self._skip_sized(depth, path, is_text=kind == "string")
        elif kind in ("int", "long"):
            self.line("    " * depth + "if value[i] < 128:")
            self.line("    " * depth + "    i += 1")
            self.line("    " * depth + "else:")
            self.line("    " * depth + f"    i = t = _behind(value, t, i, {32 if kind == 'int' else 64})")
        elif kind == "boolean":
            self._check(depth, "value[i] > 1", path)
            self.line("    " * depth + "i += 1")
        elif kind in ("float", "double"):
            self.line("    " * depth + "_check_text(value, t, i)")
            self.line("    " * depth + f"i = t = i + {4 if kind == 'float' else 8}")
            self._check(depth, "i > end", path)
        elif kind != "null":
            raise NotSliceable(f"{path}: no rule to skip {kind!r}")

    def _number(self, depth: int) -> None:
        """Read a zig-zag number into `n`: mostly one byte."""
        pad = "    " * depth
        self.line(f"{pad}n = value[i]")
        self.line(f"{pad}if n < 128:")
        self.line(f"{pad}    n, i = (n >> 1) ^ -(n & 1), i + 1")
        self.line(f"{pad}else:")
        self.line(f"{pad}    _check_text(value, t, i)")
        self.line(f"{pad}    n, i = _long(value, i)")
        self.line(f"{pad}    t = i")

    def _skip_sized(self, depth: int, path: str, *, is_text: bool) -> None:
        """Move behind a size, mostly of one byte, and as many bytes."""
        pad = "    " * depth
        self.line(f"{pad}n = value[i]")
        self.line(f"{pad}i += 1")
        self.line(f"{pad}if n > 127 or n & 1:")
        self.line(f"{pad}    _check_text(value, t, i - 1)")
        self.line(f"{pad}    n, i = _long(value, i - 1)")
        self.line(f"{pad}    t, n = i, n << 1")
        self._check(depth + 1, "n < 0", path)
        self.line(f"{pad}n = i + (n >> 1)")
        self._check(depth, "n > end", path)
        if not is_text:
            self.line(f"{pad}_check_text(value, t, i)")
            self.line(f"{pad}t = n")
        self.line(f"{pad}i = n")

    def _check(self, depth: int, wrong: str, path: str) -> None:
        self.line("    " * depth + f"if {wrong}:")
        self.line("    " * (depth + 1) + f"raise CorruptValue(f'{path}: out of range at {{i}}')")

    def _skip_union(self, branches: Sequence[Any], depth: int, path: str) -> None:
        pad = "    " * depth
        if len(branches) == 2 and branches[0] == "null":
            self.line(f"{pad}n = value[i]")
            self.line(f"{pad}i += 1")
            self.line(f"{pad}if n == 2:")
            self.skip(branches[1], depth + 1, path)
            self.line(f"{pad}elif n:")
            self.line(f"{pad}    raise CorruptValue(f'{path}: no such union branch at {{i}}')")
            return
        raise NotSliceable(f"{path}: only optional fields, [null, type], can be skipped")

    def _skip_array(self, items: Any, depth: int, path: str) -> None:
        pad, count = "    " * depth, f"c{depth}"
        self.line(f"{pad}while True:")
        self._number(depth + 1)
        self.line(f"{pad}    {count} = n")
        self.line(f"{pad}    if {count} == 0:")
        self.line(f"{pad}        break")
        self.line(f"{pad}    if {count} < 0:")
        self._number(depth + 2)  # a negative count is followed by the size of the block
        self.line(f"{pad}        {count} = -{count}")
        self._check(depth + 1, f"{count} > end", path)
        self.line(f"{pad}    for _ in range({count}):")
        self.skip(items, depth + 2, path)


def _check_text(value: bytes, start: int, end: int) -> None:
    text = value[start:end]
    if not text.isascii():
        try:
            text.decode()
        except UnicodeDecodeError as wrong:
            raise CorruptValue(f"not UTF-8 at {start + wrong.start}") from None


def _behind(value: bytes, start: int, i: int, bits: int) -> int:
    """Return where a number of several bytes at `i` ends. The text from `start` on ends before it."""
    _check_text(value, start, i)
    end = i + 1
    while value[end] > 127:
        end += 1
    end += 1
    if 7 * (end - i) > bits:  # it may be too large
        number, _ = _long(value, i)
        if not -(1 << (bits - 1)) <= number < 1 << (bits - 1):
            raise CorruptValue(f"a number of more than {bits} bits at {i}")
    return end


def _long(value: bytes, i: int) -> tuple[int, int]:
    """Read a zig-zag variable-length number of at most 10 bytes; return it and where it ends."""
    number = shift = 0
    while True:
        byte = value[i]
        i += 1
        number |= (byte & 0x7F) << shift
        if byte < 128:
            break
        shift += 7
        if shift > 63:
            raise CorruptValue(f"a number of more than 10 bytes at {i}")
    if number >> 64:
        raise CorruptValue(f"a number of more than 64 bits at {i}")
    return (number >> 1) ^ -(number & 1), i
