"""A small hub with counters around it: real registers, a real log, the real desk; only the signatures are made up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa
from uuid_utils import uuid7

import hub.migrations  # noqa: F401 - knows the tables of every part
from hub.database import open_database, sqlite_url
from hub.deliveries.tables import metadata
from hub.edge.alerts import Alerts
from hub.edge.chain import Signed
from hub.edge.codes import Grant, new_code
from hub.edge.desk import EdgeDesk, Result
from hub.edge.device import Device
from hub.edge.devices import Devices
from hub.edge.keys import Key, base64url, digest_of
from hub.edge.marks import Marks
from hub.edge.oddities import Thresholds
from hub.edge.settling import Settling
from hub.edge.standing import Standings
from hub.edge.watch import Watch
from hub.intake.desk import Desk
from tests.hub.making import ADMISSION, CATALOGUE, LAN, NOW, Hub, a_hub

MINUTE, DAY = 60_000, 86_400_000
THRESHOLDS = Thresholds(distant_minutes=30, silent_hours=72, window_days=14)
PURPOSES = ("health-check-in", "proof-of-life", "bank-identification", "entry")
MARKS = Marks(b"a secret of this test, 32 bytes!")


def x_of(number: int) -> str:
    """Return the `x` of a public key; nobody has the private one."""
    return base64url(number.to_bytes(32, "big"))


@dataclass
class Counter:
    """A device and its chain, as the device keeps it."""

    device: Device
    key: Key
    clock: int = NOW
    sequence: int = 0
    previous: str | None = None

    def event(self, subject: str | None = LAN, **said: Any) -> Signed:
        """Sign the next event: a genuine card, unless told otherwise."""
        content = self.content(subject, **said)
        self.sequence = content["sequence"]
        made = self.signed(content)
        self.previous = digest_of(made.jws)
        return made

    def content(self, subject: str | None = LAN, **said: Any) -> dict[str, Any]:
        """Return the next event without moving on."""
        self.clock += 1000
        return {
            "v": 1,
            "id": str(uuid7()),
            "device_id": self.device.device_id,
            "sequence": self.sequence + 1,
            "previous": self.previous,
            "site_id": self.device.site_id,
            "purpose": "health-check-in",
            "occurred_at": self.clock,
            "clock": "synced",
            "kind": "verification",
            "result": "CHIP_PA",
            "error": None,
            "subject": subject,
            "document_number": None,
        } | said

    def failed(self, error: str = "not_genuine") -> Signed:
        """Sign the next event: a card that says nothing about anybody."""
        return self.event(None, result=None, error=error)

    def signed(self, content: Any) -> Signed:
        """Sign anything."""
        payload = orjson.dumps(content)
        return Signed(self.key, f"e30.{base64url(payload)}.c2lnbmVk", payload, f"sealed.{len(payload)}")


@dataclass
class World:
    """The hub, and what can be asked of it."""

    hub: Hub
    engine: sa.Engine
    devices: Devices = field(init=False)
    desk: EdgeDesk = field(init=False)
    watch: Watch = field(init=False)
    _made: int = 0

    def __post_init__(self) -> None:
        self.devices = Devices(self.engine)
        self.desk = self.new_desk()
        self.watch = Watch(self.engine, self.hub.engine, self.facts, MARKS, THRESHOLDS)

    @property
    def facts(self) -> Standings:
        """What the registers say."""
        return Standings(self.hub.engine, self.hub.log, CATALOGUE)

    def new_desk(self, intake: Desk | None = None) -> EdgeDesk:
        """Return a desk as another process has it."""
        intake = intake or self.intake()
        settling = Settling(self.engine, self.facts, MARKS, THRESHOLDS)
        return EdgeDesk(self.engine, intake, settling, THRESHOLDS, self.hub.clock)

    def intake(self) -> Desk:
        """Return an intake desk."""
        return Desk(self.hub.log, self.hub.engine, ADMISSION, self.hub.clock)

    def counter(self, site: str = "hospital-7", province: str | None = "01") -> Counter:
        """Admit a device."""
        self._made += 1
        code = new_code(self.engine, Grant(site, province, PURPOSES), ("an", "a test"), NOW, DAY)
        device = self.devices.enrol(code, x_of(self._made), f"counter {self._made}", NOW)
        return Counter(device, self.devices.keys([device.kid])[device.kid])

    def take(self, counter: Counter, *signed: Signed) -> list[Result]:
        """Let a counter hand in events, at its own time if that is later."""
        self.hub.clock.now = max(self.hub.clock.now, counter.clock)
        return self.desk.take(counter.device.device_id, signed)

    def one(self, counter: Counter, subject: str | None = LAN, **said: Any) -> Result:
        """Let a counter hand in one event."""
        return self.take(counter, counter.event(subject, **said))[0]

    def alerts(self) -> list[str]:
        """Return the kinds of the alerts that wait."""
        return sorted(one.kind for one in Alerts(self.engine).every())

    def rows(self, table: sa.Table) -> Sequence[Any]:
        """Return all rows of a table."""
        with self.engine.connect() as connection:
            return connection.execute(sa.select(table).order_by(*table.primary_key.columns)).all()


@contextmanager
def a_world(folder: Path, url: str | None = None) -> Iterator[World]:
    """Open a hub; `url`: PostgreSQL, where the tables are, for both; else two SQLite files."""
    with a_hub(folder, url=url) as hub:
        engine = open_database(url or sqlite_url(folder / "deliveries.db"))
        try:
            if url is None:
                metadata.create_all(engine)
            yield World(hub, engine)
        finally:
            engine.dispose()
