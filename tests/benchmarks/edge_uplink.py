"""A counter's events: one made safe (signed, sealed, on the disk), and a long queue sent to a hub."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import urlsplit

import orjson
from joserfc.jwk import OKPKey

from adapters.card_reader.producer.device import Enrolment, key_in
from adapters.card_reader.producer.event import Finding, Result, new_id
from adapters.card_reader.producer.line import Line
from adapters.card_reader.producer.outbox import Outbox
from adapters.card_reader.producer.recorder import Recorder
from adapters.card_reader.producer.sealing import Sealer
from adapters.card_reader.producer.uplink import BATCH, Uplink
from tests.benchmarks.figure import Benchmark, Sample
from tests.benchmarks.memory import peak_megabytes
from tests.benchmarks.workplace import Workplace, stopwatch

_FOUND = Finding("health-check-in", Result.CHIP_PA, None, "001088012345", "088012345")
_WARM = 20


def measure_event(place: Workplace) -> Sample:
    """Keep events one after the other; the median in milliseconds, and a plain write and fsync of the same bytes."""
    with _recorder(place) as (recorder, home):
        taken = [_milliseconds(lambda: recorder.record(_FOUND)) for _ in range(place.sizes.edge_singles + _WARM)][
            _WARM:
        ]
        content = recorder.outbox.batch(1)[0].sealed.encode()
        with (home / "plain").open("ab", buffering=0) as file:

            def write() -> None:
                file.write(content)
                os.fsync(file.fileno())

            plain = [_milliseconds(write) for _ in taken]
        sealed = [_milliseconds(lambda: recorder._sealer.seal({"a": "b" * 300})) for _ in taken]
    notes = {
        "p95 ms": quantiles(taken, n=20)[-1],
        "sign and seal ms": median(sealed),
        "bytes sealed": float(len(content)),
    }
    return Sample(median(taken), median(plain), notes)


def measure_uplink(place: Workplace) -> Sample:
    """Send a queue; events/s, and the same requests by a bare HTTP client to the same endpoint."""
    count = place.sizes.edge_queued
    with _endpoint() as url, _recorder(place) as (recorder, _):
        _fill(recorder.outbox, count)
        bodies = _bare_bodies(recorder.outbox)
        before = peak_megabytes()
        with closing(Line(url)) as line, stopwatch() as watch:
            uplink = Uplink(line, recorder, "edge-bench")
            while recorder.outbox.waiting:
                uplink.turn()
        notes = {
            **watch.per(count),
            "events": float(count),
            "resident at most MB": peak_megabytes(),
            "of this for the queue MB": peak_megabytes() - before,
        }
        limit = BATCH * len(bodies) / _bare_seconds(url, bodies)
    return Sample(count / watch.wall, limit, notes)


@contextmanager
def _recorder(place: Workplace) -> Iterator[tuple[Recorder, Path]]:
    with tempfile.TemporaryDirectory(dir=place.folder) as folder:
        home, hub = Path(folder), OKPKey.generate_key("X25519")
        signer, public = key_in(home / "device.pem"), {**hub.as_dict(private=False), "kid": hub.thumbprint()}
        window = 14 * 86_400
        enrolment = Enrolment("edge-bench", "k" * 43, "", "site-1", ["health-check-in"], public, window, "")
        with closing(Outbox(home, "edge-bench")) as outbox:
            yield Recorder(outbox, Sealer(signer, "k" * 43, public), enrolment), home


def _fill(outbox: Outbox, count: int) -> None:
    """Make a queue in one transaction. The endpoint can open nothing, so what it must answer stands in front."""
    now = time.time_ns() // 1_000_000
    rows = ((n, one := new_id(), now, "verification", f"{n}.{one}.{'x' * 1000}") for n in range(1, count + 1))
    with outbox._file.writing() as connection:
        connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?)", rows)
        connection.execute("UPDATE row SET next = ?", (count + 1,))
    outbox._waiting = count


def _bare_bodies(outbox: Outbox) -> list[bytes]:
    events = [one.sealed for one in outbox.batch(BATCH)]
    return [orjson.dumps({"device_id": "edge-bench", "events": events})] * 20


def _bare_seconds(url: str, bodies: list[bytes]) -> float:
    parts = urlsplit(url)
    with closing(http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=60)) as connection:
        started = time.perf_counter()
        for body in bodies:
            connection.request("POST", "/edge/events", body)
            connection.getresponse().read()
        return time.perf_counter() - started


def _milliseconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - started)


@contextmanager
def _endpoint() -> Iterator[str]:
    """Run something that takes everything, in a process of its own."""
    with subprocess.Popen([sys.executable, "-m", __name__], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.kill()


class _Takes(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        asked = orjson.loads(self.rfile.read(int(self.headers["content-length"])))
        names = (one.split(".", 2) for one in asked["events"])
        said = {"life": "alive", "card": "valid", "alerts": []}
        results = [
            {"sequence": int(n), "id": one, "state": "taken", "reason": None, "answer": said} for n, one, _ in names
        ]
        answer = orjson.dumps({"results": results})
        head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(answer)}\r\n\r\n".encode()
        self.wfile.write(head + answer)


def _serve() -> None:
    with HTTPServer(("127.0.0.1", 0), _Takes) as server:
        sys.stdout.write(f"http://127.0.0.1:{server.server_port}\n")
        sys.stdout.flush()
        server.serve_forever()


BENCHMARKS = [
    Benchmark(
        name="edge-event",
        says="one event of a counter signed, sealed and on the disk, before its result is shown",
        unit="ms",
        target=0.6,
        more_is_better=False,
        limit_is="a plain write and fsync of the same bytes to a file of the same file system",
        measure=measure_event,
        runs=3,
    ),
    Benchmark(
        name="edge-uplink",
        says="events of a counter's long queue (in full 100,000) sent to a hub that takes them at once, and forgotten",
        unit="events/s",
        limit_is="the same requests from a bare HTTP client to the same endpoint, without outbox, answers not read",
        measure=measure_uplink,
        runs=3,
    ),
]


if __name__ == "__main__":
    _serve()
