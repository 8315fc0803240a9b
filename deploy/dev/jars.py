"""Fetches the jars of Apache Kafka once per machine, into a cache outside of the work tree."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from deploy.dev.problem import Missing

_POM = Path(__file__).with_name("pom.xml")
_PATIENCE = 600.0


def java() -> str:
    """Return the program `java`. Raises `Missing`."""
    return _program("java", "Java 17 or newer runs Kafka; on Debian and Ubuntu: apt install openjdk-17-jre-headless")


def jars() -> Path:
    """Return the folder with Kafka's jars, fetched at the first call. Raises `Missing`.

    Processes may call it at the same time: one fetches, the others wait for it.
    """
    folder = _cache()
    if folder.is_dir():
        return folder
    maven = _program("mvn", "Maven fetches Kafka; on Debian and Ubuntu: apt install maven")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with alone(folder.with_name(f"{folder.name}.lock")):
        if not folder.is_dir():
            _fetch(maven, folder)
    return folder


def are_here() -> bool:
    """Whether the jars have been fetched."""
    return _cache().is_dir()


def archive() -> Path:
    """Return where Java's archive of Kafka's classes is, if there is one: with it a broker starts in half the time."""
    return _cache().with_name(f"{_cache().name}.jsa")


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """Let one process at a time do this; the others wait."""
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fetch(maven: str, folder: Path) -> None:
    """Fetch into a folder beside it and rename that: nobody ever sees half of the jars."""
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f"{folder.name}.") as workplace:
        pom, fetched = Path(workplace) / "pom.xml", Path(workplace) / "jars"
        shutil.copyfile(_POM, pom)
        goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={fetched}"]
        command = [maven, "-q", "-B", "-f", str(pom), *goal]
        done = _run(command, workplace)
        if done.returncode != 0 or not any(fetched.glob("kafka_*.jar")):
            raise Missing(f"Kafka's jars can't be fetched; look at the network and Maven's settings. {_reason(done)}")
        fetched.rename(folder)


def _run(command: list[str], folder: str) -> subprocess.CompletedProcess[str]:
    nothing = subprocess.DEVNULL
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, stdin=nothing, cwd=folder)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise Missing(
            f"Kafka's jars didn't come within {_PATIENCE:.0f} s; look at the network and try again."
        ) from None


def _reason(done: subprocess.CompletedProcess[str]) -> str:
    errors = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("[ERROR]")]
    return f"Maven said: {errors[0].removeprefix('[ERROR] ')}" if errors else f"Maven ended with {done.returncode}."


def _program(name: str, advice: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise Missing(f"`{name}` is not installed. {advice}")
    return found


def _cache() -> Path:
    pom = _POM.read_bytes()
    found = re.search(b"<kafka.version>(.+)</kafka.version>", pom)
    if found is None:
        raise ValueError(f"{_POM} names no version of Kafka")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dancu"
    return cache / f"kafka-{found[1].decode()}-{sha256(pom).hexdigest()[:8]}"
