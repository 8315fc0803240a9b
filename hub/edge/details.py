"""What events say in detail, read from the log for an answer."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any

from hub.eventlog import LogBrowser, LogUnavailable
from hub.steps.project import read_value
from hub.topics import RECEIVED
from schemas.catalogue import Catalogue

_LOG = logging.getLogger(__name__)
#: Seconds that one request may wait for the log: on Kafka each look reads some way through it.
_PATIENCE = 5.0


class Details:
    """The looks of one request: a log that is slow to look into delays nobody for long."""

    def __init__(self, log: LogBrowser, catalogue: Catalogue) -> None:
        """Begin one request."""
        self._log = log
        self._catalogue = catalogue
        self._until = time.monotonic() + _PATIENCE

    def at(self, position: int) -> Mapping[str, Any]:
        """Return what an event says; nothing where the log has it no more, can't be read, or is too slow."""
        if time.monotonic() > self._until:
            return {}
        try:
            found = next(iter(self._log.scan(RECEIVED, position - 1, 1)), None)
            return read_value(self._catalogue, found.value) if found and found.position == position else {}
        except (LogUnavailable, KeyError, ValueError, EOFError) as problem:
            _LOG.warning("edge: an event can't be read for an answer: %s", type(problem).__name__)
            return {}
