"""The audit trail: who did what, when and why. It is only ever added to, and can be checked."""

from __future__ import annotations

from hub.audit.trail import (
    START,
    Broken,
    Entry,
    Link,
    Written,
    check_on,
    check_trail,
    entries_of,
    last_entry,
    newest_entries,
    write_entry,
)

__all__ = [
    "START",
    "Broken",
    "Entry",
    "Link",
    "Written",
    "check_on",
    "check_trail",
    "entries_of",
    "last_entry",
    "newest_entries",
    "write_entry",
]
