"""A real registry that somebody else wrote: Apicurio, from Maven's archive, on a free port, gone when the tests end."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.missing import skip_missing

_VERSION = "3.3.3"
_ARTIFACT = f"io.apicurio:apicurio-registry-app:{_VERSION}:tar.gz:all"
_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"
_API = "/apis/ccompat/v7"
_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dancu"


@pytest.fixture
def apicurio(tmp_path: Path) -> Iterator[str]:
    """Run an empty registry for one test, and give the URL of its Confluent API."""
    program, port = _java(), _free_port()
    folder = _unpacked()
    settings = {
        "QUARKUS_HTTP_HOST": "127.0.0.1",
        "QUARKUS_HTTP_PORT": str(port),
        "QUARKUS_MANAGEMENT_HOST": "127.0.0.1",
        "QUARKUS_MANAGEMENT_PORT": str(_free_port()),
    }
    command = [program, "-Xmx512m", "-jar", str(folder / "quarkus-run.jar")]
    with (tmp_path / "apicurio.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=tmp_path, env={**os.environ, **settings})
    try:
        _await(process, port, tmp_path / "apicurio.log")
        yield f"http://127.0.0.1:{port}{_API}"
    finally:
        process.kill()
        process.wait()


def _java() -> str:
    """Return the newest Java, which must be 21 or later."""
    homes = [os.environ.get("JAVA_HOME", ""), *map(str, Path("/usr/lib/jvm").glob("*"))]
    programs = {shutil.which("java"), *(shutil.which("java", path=f"{home}/bin") for home in homes if home)}
    found = sorted((_release(program), program) for program in programs if program)
    if not found or found[-1][0] < 21:
        pytest.skip("Apicurio Registry runs on Java 21 or later, which is not installed")
    return found[-1][1]


def _release(program: str) -> int:
    said = subprocess.run([program, "-version"], capture_output=True, text=True, timeout=60).stderr
    release = re.search(r'version "(\d+)', said)
    return int(release.group(1)) if release else 0


def _unpacked() -> Path:
    """Return the folder of the program, fetched at the first call into a cache outside of the work tree."""
    folder = _CACHE / f"apicurio-{_VERSION}"
    if folder.is_dir():
        return folder
    maven = shutil.which("mvn")
    if maven is None:
        skip_missing("Maven, which fetches Apicurio Registry, is not installed")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as workplace:
        command = [maven, "-q", "-B", _COPY, f"-Dartifact={_ARTIFACT}", f"-DoutputDirectory={workplace}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=500, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            skip_missing("Apicurio Registry can't be fetched from Maven's repository")
        (archive,) = Path(workplace).glob("*.tar.gz")
        with tarfile.open(archive) as packed:
            packed.extractall(Path(workplace) / "app", filter="data")
        if not folder.is_dir():
            (Path(workplace) / "app").rename(folder)
    return folder


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + 120
    while not _answers(port):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", f"{_API}/subjects")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
