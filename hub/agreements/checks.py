"""What is checked of a manifest before anything starts; the first that is wrong is told with its line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from hub.agreements.manifest import Manifest
from schemas.catalogue import Catalogue
from schemas.conversion import days
from schemas.reference.units import VN34, provinces

_SCHEMA = Path(__file__).parents[2] / "schemas" / "agreement.schema.json"
#: One file per way of delivery: which settings it has.
_WAYS = _SCHEMA.parent / "ways"


def check(manifest: Manifest, catalogue: Catalogue) -> None:
    """Raises `AgreementProblem` with file, line and the allowed values."""
    _check_shape(manifest, manifest.content, orjson.loads(_SCHEMA.read_bytes()))
    _check_delivery(manifest)
    _check_view(manifest, catalogue)
    _check_types(manifest, catalogue)
    _check_erasure(manifest, catalogue)
    _check_values(manifest)


def _check_shape(manifest: Manifest, content: Any, schema: Any, above: Sequence[str | int] = ()) -> None:
    """Check a part of the manifest, which stands below `above`."""
    error = best_match(Draft202012Validator(schema).iter_errors(content))
    if error is None:
        return
    path, allowed = [*above, *error.absolute_path], []
    if error.validator == "enum":
        allowed = error.validator_value
    elif error.validator == "additionalProperties":
        allowed = list(error.schema["properties"])
        path.append(next(key for key in error.instance if key not in allowed))
    where = "/".join(str(part) for part in path) or "the manifest"
    hint = f" Allowed: {', '.join(map(str, allowed))}." if allowed else ""
    raise manifest.problem(path, f"{where}: {error.message}.{hint}")


def _check_delivery(manifest: Manifest) -> None:
    """Check the settings of the way of delivery by that way's own schema."""
    content = manifest.content
    way, known = content["delivery"]["way"], ways()
    if way not in known:
        what = f"delivery/way: {way!r} is no way. Allowed: {', '.join(known)}."
        raise manifest.problem(["delivery", "way"], what)
    common = orjson.loads(_SCHEMA.read_bytes())["properties"]["delivery"]["properties"]
    own = orjson.loads((_WAYS / f"{way}.schema.json").read_bytes())
    schema = {**own, "properties": {**common, **own["properties"]}, "additionalProperties": False}
    _check_shape(manifest, content["delivery"], schema, ["delivery"])


def ways() -> Sequence[str]:
    """Return the names of the ways of delivery that an agreement may name."""
    return sorted(file.name.removesuffix(".schema.json") for file in _WAYS.glob("*.schema.json"))


def _check_view(manifest: Manifest, catalogue: Catalogue) -> None:
    known = sorted({folder for folder, _ in catalogue.views})
    if manifest.content.get("view", known[0]) not in known:
        what = f"view: there are no views named {manifest.content['view']!r}. Allowed: {', '.join(known)}."
        raise manifest.problem(["view"], what)


def _check_types(manifest: Manifest, catalogue: Catalogue) -> None:
    seen = set[str]()
    for g, grant in enumerate(manifest.content["grants"]):
        for t, type_name in enumerate(grant["types"]):
            wrong = _wrong_type(_folder(manifest.content), grant, type_name, catalogue)
            if type_name in seen:
                wrong = wrong or f"{type_name} is granted twice; one basis per type."
            if wrong:
                raise manifest.problem(["grants", g, "types", t], wrong)
            seen.add(type_name)


def _folder(content: Mapping[str, Any]) -> str:
    """Return the folder of views that says what the agency sees."""
    return str(content.get("view", content["agency"]))


def _wrong_type(folder: str, grant: Mapping[str, Any], type_name: str, catalogue: Catalogue) -> str:
    """Return what is wrong with a type in a grant, or nothing."""
    if type_name not in catalogue.types:
        return f"unknown event type {type_name!r}. Allowed: {', '.join(sorted(catalogue.types))}."
    if catalogue.view(folder, type_name) is None:
        return (
            f"{folder!r} has no view of {type_name}. Write schemas/views/{folder}/{type_name}.avsc and record it: "
            f"dancu schemas record. Or name with `view:` whose views the agency shares."
        )
    if grant.get("only_if_received") and type_name != "AddressProtectionChanged":
        return f"only_if_received is for AddressProtectionChanged only, not for {type_name}."
    return ""


def _check_erasure(manifest: Manifest, catalogue: Catalogue) -> None:
    """Who reads its topic itself must be told when to erase addresses: no hand-out hides them any more."""
    content = manifest.content
    granted = {name for grant in content["grants"] for name in grant["types"]}
    telling = sorted(name for name in granted if catalogue.views[_folder(content), name].address_fields)
    if content["delivery"]["way"] == "kafka" and telling and "AddressProtectionChanged" not in granted:
        raise manifest.problem(
            ["delivery", "way"],
            f"delivery/way: kafka, and addresses are granted ({', '.join(telling)}), but not AddressProtectionChanged, "
            "which says when to erase them. Grant it too, or choose another way: feed, webhook, files or sql.",
        )


def _check_values(manifest: Manifest) -> None:
    for name, text in manifest.content["valid"].items():
        try:
            days(text)
        except ValueError as error:
            raise manifest.problem(["valid", name], f"valid/{name}: {text!r} is no date: {error}.") from error
    population = manifest.content["population"]
    known = [province.code for province in provinces(VN34)]
    for p, code in enumerate(population.get("provinces", ()) if isinstance(population, dict) else ()):
        if code not in known:
            what = f"{code!r} is no province of today. Allowed: {', '.join(known)}."
            raise manifest.problem(["population", "provinces", p], what)
