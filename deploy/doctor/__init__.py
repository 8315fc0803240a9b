"""Finds out why a hub does not work, layer by layer, and says what to do. See `dancu doctor`."""

from __future__ import annotations

from deploy.doctor.checkup import Wish, examine
from deploy.doctor.finding import Finding, State

__all__ = ["Finding", "State", "Wish", "examine"]
