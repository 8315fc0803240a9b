"""Which linked procedures are followed: from a file that an operator may replace, checked before anything starts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import orjson
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from deploy.settings import BadSetting, Settings
from hub.agreements import AgreementProblem
from hub.agreements.manifest import Manifest
from hub.procedures.definition import Kind, Procedure, Procedures, Step, Title
from schemas.catalogue import Catalogue

_SHIPPED = Path(__file__).parent / "procedures.yaml"
_SCHEMA = Path(__file__).parent / "procedures.schema.json"


def procedures_of(settings: Settings, catalogue: Catalogue, agencies: Collection[str]) -> Procedures:
    """Read the procedures: as set, else of the home, else the ones shipped. Raises `BadSetting`.

    Of those shipped, a procedure that needs an agency without an agreement is not followed.
    """
    own = settings.home / "procedures.yaml"
    path = settings.procedures or (own if own.is_file() else None)
    if path is not None:
        return read_procedures(path, catalogue, agencies)
    shipped = read_procedures(_SHIPPED, catalogue, None)
    can = [one for one in shipped.each if one.agencies <= {*agencies, *shipped.offices}]
    return Procedures(can, shipped.offices, shipped.days_off, shipped.working_days)


def read_procedures(path: Path, catalogue: Catalogue, agencies: Collection[str] | None) -> Procedures:
    """Read a file. Raises `BadSetting` with the line and what is allowed. `agencies`: with an agreement; None: any."""
    try:
        found = Manifest.read(path)
        _check_shape(found)
        _check(found, catalogue, agencies)
        return _made(found)
    except AgreementProblem as problem:
        raise BadSetting(f"DANCU_PROCEDURES: {problem}") from problem


def _check_shape(file: Manifest) -> None:
    error = best_match(Draft202012Validator(orjson.loads(_SCHEMA.read_bytes())).iter_errors(file.content))
    if error is None:
        return
    place, allowed = list(error.absolute_path), list[str]()
    if error.validator == "enum":
        allowed = error.validator_value
    elif error.validator == "additionalProperties" and isinstance(error.instance, dict):
        allowed = list(error.schema["properties"])
        place.append(next(key for key in error.instance if key not in allowed))
    where = "/".join(map(str, place)) or "the file"
    hint = f". Allowed: {', '.join(allowed)}" if allowed else ""
    raise file.problem(place, f"{where}: {error.message}{hint}")


def _check(file: Manifest, catalogue: Catalogue, agencies: Collection[str] | None) -> None:
    """Check what a schema can't say."""
    names, beginnings = set[str](), set[str]()
    offices = file.content.get("offices") or {}
    for p, procedure in enumerate(file.content["procedures"] or ()):
        place: list[str | int] = ["procedures", p]
        if procedure["name"] in names:
            raise file.problem([*place, "name"], f"{procedure['name']!r} is there twice")
        _check_type(file, [*place, "begins"], procedure["begins"], catalogue)
        if procedure["begins"] in beginnings:
            said = f"{procedure['begins']} begins another procedure already: put the steps together into one"
            raise file.problem([*place, "begins"], said)
        names.add(procedure["name"])
        beginnings.add(procedure["begins"])
        before: list[str] = []
        for s, step in enumerate(procedure["steps"]):
            _check_step(file, [*place, "steps", s], step, catalogue, before)
            known = sorted({*(agencies if agencies is not None else [step["agency"]]), *offices})
            _check_is_one_of(file, [*place, "steps", s, "agency"], step["agency"], known)
            before.append(step["name"])


def _check_step(
    file: Manifest, place: Sequence[str | int], step: Mapping[str, Any], catalogue: Catalogue, before: Sequence[str]
) -> None:
    if step["name"] in before:
        raise file.problem([*place, "name"], f"{step['name']!r} is there twice in this procedure")
    if "after" in step:
        _check_is_one_of(file, [*place, "after"], step["after"], before)
    if step["kind"] == Kind.EVENT:
        for name in ("type", "changes"):
            if name not in step:
                raise file.problem(place, f"a step of the kind event needs `{name}`")
        _check_type(file, [*place, "type"], step["type"], catalogue)
        allowed = catalogue.types[step["type"]].changes - {"ANNULLED"}
        for c, change in enumerate(step["changes"]):
            _check_is_one_of(file, [*place, "changes", c], change, sorted(allowed))
        return
    for name in ("type", "changes", "days_before"):
        if name in step:
            raise file.problem([*place, name], f"`{name}` is for steps of the kind event")


def _check_type(file: Manifest, place: Sequence[str | int], name: str, catalogue: Catalogue) -> None:
    _check_is_one_of(file, place, name, sorted(catalogue.types))


def _check_is_one_of(file: Manifest, place: Sequence[str | int], value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise file.problem(
            place, f"{place[-1]}: {value!r} is not possible here. Allowed: {', '.join(allowed) or 'none'}"
        )


def _made(file: Manifest) -> Procedures:
    content = file.content
    return Procedures(
        tuple(_procedure(file, ["procedures", p], one) for p, one in enumerate(content["procedures"] or ())),
        {name: Title(**title) for name, title in (content.get("offices") or {}).items()},
        _dates(file, "days_off"),
        _dates(file, "working_days"),
    )


def _procedure(file: Manifest, place: Sequence[str | int], content: Mapping[str, Any]) -> Procedure:
    since = content.get("since")
    return Procedure(
        content["name"],
        Title(**content["title"]),
        content["basis"],
        content["begins"],
        tuple(_step(step) for step in content["steps"]),
        None if since is None else _date(file, [*place, "since"], since),
    )


def _step(content: Mapping[str, Any]) -> Step:
    changes = tuple(content.get("changes", ()))
    named = {"title": Title(**content["title"]), "kind": Kind(content["kind"]), "changes": changes}
    return Step(**{**content, **named})


def _dates(file: Manifest, name: str) -> frozenset[date]:
    return frozenset(_date(file, [name, n], one) for n, one in enumerate(file.content.get(name) or ()))


def _date(file: Manifest, place: Sequence[str | int], value: Any) -> date:
    if type(value) is not date:
        raise file.problem(place, f"{value!r} is no date. Write it so: 2026-02-14")
    return value
