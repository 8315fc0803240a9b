"""How fast the intake takes requests: `python -m tests.adapters.http_intake.load [SECONDS]` prints the figures."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import quantiles

import orjson

from adapters.http_intake.modes import BATCH, STRUCTURED
from tests.adapters.http_intake.serving import started
from tests.commands import Dancu
from tests.deploy.sample import move

#: Makes the body of the n-th request.
Body = Callable[[int], bytes]


def one(number: int) -> bytes:
    """Return one event."""
    return orjson.dumps(_event(number))


def many(number: int, size: int = 100) -> bytes:
    """Return a batch."""
    return orjson.dumps([_event(number * size + part) for part in range(size)])


def _event(number: int) -> dict[str, object]:
    return move(number % 900_000) | {"id": f"load-{number}", "factid": f"load-{number}"}


async def measure(port: int, connections: int, seconds: float, kind: str, body: Body) -> list[float]:
    """Send for so many seconds on so many connections; return how long each answer took, in milliseconds."""
    numbers, took, end = iter(range(10**9)), [], time.perf_counter() + seconds
    first = time.time_ns() // 1000 % 10**12  # other ids than any measurement before

    async def send() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.perf_counter() < end:
            content = body(first + next(numbers))
            head = f"POST /events HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: {kind}\r\ncontent-length: {len(content)}"
            began = time.perf_counter()
            writer.write(head.encode() + b"\r\n\r\n" + content)
            answer = await reader.readuntil(b"\r\n\r\n")
            length = int(answer.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            told = await reader.readexactly(length)
            took.append(1000 * (time.perf_counter() - began))
            assert answer.startswith(b"HTTP/1.1 202"), told
        writer.close()

    await asyncio.gather(*(send() for _ in range(connections)))
    return took


def main(seconds: float) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder, started(Dancu(Path(folder) / "home")) as intake:
        for name, connections, kind, body, events in (
            ("1 connection, 1 event each", 1, STRUCTURED, one, 1),
            ("50 connections, 1 event each", 50, STRUCTURED, one, 1),
            ("4 connections, 100 events each", 4, BATCH, many, 100),
        ):
            took = asyncio.run(measure(intake.port, connections, seconds, kind, body))
            cuts = quantiles(took, n=100)
            rate = len(took) / seconds
            speed = f"{rate:,.0f} requests/s, {rate * events:,.0f} events/s"
            print(f"{name}: {speed}, p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms")  # noqa: T201 - what it is for


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 10.0)
