"""Events as an agency may see them, and a file drop for them; what a receiver without our code reads."""

from __future__ import annotations

import csv
import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import fastavro

from adapters.ways.files.drop import FileDrop
from adapters.ways.files.settings import DropSettings
from hub.destination import Event
from schemas.catalogue import load_catalogue

PERSON = "001190111111"
VIEWS = {name: view for (agency, name), view in load_catalogue().views.items() if agency == "tax"}
ADDRESS = {"code_system": "VN34", "province_code": "01", "ward_code": "00004", "detail": "Số 15, phố Đội Cấn"}
MOVE = {"to_address": ADDRESS, "moved_on": "2025-08-04"}


def event(number: int, kind: str = "ResidenceChanged", data: dict[str, Any] | None = None, **changes: Any) -> Event:
    """Return an event at place `number` of the feed."""
    made = Event(
        event_id=f"event-{number}",
        type=kind,
        source="/registers/residence/01",
        subject=PERSON,
        occurred_at="2025-08-06T01:00:00.000Z",
        registered_at="2025-08-06T02:00:00.123Z",
        change="CREATED",
        previous_event_id=None,
        fact_id=f"fact-{number}",
        fact_version=1,
        bulk_id=None,
        sequence=number,
        legal_basis="statute: Law on Tax Administration",
        purpose="tax-administration",
        data=MOVE if data is None else data,
    )
    return replace(made, **changes)


def settings(folder: Path, **changes: Any) -> DropSettings:
    """Return settings by which every call closes its set, unless told otherwise."""
    made = DropSettings("tax", folder, own=True, formats=("avro", "csv"), events=1000, seconds=0)
    return replace(made, **changes)


def drop(folder: Path, **changes: Any) -> FileDrop:
    """Return a file drop."""
    return FileDrop(settings(folder, **changes), VIEWS)


def manifests(folder: Path) -> list[dict[str, Any]]:
    """Return the manifests, oldest first, after a look whether they are true, as an agency's program would."""
    found, before = [], None
    for file in sorted(folder.glob("*.manifest.json")):
        raw = file.read_bytes()
        told = json.loads(raw)
        for one in told["files"]:
            content = (folder / one["name"]).read_bytes()
            assert (len(content), hashlib.sha256(content).hexdigest()) == (one["bytes"], one["sha256"])
        assert told["previous"] == before
        before = {"manifest": file.name, "sha256": hashlib.sha256(raw).hexdigest()}
        found.append(told)
    return found


def avro_records(folder: Path) -> list[dict[str, Any]]:
    """Return what fastavro reads of all manifests' Avro files, in order."""
    found: list[Any] = []
    for told in manifests(folder):
        for name in (one["name"] for one in told["files"] if one["name"].endswith(".avro")):
            with (folder / name).open("rb") as file:
                found += list(fastavro.reader(file))
    return found


def csv_rows(folder: Path) -> list[dict[str, str]]:
    """Return what Python's csv reads of all CSV files, in order."""
    found: list[dict[str, str]] = []
    for file in sorted(folder.glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as text:
            found += list(csv.DictReader(text, strict=True))
    return found


def ids(folder: Path) -> list[str]:
    """Return the ids of all events in Avro files."""
    return [one["event_id"] for one in avro_records(folder)]
