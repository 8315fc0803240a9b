"""What an agency says of the sets that it fetched: a receipt beside each manifest. Only looks; safe at any time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

MANIFEST: Final = ".manifest.json"
RECEIPT: Final = ".receipt.json"
#: A longer receipt is not read.
_LONGEST: Final = 16 * 1024 * 1024


class SetState(StrEnum):
    """How a set stands."""

    #: There is no receipt yet.
    WRITTEN = "written"
    ACKNOWLEDGED = "acknowledged"
    #: The agency refuses the set, or events in it.
    REJECTED = "rejected"
    #: The receipt can't be read, or is of another content than ours.
    UNCLEAR = "unclear"


class FileSet(NamedTuple):
    """One set that is still in the folder."""

    name: str
    #: RFC 3339.
    made_at: str
    #: Milliseconds since 1970 UTC, of the manifest's file.
    written_at: int
    events: int
    replayed: bool
    state: SetState
    #: Why it was rejected, or is unclear: the agency's own words, not checked for personal data.
    reason: str | None = None
    #: Ids of the events that the agency refuses.
    refused: tuple[str, ...] = ()

    def overdue(self, now: int, limit: float) -> bool:
        """Whether it has waited for a receipt for more than `limit` seconds; `now` in milliseconds."""
        return self.state is SetState.WRITTEN and now - self.written_at > limit * 1000


def file_sets(folder: Path) -> Iterator[FileSet]:
    """Yield the sets whose manifests are in the folder, oldest first. Raises OSError."""
    for manifest in sorted(folder.glob(f"*{MANIFEST}")):
        raw = manifest.read_bytes()
        told = orjson.loads(raw)
        state, reason, refused = _answer(manifest, hashlib.sha256(raw).hexdigest())
        name, written_at = manifest.name.removesuffix(MANIFEST), int(manifest.stat().st_mtime * 1000)
        yield FileSet(name, told["made_at"], written_at, told["events"], told["replayed"], state, reason, refused)


def _answer(manifest: Path, sha256: str) -> tuple[SetState, str | None, tuple[str, ...]]:
    receipt = manifest.with_name(manifest.name.removesuffix(MANIFEST) + RECEIPT)
    try:
        if receipt.stat().st_size > _LONGEST:
            return SetState.UNCLEAR, "the receipt is too long", ()
        told = orjson.loads(receipt.read_bytes())
    except FileNotFoundError:
        return SetState.WRITTEN, None, ()
    except (OSError, ValueError):
        return SetState.UNCLEAR, "the receipt can't be read as JSON", ()
    if not isinstance(told, dict) or told.get("status") not in ("ok", "rejected"):
        return SetState.UNCLEAR, 'the receipt has no "status": "ok" or "rejected"', ()
    if told.get("sha256") != sha256:
        return SetState.UNCLEAR, "the receipt is of another manifest: its sha256 is not this one's", ()
    if told["status"] == "ok":
        return SetState.ACKNOWLEDGED, None, ()
    return SetState.REJECTED, _reason(told), _refused(told)


def _reason(told: Mapping[str, Any]) -> str | None:
    reason = told.get("reason")
    return reason[:500] if isinstance(reason, str) else None


def _refused(told: Mapping[str, Any]) -> tuple[str, ...]:
    events = told.get("events")
    every = events if isinstance(events, list) else ()
    return tuple(one["event_id"] for one in every if isinstance(one, dict) and isinstance(one.get("event_id"), str))
