"""May a schema follow those that were published? FULL_TRANSITIVE by Apache Avro's rules, and some of ours."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import avro.errors
import avro.schema
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType

from schemas.avsc import expanded, full_name
from schemas.payload import present
from schemas.problem import SchemaProblem
from schemas.versions import Recorded


class Break(NamedTuple):
    """One thing that a published version and the schema here don't agree on."""

    kind: str
    #: The shared type it lies in, such as `vn.dancu.Address`, or "" for the record itself.
    owner: str
    #: The place in it, such as `died_on` or `symbols`.
    place: str
    message: str
    #: What doesn't work, with the version it doesn't work with put in for `{}`.
    effect: str


_NEW_READS = "the schema here can't read what {} wrote"
_OLD_READS = "{} can't read what the schema here writes"
_BREAKS_SENDERS = "what was complete for {} would now be refused"
_LOSES = "{} has it; a field taken away on purpose is named in the record's dancu.withdrawn"
_MEANS = "{} means something else by the same bytes"


def breaks(schema: Mapping[str, Any], old: Recorded) -> Iterator[Break]:
    """Yield what stands between a resolved schema and one published version, in both directions.

    Raises `SchemaProblem` when the published text is damaged.
    """
    here, there = avro.schema.parse(json.dumps(schema)), _published(old)
    yield from _unreadable(here, there, _NEW_READS)
    yield from _unreadable(there, here, _OLD_READS)
    yield from _beyond_avro(expanded(schema, {}), expanded(old.schema, {}), "", "")


def _published(old: Recorded) -> Any:
    try:
        return avro.schema.parse(json.dumps(old.schema))
    except avro.errors.AvroException as error:
        raise SchemaProblem("unparsable", f"recorded/{old.schema_id}.avsc", f"not an Avro schema: {error}") from error


def _unreadable(reader: Any, writer: Any, effect: str) -> Iterator[Break]:
    """The checker decides on the whole. It names no place inside unions, so we ask it again part by part."""
    verdict = ReaderWriterCompatibilityChecker().get_compatibility(reader, writer)
    if verdict.compatibility is SchemaCompatibilityType.compatible:
        return
    found = list(_parts(reader, writer, "", "", effect))
    yield from found or [_break(verdict, "", "", effect)]


def _parts(reader: Any, writer: Any, owner: str, place: str, effect: str) -> Iterator[Break]:
    reader_branch, writer_branch = _branch(reader), _branch(writer)
    if reader_branch is not reader and writer_branch is not writer:
        yield from _parts(reader_branch, writer_branch, owner, place, effect)
    elif reader.type == writer.type == "record":
        owner, place = _inside(reader.fullname, owner, place)
        for field in reader.fields:
            there = writer.fields_dict.get(field.name)
            where = _join(place, field.name)
            if there is not None:
                yield from _parts(field.type, there.type, owner, where, effect)
            elif not field.has_default:
                message = f"field `{field.name}` has no default"
                yield Break("reader_field_missing_default_value", owner, where, message, effect)
    elif reader.type == writer.type == "array":
        yield from _parts(reader.items, writer.items, owner, place, effect)
    else:
        verdict = ReaderWriterCompatibilityChecker().get_compatibility(reader, writer)
        if verdict.compatibility is not SchemaCompatibilityType.compatible:
            if reader.type == "enum":
                owner, place = _inside(reader.fullname, owner, place)
            yield _break(verdict, owner, place, effect, _missing_symbols(reader, writer))


def _branch(schema: Any) -> Any:
    """Return what an optional schema holds when it is there; any other schema as it is."""
    if schema.type == "union" and len(schema.schemas) == 2 and schema.schemas[0].type == "null":
        return schema.schemas[1]
    return schema


def _inside(name: str, owner: str, place: str) -> tuple[str, str]:
    """Return where we are once inside a named type: shared types are files of their own."""
    shared = name.startswith("vn.dancu.") and name.count(".") == 2
    return (name, "") if shared else (owner, place)


def _join(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _missing_symbols(reader: Any, writer: Any) -> str:
    if reader.type == writer.type == "enum":
        return ", ".join(sorted(set(writer.symbols) - set(reader.symbols)))
    return ""


def _break(verdict: Any, owner: str, place: str, effect: str, symbols: str = "") -> Break:
    kind = verdict.incompatibilities[0].value
    if symbols:
        return Break(kind, owner, _join(place, "symbols"), f"enum symbol not known to the reader: {symbols}", effect)
    return Break(kind, owner, place, "; ".join(sorted(verdict.messages)), effect)


def _beyond_avro(here: Any, there: Any, owner: str, place: str) -> Iterator[Break]:
    """What Avro lets pass: a lost optional field, another logical type, a stricter demand on senders."""
    now_logical, was_logical = _said(here, "logicalType"), _said(there, "logicalType")
    if now_logical != was_logical:
        message = f"logical type is {now_logical}, was {was_logical}"
        yield Break("logical_type_changed", owner, place, message, _MEANS)
    if _said(here, "type") != "record" or _said(there, "type") != "record":
        return
    owner, place = _inside(full_name(here), owner, place)
    now = {field["name"]: field for field in here["fields"]}
    withdrawn = here.get("dancu", {}).get("withdrawn", [])
    for field in there["fields"]:
        where = _join(place, field["name"])
        if field["name"] in now:
            yield from _stricter(now[field["name"]], field, owner, where)
            yield from _beyond_avro(present(now[field["name"]]["type"]), present(field["type"]), owner, where)
        elif field["name"] not in withdrawn:
            yield Break("field_removed", owner, where, f"field `{field['name']}` was published", _LOSES)


def _said(schema: Any, key: str) -> Any:
    return schema.get(key) if isinstance(schema, dict) else None


def _stricter(now: Mapping[str, Any], before: Mapping[str, Any], owner: str, place: str) -> Iterator[Break]:
    if _said(now.get("dancu"), "required") and not _said(before.get("dancu"), "required"):
        yield Break("requirement_added", owner, place, f"`{now['name']}` is now required", _BREAKS_SENDERS)


def sentence(found: Break, versions: Sequence[Recorded]) -> str:
    """Return the message of a break, with the published versions that it concerns."""
    first, more = versions[0], len(versions) - 1
    which = f"version {first.version} of {first.subject} (schema id {first.schema_id})"
    others = f", and the same for {more} more" if more else ""
    return f"{found.message}: {found.effect.format(which)}{others}"
