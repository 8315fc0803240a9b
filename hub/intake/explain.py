"""Judges and explains what the fast path does not let pass, by the type's JSON Schema."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from hub.intake.rules import Broken
from schemas.catalogue import Catalogue
from schemas.json_schema import json_schema

_FIELD_NAME = re.compile(r"[a-z][A-Za-z0-9_]{0,39}")


class Explainer:
    """Says in plain words why an event does not fit the schema of its type."""

    def __init__(self, catalogue: Catalogue) -> None:
        """Use the types of a catalogue; a validator is made when it is first needed."""
        self._catalogue = catalogue
        self._validator = cache(self._make_validator)

    def check(self, event: Any) -> None:
        """Return when the JSON Schema accepts the event; otherwise raise `Broken`, without personal data."""
        if not isinstance(event, dict):
            raise Broken("not_an_object", "an event is a JSON object")
        name = event.get("type")
        if not isinstance(name, str) or name not in self._catalogue.types:
            allowed = ", ".join(sorted(self._catalogue.types))
            raise Broken("unknown_type", f"type: is no event type of the hub; allowed: {allowed}")
        error = best_match(self._validator(name).iter_errors(event))
        if error is not None:
            raise _broken(error)

    def _make_validator(self, name: str) -> Draft202012Validator:
        kind = self._catalogue.types[name]
        return Draft202012Validator(json_schema(kind.schema, kind.payload))


def _broken(error: ValidationError) -> Broken:
    path = ".".join(str(part) for part in error.absolute_path)
    at = f"{path}: " if path else ""
    match error.validator:
        case "additionalProperties":
            known = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
            unknown = sorted(set(error.instance) - set(known))[:3] if isinstance(error.instance, dict) else []
            names = ", ".join(f"{path}.{_shown(name)}".lstrip(".") for name in unknown)
            return Broken("unknown_field", f"{names}: no such field; allowed: {', '.join(sorted(known))}")
        case "required":
            missing = error.message.split("'")[1] if "'" in error.message else "a field"
            if missing == "previousid":
                return Broken("missing_previous", "previousid: must name the event that this one refers to")
            return Broken("schema", f"{path}.{missing}".lstrip(".") + ": is missing")
        case "maxProperties":
            return Broken("schema", f"{at}an annulment carries no payload")
    return Broken("schema", f"{at}{_rule(error)}")


def _shown(name: str) -> str:
    """Return the name of an unknown field, unless it may be a person's name or number in a wrong place."""
    return name if _FIELD_NAME.fullmatch(name) else "(a field whose name is not shown)"


def _rule(error: ValidationError) -> str:
    """Say the rule that is broken, not the value that breaks it."""
    value = error.validator_value
    if _says_nul(error):
        return "holds a NUL character"
    match error.validator:
        case "type":
            kinds = [value] if isinstance(value, str) else list(value) if isinstance(value, list) else []
            return f"must be {' or '.join(kinds)}"
        case "enum" | "const":
            values = value if isinstance(value, list) else [value]
            return f"must be {', '.join(str(v) for v in values if v is not None)}"
        case "pattern":
            return f"must match {value}"
        case "maxLength" | "minLength" | "minimum" | "maximum" | "minItems" | "minProperties":
            return f"{error.validator} is {value}"
    return f"breaks the rule {error.validator}"


def _says_nul(error: ValidationError) -> bool:
    return isinstance(error.instance, str) and "\x00" in error.instance
