"""A broker and a PostgreSQL server for the snapshots."""

from __future__ import annotations
