"""The operators' console: pages that show how the hub stands and repair it. Needs the extra `web`."""

from __future__ import annotations

from monitoring.console.mounting import add_console, make_console, warm_up
from monitoring.console.parts import Parts

__all__ = ["Parts", "add_console", "make_console", "warm_up"]
