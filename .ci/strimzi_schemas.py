"""Checks Strimzi resources against the schemas of Strimzi's own resource definitions (CRDs), unknown fields too.

Called by .ci/lint-deploy: strimzi_schemas.py DEFINITIONS_FOLDER FILE…
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

_ANY_METADATA = {"type": "object", "required": ["name"]}


def main(folder: Path, files: list[Path]) -> int:
    schemas = dict(_schemas(folder))
    checked, problems = 0, []
    for file in files:
        for document in yaml.safe_load_all(file.read_text(encoding="utf-8")):
            where = f"{file}: {document['kind']} {document['metadata']['name']}"
            schema = schemas.get((document["apiVersion"], document["kind"]))
            found = ["no such resource definition"] if schema is None else _problems(schema, document)
            problems += [f"{where}: {problem}" for problem in found]
            checked += 1
    sys.stderr.writelines(f"{problem}\n" for problem in problems)
    if not checked:
        sys.stderr.write("no Strimzi resource was found\n")
    return 1 if problems or not checked else 0


def _schemas(folder: Path) -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    for path in folder.glob("*.yaml"):
        spec = yaml.safe_load(path.read_text(encoding="utf-8"))["spec"]
        for version in spec["versions"]:
            schema = _strict(version["schema"]["openAPIV3Schema"])
            schema["properties"]["metadata"] = _ANY_METADATA
            yield (f"{spec['group']}/{version['name']}", spec["names"]["kind"]), schema


def _strict(schema: dict[str, Any]) -> dict[str, Any]:
    """Refuse fields that the schema does not name: Kubernetes would drop them without a word."""
    known = schema.get("properties")
    if known is not None:
        schema["properties"] = {name: _strict(one) for name, one in known.items()}
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            schema.setdefault("additionalProperties", False)
    if isinstance(schema.get("items"), dict):
        schema["items"] = _strict(schema["items"])
    if isinstance(schema.get("additionalProperties"), dict):
        schema["additionalProperties"] = _strict(schema["additionalProperties"])
    if schema.get("x-kubernetes-int-or-string"):
        schema.pop("type", None)
    return schema


def _problems(schema: dict[str, Any], document: Any) -> Iterator[str]:
    for error in Draft202012Validator(schema).iter_errors(document):
        place = ".".join(map(str, error.absolute_path)) or "it"
        yield f"{place}: {error.message}"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]]))
