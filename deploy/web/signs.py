"""Whether the web application answers: it is asked over HTTP, as those are whom it serves."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from deploy.bootstrap import Hub
from deploy.health import Health, Pulse, probes_of, serve_health

#: Seconds without an answer that are allowed; five times as many, and the process is not live either.
_LATE = 30.0
#: Something that anybody may read and that needs neither the log nor a database.
_ASKED = "/problems/busy"


class Answers(Pulse):
    """Beats with each answer of the application. One that hangs is noticed, whatever its threads do."""

    every = 5.0

    def __init__(self, url: str) -> None:
        """`url`: where the application listens."""
        super().__init__("web", _LATE)
        self._url = url + _ASKED
        self._direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def look(self) -> None:
        """Ask, and remember when it answered."""
        try:
            with self._direct.open(self._url, timeout=_LATE) as answer:
                answer.read()
        except OSError:
            return
        self.beat()


@contextmanager
def answering_for(hub: Hub, url: str, address: str | None) -> Iterator[Health]:
    """Answer health questions at `host:port` for what serves at a URL. Raises `BadSetting` and OSError."""
    health = Health()
    health.add(Answers(url))
    for probe in probes_of(hub):
        health.add(probe)
    with serve_health(health, address):
        yield health
