"""Tiny curves as SVG, without a script."""

from __future__ import annotations

from collections.abc import Sequence

_WIDTH, _HEIGHT = 96, 24


def spark_points(values: Sequence[float]) -> str:
    """Return the points of a curve through values, for an SVG of 96 × 24; a flat line at the bottom for none."""
    shown = list(values) if len(values) > 1 else [0, 0]
    most = max(*shown, 1)
    step = _WIDTH / (len(shown) - 1)
    return " ".join(f"{n * step:.1f},{_HEIGHT - 1 - value / most * (_HEIGHT - 3):.1f}" for n, value in enumerate(shown))
