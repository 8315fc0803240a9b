"""Feed: nothing is handed out; the agency asks over HTTP (`consumers.pull`)."""

from __future__ import annotations

from adapters.ways.way import Way

WAY = Way("feed", None)
