"""The signs of life of a run: what its loops say, as checks that answer whether the process is ready."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from deploy.bootstrap import Hub
from deploy.health import Health, Progress, Pulse, probes_of, serve_health
from hub.topics import PIPELINE, RECEIVED

if TYPE_CHECKING:
    from monitoring.exposition import Exposition

#: Seconds. A batch may take so long before its loop counts as late; work may wait so long before it counts as stuck.
_LATE, _STUCK = 60.0, 120.0


@dataclass(slots=True)
class Signs:
    """Told by the loops of a run. Without checks it tells nobody."""

    health: Health = field(default_factory=Health)
    work: Pulse | None = None
    decided: Progress | None = None
    deliveries: dict[str, Pulse] = field(default_factory=dict)

    def on_work(self, pause: float, decided: int) -> None:
        """The worker has turned, and rests for `pause` seconds; it has decided about so many events."""
        if self.work is not None:
            self.work.beat(pause)
        if self.decided is not None and decided:
            self.decided.moved()

    def on_delivery(self, agency: str, pause: float) -> None:
        """A delivery loop has turned, and rests for `pause` seconds because its agency is away."""
        pulse = self.deliveries.get(agency)
        if pulse is not None:
            pulse.beat(pause)

    def stopping(self) -> None:
        """The run is about to end."""
        self.health.stopping()


@contextmanager
def answering(
    hub: Hub, address: str | None, *, works: bool, delivers: Sequence[str], metrics: Exposition | None = None
) -> Iterator[Signs]:
    """Answer health questions, and /metrics, at `host:port` for a run, if there is an address.

    Raises `BadSetting` and OSError.
    """
    if address is None:
        yield Signs()
        return
    signs = Signs()
    if works:
        signs.work = signs.health.add(Pulse("worker", _LATE))
        signs.decided = signs.health.add(Progress("pipeline", _STUCK, lambda: _is_behind(hub)))
    signs.deliveries = {agency: signs.health.add(Pulse(f"deliver.{agency}", _LATE)) for agency in delivers}
    for probe in probes_of(hub):
        signs.health.add(probe)
    with serve_health(signs.health, address, metrics):
        yield signs


def _is_behind(hub: Hub) -> bool:
    """Whether something waits in the partitions that are this process's own."""
    own = hub.log.owned(RECEIVED, PIPELINE)
    extents = hub.log.extents(RECEIVED, PIPELINE)
    return any(committed < last for part, (committed, last) in enumerate(extents) if part in own)
