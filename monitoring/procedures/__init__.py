"""Linked procedures for those who look at them: in words, and ready for JSON."""

from __future__ import annotations

from monitoring.procedures.told import KINDS, STATES, Names, case_as_json, counts_as_json, in_order, last_day

__all__ = ["KINDS", "STATES", "Names", "case_as_json", "counts_as_json", "in_order", "last_day"]
