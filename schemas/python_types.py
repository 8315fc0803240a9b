"""Python types for an agency's events: for its developers, beside `consumers/client.py`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from schemas.catalogue import View
from schemas.payload import present
from schemas.problem import SchemaProblem

_HEAD = '''"""The events of {agency}, typed. Made by `dancu schemas client {agency}`; again if it changes.

    from dancu_feed import Feed, FileCursor
    from {module}_types import events

    for event in events(Feed(url, FileCursor("{agency}.cursor"), token=token)):
        if event.type == "{first}":
            event.data  # the fields of {first}: mypy and editors know them here
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypedDict, Union, cast

from dancu_feed import Event, Feed
'''
_TAIL = '''

class InPlaceData(TypedDict, total=False):
    """Why there is no event here."""

    detail: str
    reason: str
    type: str


class InPlace(Event):
    """Stands in place of an event that you may not have any more, or that can't be read."""

    type: Literal["vn.dancu.Withheld", "vn.dancu.Unreadable"]
    data: InPlaceData


AnyEvent = Union[
    InPlace,
{union}
]


def events(feed: Feed) -> Iterator[AnyEvent]:
    """Yield the events of a feed; `event.type` says which fields `event.data` has."""
    return cast("Iterator[AnyEvent]", iter(feed))
'''


def python_types(views: Sequence[View]) -> str:
    """Return a module with the types of an agency's views. Raises `SchemaProblem`."""
    agency = views[0].agency
    records: dict[str, str] = {}
    classes = [part for view in views for part in (_data(view, records), _event(view))]
    union = "\n".join(f"    {view.type}Event," for view in views)
    head = _HEAD.format(agency=agency, module=agency.replace("-", "_"), first=views[0].type)
    return "\n\n".join([head.rstrip("\n") + "\n", *records.values(), *classes]) + _TAIL.format(union=union)


def _data(view: View, records: dict[str, str]) -> str:
    docs = {field["name"]: field.get("doc", "") for field in view.schema["fields"]}
    fields = [(f.name, _type(f.name, f.type, records), docs.get(f.name, "")) for f in view.payload]
    return _typed_dict(view.type, str(view.schema.get("doc", "")) or view.type, fields)


def _event(view: View) -> str:
    return f'''class {view.type}Event(Event):
    """An event with this data; empty when it is ANNULLED."""

    type: Literal["{view.type}"]
    data: {view.type}
'''


def _typed_dict(name: str, doc: str, fields: Sequence[tuple[str, str, str]]) -> str:
    return "\n".join([f"class {name}(TypedDict, total=False):", f'    """{_said(doc)}"""', "", *_lines(fields), ""])


def _lines(fields: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    for name, kind, doc in fields:
        if doc:
            yield f"    #: {_said(doc)}"
        yield f"    {name}: {kind}"


def _said(doc: str) -> str:
    """Return a text that fits into a docstring or a comment."""
    return " ".join(doc.split()).replace("\\", "").replace('"', "'")


def _type(name: str, avro: Any, records: dict[str, str]) -> str:
    kind = avro.get("logicalType", avro["type"]) if isinstance(avro, Mapping) else avro
    match kind:
        case "string" | "date" | "timestamp-millis":
            return "str"
        case "int" | "long":
            return "int"
        case "boolean":
            return "bool"
        case "enum":
            return "Literal[" + ", ".join(f'"{symbol}"' for symbol in avro["symbols"]) + "]"
        case "array":
            return f"list[{_type(name, present(avro['items']), records)}]"
        case "record":
            return _record(avro, records)
    raise SchemaProblem("unsupported_type", name, f"no Python type is agreed for {kind}")


def _record(avro: Mapping[str, Any], records: dict[str, str]) -> str:
    name = str(avro["name"]).rpartition(".")[2]
    if name not in records:
        fields = [(f["name"], _type(f["name"], present(f["type"]), records), f.get("doc", "")) for f in avro["fields"]]
        records[name] = _typed_dict(name, str(avro.get("doc", "")) or name, fields)
    return name
