"""One piece of work in a fresh process: prepare material, or take one sample, which goes to standard output as JSON."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import orjson

from tests.benchmarks.catalogue import BENCHMARKS
from tests.benchmarks.figure import Sample
from tests.benchmarks.material import MAKERS
from tests.benchmarks.workplace import FULL, QUICK, Workplace


def make(material: str, place: Workplace) -> None:
    """Prepare material in a process of its own."""
    _call("make", material, place)


def take_sample(benchmark: str, place: Workplace) -> Sample:
    """Run a benchmark once in a process of its own."""
    return Sample(**orjson.loads(_call("sample", benchmark, place)))


def _call(verb: str, name: str, place: Workplace) -> bytes:
    size = "quick" if place.sizes == QUICK else "full"
    command = [sys.executable, "-m", __name__ if __name__ != "__main__" else __spec__.name]
    done = subprocess.run([*command, verb, name, str(place.folder), size], check=True, stdout=subprocess.PIPE)
    return done.stdout


def main(verb: str, name: str, folder: str, size: str) -> None:
    """Do what the parent asked for."""
    place = Workplace(Path(folder), QUICK if size == "quick" else FULL)
    if verb == "make":
        MAKERS[name](place)
    else:
        sys.stdout.buffer.write(orjson.dumps(BENCHMARKS[name].measure(place)._asdict()))


if __name__ == "__main__":
    main(*sys.argv[1:])
