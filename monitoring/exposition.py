"""The metrics of a process as text, in the format that was asked for; made at most once a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from monitoring.fresh import Fresh

#: Seconds for which one text serves everybody.
_FRESH = 1.0
#: Formats that are kept: there are a handful, but the versions in a header may be any.
_FORMATS = 16


class Rendered(NamedTuple):
    """The text and what it is, for the header Content-Type."""

    body: bytes
    content_type: str


class Exposition:
    """Renders a registry, each format that is asked for by itself."""

    def __init__(
        self, registry: Collector, seconds: float = _FRESH, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`clock` returns seconds that only go forwards."""
        self._registry = registry
        self._seconds = seconds
        self._clock = clock
        self._texts: dict[str, Fresh[bytes]] = {}
        self._lock = threading.Lock()

    def __call__(self, accept: str = "") -> Rendered:
        """Return the text for a header Accept: OpenMetrics where that is wanted, else Prometheus's own."""
        text, content_type = self._text(accept)
        return Rendered(text(), content_type)

    def at_hand(self, accept: str = "") -> Rendered | None:
        """Return the same if it was made within the time, without making it: for a loop that serves many."""
        text, content_type = self._text(accept)
        body = text.at_hand()
        return None if body is None else Rendered(body, content_type)

    def _text(self, accept: str) -> tuple[Fresh[bytes], str]:
        try:
            encode, content_type = choose_encoder(accept)
        except (ValueError, TypeError):  # a version that is none
            encode, content_type = choose_encoder("")
        with self._lock:
            text = self._texts.get(content_type)
            if text is None:
                if len(self._texts) >= _FORMATS:
                    self._texts.clear()
                text = Fresh(lambda: encode(self._registry), self._seconds, self._clock)
                self._texts[content_type] = text
        return text, content_type
