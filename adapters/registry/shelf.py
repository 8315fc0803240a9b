"""The recorded schemas as a registry's clients ask for them: by subject, by version, by id, by text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from adapters.registry.canonical import canonical, canonical_text
from schemas.catalogue import Catalogue
from schemas.versions import Recorded


class Refusal(Exception):
    """What a client asked for can't be answered. Has Confluent's error code; its first digits are the HTTP status."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.code // 100 if self.code > 999 else self.code


#: How a schema gets into the registry: not by asking it.
HOW = (
    "A schema gets in with a release of the hub: change schemas/events or schemas/views in its repository, run "
    "`dancu schemas check` and `dancu schemas record`, and commit. A producer sets auto.register.schemas=false."
)
READ_ONLY = f"This registry is read-only; nothing was changed. {HOW}"


class Shelf:
    """What a catalogue recorded. Every method raises `Refusal` for what isn't there."""

    def __init__(self, catalogue: Catalogue) -> None:
        """Arrange the recorded versions by subject, oldest first."""
        self._by_id = dict(sorted(catalogue.recorded.items()))
        self._by_subject: dict[str, dict[int, Recorded]] = {}
        for one in sorted(self._by_id.values(), key=lambda one: (one.subject, one.version)):
            self._by_subject.setdefault(one.subject, {})[one.version] = one
        self._canonical = {schema_id: canonical(one.schema) for schema_id, one in self._by_id.items()}

    def subjects(self) -> list[str]:
        """Return all subjects, by name."""
        return list(self._by_subject)

    def all(self) -> Sequence[Recorded]:
        """Return all recorded versions, by id."""
        return list(self._by_id.values())

    def versions(self, subject: str) -> dict[int, Recorded]:
        """Return the versions of a subject, oldest first."""
        found = self._by_subject.get(subject)
        if found is None:
            raise Refusal(40401, f"Subject '{subject}' not found.")
        return found

    def version(self, subject: str, wanted: str) -> Recorded:
        """Return one version by its number, or the newest for `latest` or -1."""
        versions = self.versions(subject)
        if wanted in ("latest", "-1"):
            return versions[max(versions)]
        if not (wanted.isascii() and wanted.isdecimal() and 0 < int(wanted[:10]) < 2**31 and len(wanted) <= 10):
            message = f"The specified version '{wanted}' is not a valid version id: a whole number from 1, or latest."
            raise Refusal(42202, message)
        if int(wanted) not in versions:
            raise Refusal(40402, f"Version {wanted} not found: {subject} has {', '.join(map(str, versions))}.")
        return versions[int(wanted)]

    def by_id(self, wanted: str) -> Recorded:
        """Return the schema of an id."""
        found = self._by_id.get(int(wanted)) if wanted.isascii() and wanted.isdecimal() and len(wanted) <= 10 else None
        if found is None:
            raise Refusal(40403, f"Schema {wanted} not found.")
        return found

    def same(self, subject: str, text: str) -> Recorded:
        """Return the newest version of a subject that says the same as a text, `doc` texts and layout aside."""
        versions = self.versions(subject)
        try:
            wanted = canonical_text(text)
        except ValueError:
            raise Refusal(42201, "Invalid schema: the text is no Avro schema.") from None
        for one in reversed(versions.values()):
            if self._canonical[one.schema_id] == wanted:
                return one
        raise Refusal(40403, f"Schema not found: {subject} has no version that says this.")


def text_of(one: Recorded) -> str:
    """Return the recorded text."""
    return orjson.dumps(dict(one.schema)).decode()


def row_of(one: Recorded) -> dict[str, Any]:
    """Return a version as the registry's clients know it."""
    return {"subject": one.subject, "version": one.version, "id": one.schema_id, "schema": text_of(one)}


def schema_in(body: bytes) -> str:
    """Return the Avro text in what a client posted. Raises `Refusal`."""
    try:
        asked = orjson.loads(body)
    except ValueError:
        asked = None
    if not isinstance(asked, dict) or not isinstance(asked.get("schema"), str):
        raise Refusal(42201, 'Invalid schema: post {"schema": "…"}, the Avro schema as a text.')
    if asked.get("schemaType", "AVRO") != "AVRO":
        raise Refusal(42201, "Invalid schema: this registry has Avro schemas only.")
    return str(asked["schema"])


def about(shelf: Shelf) -> dict[str, Any]:
    """Return what the registry says about itself, for whoever opens it in a browser."""
    return {
        "name": "Dân Cư Hub: sổ đăng ký lược đồ / schema registry",
        "about": "Read-only. It has every schema that the hub's records were ever written with, each with a fixed id.",
        "subjects": len(shelf.subjects()),
        "schemas": len(shelf.all()),
        "ask": ["/subjects", "/subjects/{subject}/versions/latest", "/schemas/ids/{id}", "/schemas/types", "/config"],
        "how_a_schema_gets_in": HOW,
    }
