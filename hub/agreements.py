"""What each agency may have: agreements read from YAML manifests and checked before anything starts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from schemas.catalogue import Catalogue
from schemas.conversion import days
from schemas.reference.units import VN34, provinces

_SCHEMA = Path(__file__).parent.parent / "schemas" / "agreement.schema.json"
#: One file per way of delivery: which settings it has.
_WAYS = _SCHEMA.parent / "ways"
_PERSON = re.compile(r"[0-9]{12}")


class AgreementProblem(Exception):
    """A manifest can't be used. Says the file, the line, what is wrong and what is allowed."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One agency may have events of some types, for one purpose, on one legal basis."""

    agency: str
    purpose: str
    #: The statute that obliges to share, or None: then only with the person's consent.
    statute: str | None
    #: Only about persons of whom the agency has received something before.
    only_if_received: bool = False


@dataclass(frozen=True, slots=True)
class Population:
    """Whose events an agency may have. None means no limit of that kind."""

    provinces: frozenset[str] | None = None
    persons: frozenset[str] | None = None

    @property
    def limited(self) -> bool:
        """Whether it is anything less than everyone."""
        return self.provinces is not None or self.persons is not None


@dataclass(frozen=True, slots=True)
class Agreement:
    """One agency's agreement with the hub."""

    agency: str
    name_vi: str
    name_en: str
    sector: str
    population: Population
    grants: Mapping[str, Grant]
    #: The way of delivery and its settings, as the manifest has them.
    delivery: Mapping[str, Any]
    #: First and last day, as days since 1970.
    valid_from: int
    valid_until: int


@dataclass(frozen=True, slots=True)
class Agreements:
    """All agreements in force, found by agency and by event type."""

    by_agency: Mapping[str, Agreement]
    by_type: Mapping[str, tuple[tuple[Agreement, Grant], ...]]

    @classmethod
    def of(cls, agreements: Iterable[Agreement]) -> Agreements:
        """Index some agreements."""
        by_agency = {a.agency: a for a in agreements}
        by_type: dict[str, list[tuple[Agreement, Grant]]] = {}
        for agreement in by_agency.values():
            for type_name, grant in agreement.grants.items():
                by_type.setdefault(type_name, []).append((agreement, grant))
        return cls(by_agency, {name: tuple(grants) for name, grants in by_type.items()})

    @property
    def limited(self) -> bool:
        """Whether any agency may have less than everyone's events."""
        return any(agreement.population.limited for agreement in self.by_agency.values())


def load_agreements(folder: Path, catalogue: Catalogue) -> Agreements:
    """Read every `*.yaml` of a folder. Raises `AgreementProblem` at the first that can't be used."""
    manifests = sorted(folder.glob("*.yaml"))
    if not manifests:
        raise AgreementProblem(f"{folder}: no agreement (*.yaml) found. The hub needs at least one.")
    agreements: dict[str, Agreement] = {}
    for manifest in manifests:
        agreement = read_agreement(manifest, catalogue)
        if agreement.agency in agreements:
            raise AgreementProblem(f"{manifest}: agency {agreement.agency!r} already has another manifest.")
        agreements[agreement.agency] = agreement
    return Agreements.of(agreements.values())


def read_agreement(manifest: Path, catalogue: Catalogue) -> Agreement:
    """Read and check one manifest. Raises `AgreementProblem` with file, line and the allowed values."""
    try:
        text = manifest.read_text(encoding="utf-8")
        node, content = yaml.compose(text, yaml.SafeLoader), yaml.safe_load(text)
    except (OSError, UnicodeDecodeError, yaml.reader.ReaderError) as error:
        raise AgreementProblem(f"{manifest}: can't be read as text in UTF-8: {error}") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise AgreementProblem(f"{manifest}:{line}: not YAML: {error.problem}") from error
    _check_shape(manifest, node, content, orjson.loads(_SCHEMA.read_bytes()))
    _check_delivery(manifest, node, content)
    _check_types(manifest, node, content, catalogue)
    _check_erasure(manifest, node, content, catalogue)
    _check_values(manifest, node, content)
    return _agreement_of(manifest, content)


def _check_shape(
    manifest: Path, node: yaml.Node | None, content: Any, schema: Any, above: Sequence[str | int] = ()
) -> None:
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
    raise AgreementProblem(f"{manifest}:{_line_of(node, path)}: {where}: {error.message}.{hint}")


def _check_delivery(manifest: Path, node: yaml.Node | None, content: Any) -> None:
    """Check the settings of the way of delivery by that way's own schema."""
    way, known = content["delivery"]["way"], ways()
    if way not in known:
        line = _line_of(node, ["delivery", "way"])
        raise AgreementProblem(f"{manifest}:{line}: delivery/way: {way!r} is no way. Allowed: {', '.join(known)}.")
    common = orjson.loads(_SCHEMA.read_bytes())["properties"]["delivery"]["properties"]
    own = orjson.loads((_WAYS / f"{way}.schema.json").read_bytes())
    schema = {**own, "properties": {**common, **own["properties"]}, "additionalProperties": False}
    _check_shape(manifest, node, content["delivery"], schema, ["delivery"])


