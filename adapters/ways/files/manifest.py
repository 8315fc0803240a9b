"""The manifest of a set: what its files hold, what they must be like, and which set came before. Written last."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import orjson

from adapters.ways.files.journal import Journal, OpenSet
from adapters.ways.files.safely import Sealed, written
from hub.cursors import cursor_of
from schemas.conversion import rfc3339

FORMAT: Final = "dancu-files/1"


def set_name(agency: str, number: int, *, replayed: bool) -> str:
    """Return what the names of a set's files begin with: nothing in it is personal."""
    return f"{agency}-{number:010d}{'-replayed' if replayed else ''}"


def write_manifest(target: Path, content: dict[str, Any]) -> None:
    """Write it whole or not at all."""
    with written(target) as file:
        file.write(orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def manifest_of(
    agency: str, journal: Journal, one: OpenSet, files: Sequence[tuple[Path, str, Sealed]]
) -> dict[str, Any]:
    """Return the content of a set's manifest. `files`: path, media type, and what was written."""
    counts, before = journal.counts_of(one), journal.manifest_before(one.number)
    return {
        "format": FORMAT,
        "agency": agency,
        "set": one.number,
        "previous": None if before[0] is None else {"manifest": before[0], "sha256": before[1]},
        "made_at": rfc3339(one.made_at),
        "replayed": one.replayed,
        "events": sum(counts["types"].values()),
        "types": counts["types"],
        "first": _place(agency, counts["lowest"]),
        "last": _place(agency, counts["highest"]),
        "files": [
            {"name": path.name, "media_type": media, "bytes": sealed.bytes, "sha256": sealed.sha256}
            for path, media, sealed in files
        ],
    }


def _place(agency: str, sequence: int) -> dict[str, Any]:
    return {"sequence": sequence, "cursor": cursor_of(agency, sequence)}
