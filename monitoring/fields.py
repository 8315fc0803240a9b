"""An event's fields in a row: their paths, such as `to_address.ward_code`, their values as text, what they mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from monitoring.words import Words
from schemas.catalogue import ENVELOPE, EventType, View
from schemas.conversion import rfc3339, to_json

_TIMES: Final = ("occurred_at", "registered_at")


def paths_of(kind: EventType, every: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """Yield the fields of the schema in order; of a record its parts, where somebody has one."""
    yield from ENVELOPE
    for field in kind.payload:
        parts = [path for texts in every for path in texts if path.startswith(f"{field.name}.")]
        yield from dict.fromkeys(parts) if parts else (field.name,)


def texts_of(content: Mapping[str, Any], kind: EventType | View) -> dict[str, str]:
    """Return path → value as text, for every field that has a value."""
    found = {name: _text(name, content.get(name)) for name in ENVELOPE if content.get(name) is not None}
    for name, value in to_json(content, kind).items():
        found |= dict(_flat(name, value))
    return found


def _text(name: str, value: Any) -> str:
    return rfc3339(value) if name in _TIMES else str(value)


def _flat(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(f"{path}.{name}", inner)
    elif isinstance(value, list):
        yield path, ", ".join(map(str, value))
    else:
        yield path, str(value)


def docs_of(kind: EventType) -> dict[str, Words]:
    """Return path → what the schema says of it; of a part of a record, what it is and of what."""
    docs = {field["name"]: _words(field.get("doc", "")) for field in kind.schema["fields"]}
    for field in kind.payload:
        for part in field.type.get("fields", ()) if isinstance(field.type, dict) else ():
            whole, own = docs[field.name], _words(part.get("doc", ""))
            docs[f"{field.name}.{part['name']}"] = Words(f"{whole.vi}: {own.vi}", f"{whole.en}: {own.en}")
    return docs


def _words(doc: str) -> Words:
    """Split what a schema says of a field: English, then Vietnamese in brackets."""
    english, bracket, rest = doc.partition(" (")
    vietnamese = rest.partition(")")[0] if bracket else english
    return Words(vietnamese, english.rstrip("."))
