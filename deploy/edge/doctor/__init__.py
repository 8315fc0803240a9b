"""Finds out why a counter reads no cards or reports nothing, and says what to do. See `dancu edge doctor`."""

from __future__ import annotations

from deploy.edge.doctor.checkup import examine

__all__ = ["examine"]
