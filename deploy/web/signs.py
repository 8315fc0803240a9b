"""Whether the web application answers: it is asked over HTTP, as those are whom it serves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from deploy.bootstrap import Hub
from deploy.health import Answers, Health, probes_of, serve_health

if TYPE_CHECKING:
    from monitoring.exposition import Exposition

#: Something that anybody may read and that needs neither the log nor a database.
_ASKED = "/problems/busy"


@contextmanager
def answering_for(hub: Hub, url: str, address: str | None, metrics: Exposition | None = None) -> Iterator[Health]:
    """Answer health questions, and /metrics, at `host:port` for what serves at a URL.

    Raises `BadSetting` and OSError.
    """
    health = Health()
    health.add(Answers("web", url + _ASKED))
    for probe in probes_of(hub):
        health.add(probe)
    with serve_health(health, address, metrics):
        yield health