def ways() -> Sequence[str]:
    """Return the names of the ways of delivery that an agreement may name."""
    return sorted(file.name.removesuffix(".schema.json") for file in _WAYS.glob("*.schema.json"))


def _check_types(manifest: Path, node: yaml.Node | None, content: Any, catalogue: Catalogue) -> None:
    agency, seen = content["agency"], set[str]()
    for g, grant in enumerate(content["grants"]):
        for t, type_name in enumerate(grant["types"]):
            line = _line_of(node, ["grants", g, "types", t])
            if type_name not in catalogue.types:
                allowed = ", ".join(sorted(catalogue.types))
                raise AgreementProblem(f"{manifest}:{line}: unknown event type {type_name!r}. Allowed: {allowed}.")
            if catalogue.view(agency, type_name) is None:
                raise AgreementProblem(
                    f"{manifest}:{line}: {agency!r} has no view of {type_name}. "
                    f"Write schemas/views/{agency}/{type_name}.avsc and record it: dancu schemas record."
                )
            if grant.get("only_if_received") and type_name != "AddressProtectionChanged":
                raise AgreementProblem(
                    f"{manifest}:{line}: only_if_received is for AddressProtectionChanged only, not for {type_name}."
                )
            if type_name in seen:
                raise AgreementProblem(f"{manifest}:{line}: {type_name} is granted twice; one basis per type.")
            seen.add(type_name)


def _check_erasure(manifest: Path, node: yaml.Node | None, content: Any, catalogue: Catalogue) -> None:
    """Who reads its topic itself must be told when to erase addresses: no hand-out hides them any more."""
    granted = {name for grant in content["grants"] for name in grant["types"]}
    telling = sorted(name for name in granted if catalogue.views[content["agency"], name].address_fields)
    if content["delivery"]["way"] == "kafka" and telling and "AddressProtectionChanged" not in granted:
        raise AgreementProblem(
            f"{manifest}:{_line_of(node, ['delivery', 'way'])}: delivery/way: kafka, and addresses are granted "
            f"({', '.join(telling)}), but not AddressProtectionChanged, which says when to erase them. Grant it too, "
            "or choose another way: feed, webhook, files or sql."
        )


def _check_values(manifest: Path, node: yaml.Node | None, content: Any) -> None:
    for name, text in content["valid"].items():
        try:
            days(text)
        except ValueError as error:
            line = _line_of(node, ["valid", name])
            raise AgreementProblem(f"{manifest}:{line}: valid/{name}: {text!r} is no date: {error}.") from error
    population, known = content["population"], [province.code for province in provinces(VN34)]
    for p, code in enumerate(population.get("provinces", ()) if isinstance(population, dict) else ()):
        if code not in known:
            line = _line_of(node, ["population", "provinces", p])
            raise AgreementProblem(f"{manifest}:{line}: {code!r} is no province of today. Allowed: {', '.join(known)}.")


def _agreement_of(manifest: Path, content: Mapping[str, Any]) -> Agreement:
    grants = {}
    for grant in content["grants"]:
        statute = None if grant["basis"] == "consent" else grant["basis"]["statute"]
        for type_name in grant["types"]:
            only = grant.get("only_if_received", False)
            grants[type_name] = Grant(content["agency"], grant["purpose"], statute, only)
    return Agreement(
        agency=content["agency"],
        name_vi=content["name"]["vi"],
        name_en=content["name"]["en"],
        sector=content["sector"],
        population=_population_of(manifest, content["population"]),
        grants=grants,
        delivery=content["delivery"],
        valid_from=days(content["valid"]["from"]),
        valid_until=days(content["valid"].get("until", "9999-12-31")),
    )


def _population_of(manifest: Path, population: Any) -> Population:
    if population == "everyone":
        return Population()
    if "provinces" in population:
        return Population(provinces=frozenset(population["provinces"]))
    listing = manifest.parent / population["persons_file"]
    try:
        lines = [line.strip() for line in listing.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise AgreementProblem(f"{manifest}: persons_file can't be read: {reason}: {listing}") from error
    for number, line in enumerate(lines, start=1):
        if line and not _PERSON.fullmatch(line):
            raise AgreementProblem(f"{listing}:{number}: not a personal number of 12 digits.")
    return Population(persons=frozenset(line for line in lines if line))


def _line_of(node: yaml.Node | None, path: Sequence[str | int]) -> int:
    """Return the line (from 1) on which the value at `path` stands, or the nearest one above it."""
    line = 1
    for part in path:
        child: yaml.Node | None = None
        if isinstance(node, yaml.MappingNode):
            child = next((value for key, value in node.value if key.value == part), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            child = node.value[part]
        if child is None:
            break
        node, line = child, child.start_mark.line + 1
    return line
