"""The audit trail: who did what, when and why. It is only ever added to, and can be checked."""

from __future__ import annotations

from hub.audit.trail import Broken, Entry, Written, check_trail, entries_of, last_entry, write_entry

__all__ = ["Broken", "Entry", "Written", "check_trail", "entries_of", "last_entry", "write_entry"]
