"""What a benchmark needs that this machine may lack."""

from __future__ import annotations

from tests.benchmarks import cards, deliveries_postgres


def missing(name: str) -> str | None:
    """Return what a benchmark of this name lacks on this machine, or None."""
    return deliveries_postgres.missing(name) or cards.missing(name)
