"""The rules of the race: four agencies, and what the rivals must know of the hub's schemas and agreements."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import orjson

import deploy
from hub.agreements import Agreement, Grant, load_agreements
from schemas.avsc import bare
from schemas.catalogue import Catalogue, load_catalogue

AGENCIES = ("insurance", "land", "tax", "welfare")


def write_agreements(folder: Path) -> Path:
    """Copy the shipped agreements of the four agencies into a folder; all of them go by statute."""
    folder.mkdir(parents=True, exist_ok=True)
    for agency in AGENCIES:
        shutil.copy(Path(deploy.__file__).parent / "agreements" / f"{agency}.yaml", folder)
    return folder


def rules_of(agreements: Path) -> bytes:
    """Return what the rivals' job goes by, as JSON. Raises ValueError for what it can't do."""
    catalogue = load_catalogue()
    loaded = load_agreements(agreements, catalogue)
    types = [{"id": t.schema_id, "schema": bare(t.schema)} for t in catalogue.types.values()]
    grants = [
        _grant(agreement, type_name, grant, catalogue)
        for type_name, granted in loaded.by_type.items()
        for agreement, grant in granted
    ]
    return orjson.dumps({"types": types, "grants": grants})


def _grant(agreement: Agreement, type_name: str, grant: Grant, catalogue: Catalogue) -> dict[str, Any]:
    if grant.statute is None:
        raise ValueError(f"{agreement.agency}: the rivals know no consents")
    view, population = catalogue.views[agreement.agency, type_name], agreement.population
    return {
        "agency": agreement.agency,
        "type": type_name,
        "basis": f"statute: {grant.statute}",
        "purpose": grant.purpose,
        "valid_from": agreement.valid_from,
        "valid_until": agreement.valid_until,
        "provinces": population.provinces and sorted(population.provinces),
        "persons": population.persons and sorted(population.persons),
        "id": view.schema_id,
        "schema": bare(view.schema),
    }
