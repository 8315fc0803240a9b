"""The check of a process that serves over HTTP: it is asked as those are whom it serves."""

from __future__ import annotations

import urllib.request

from deploy.health.checks import Pulse

#: Seconds without an answer that are allowed; five times as many, and the process is not live either.
_LATE = 30.0


class Answers(Pulse):
    """Beats with each answer of an application. One that hangs is noticed, whatever its threads do."""

    every = 5.0

    def __init__(self, name: str, url: str) -> None:
        """`url`: something that anybody may read and that needs neither the log nor a database."""
        super().__init__(name, _LATE)
        self._url = url
        self._direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def look(self) -> None:
        """Ask, and remember when it answered."""
        try:
            with self._direct.open(self._url, timeout=_LATE) as answer:
                answer.read()
        except OSError:
            return
        self.beat()
