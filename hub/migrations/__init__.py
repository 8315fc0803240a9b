"""The versions of the hub's tables: which one a database has, and how it comes to the one that this program needs.

A new version is a file in `registers/versions` or `deliveries/versions`, after the newest one there: change the tables
in `hub/registers/tables.py` or `hub/deliveries/tables.py`, write what it takes to get there, run the tests.
"""

from __future__ import annotations

from hub.migrations.history import DELIVERIES, REGISTERS, History, Step
from hub.migrations.standing import Standing, State, nothing, state
from hub.migrations.upgrading import OldSchema, UpgradeRefused, name_of, open_new_or_require, require_current, upgrade

__all__ = [
    "DELIVERIES",
    "REGISTERS",
    "History",
    "OldSchema",
    "Standing",
    "State",
    "Step",
    "UpgradeRefused",
    "name_of",
    "nothing",
    "open_new_or_require",
    "require_current",
    "state",
    "upgrade",
]
