"""From manifests to agreements."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hub.agreements.agreement import Agreement, Agreements, Grant, Population
from hub.agreements.checks import check
from hub.agreements.manifest import AgreementProblem, Manifest
from schemas.catalogue import Catalogue
from schemas.conversion import days

_PERSON = re.compile(r"[0-9]{12}")


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


def read_agreement(path: Path, catalogue: Catalogue) -> Agreement:
    """Read and check one manifest. Raises `AgreementProblem` with file, line and the allowed values."""
    manifest = Manifest.read(path)
    check(manifest, catalogue)
    return _agreement_of(path, manifest.content)


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
        view=content.get("view"),
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
