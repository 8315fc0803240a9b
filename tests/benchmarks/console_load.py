"""What open consoles and scrapes cost the pipeline: the same run with and without them, by turns."""

from __future__ import annotations

import re
import resource
import shutil
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

from deploy.bootstrap import now_ms, open_hub
from deploy.settings import load_settings
from hub.access import OPERATOR, Holder
from hub.access.sessions import Sessions
from tests.benchmarks.consoles import Console, Watching, paths, watched
from tests.benchmarks.figure import Benchmark, Sample
from tests.benchmarks.material import MAKERS, lines_of, take_in, write_lines
from tests.benchmarks.workplace import QUICK, Workplace

_PROGRAM = Path(sysconfig.get_path("scripts")) / "dancu"
_SERVES = re.compile(r"feeds and API: (http://\S+)")
#: Lines of a run that is long enough for fifty consoles to ask again and again, and scrapes meanwhile.
_LINES: Final = 80_000
_SCRAPES: Final = 1000
#: The least that is told, in percent: below it is what the machine does by itself.
_LEAST: Final = 0.1


def make_watched(place: Workplace) -> None:
    """Make a hub that has taken many lines in and decided about none."""
    file = place.folder / "watched.ndjson"
    write_lines(file, lines_of(place.sizes.lines if place.sizes == QUICK else _LINES))
    with open_hub(load_settings(home=place.home("watched"))) as hub:
        take_in(hub, file)


MAKERS["watched"] = make_watched


class _Took(NamedTuple):
    seconds: float
    #: Seconds of the processor, of the hub alone.
    cpu: float
    #: None: nobody looked.
    watching: Watching | None


def measure(place: Workplace) -> Sample:
    """Return by how many percent the run is slower while consoles are open and metrics are scraped."""
    pairs, consoles, scrapes = (1, 5, 20) if place.sizes == QUICK else (3, 50, _SCRAPES)
    usual = _run(place, None, 0).seconds  # whatever is read for the first time is read
    bare: list[_Took] = []
    loaded: list[_Took] = []
    for number in range(pairs):
        for looked_at in (False, True) if number % 2 == 0 else (True, False):
            took = _run(place, usual / scrapes if looked_at else None, consoles)
            (loaded if looked_at else bare).append(took)
    alone, watched_ = median(took.seconds for took in bare), median(took.seconds for took in loaded)
    differ = max(abs(took.seconds / alone - 1) for took in bare)
    seen = loaded[-1].watching or Watching()
    notes = {
        "consoles": consoles, "requests of consoles": seen.polls, "scrapes": seen.scrapes,
        "mean ms of a request": 1000 * seen.seconds / max(1, seen.polls), "s without": alone, "s with": watched_,
        "CPU s without": median(took.cpu for took in bare), "CPU s with": median(took.cpu for took in loaded),
    }  # fmt: skip
    return Sample(max(100 * (watched_ / alone - 1), _LEAST), max(100 * differ, _LEAST), notes)


def _run(place: Workplace, scrape_every: float | None, consoles: int) -> _Took:
    """Let `dancu run` decide and deliver everything; return the time from its first answer to its end."""
    with _home(place) as home, tempfile.TemporaryFile("w+") as said:
        with open_hub(load_settings(home=home)) as hub:
            who, sessions = Holder(OPERATOR, "bench", "approver"), Sessions(hub.deliveries_db)
            open_ = [Console(path, sessions.open(who, None, now_ms())) for path in paths(consoles)]
        used = _cpu()
        command = [str(_PROGRAM), "--home", str(home), "run", "--until-idle", "--port", "0", "--registry-port", "0"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=said, text=True) as process:
            try:
                url = _url(process)
                started = time.perf_counter()
                if scrape_every is None:
                    process.communicate()
                    return _Took(_whole(process, started), _cpu() - used, None)
                with watched(url, open_, scrape_every) as watching:
                    process.communicate()
                    took = _whole(process, started)
            finally:
                process.kill()
    if watching.failures or not watching.polls:
        raise RuntimeError("; ".join(watching.failures[:3]) or "no console asked anything")
    return _Took(took, _cpu() - used, watching)


@contextmanager
def _home(place: Workplace) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=place.folder) as folder:
        home = Path(folder) / "home"
        shutil.copytree(place.home("watched"), home)
        yield home


def _url(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        if found := _SERVES.search(line):
            return found[1]
        said.append(line)
    raise RuntimeError(f"the hub serves nothing: {''.join(said[-5:])}")


def _cpu() -> float:
    """Return the processor's seconds of the processes that have ended."""
    found = resource.getrusage(resource.RUSAGE_CHILDREN)
    return found.ru_utime + found.ru_stime


def _whole(process: subprocess.Popen[str], started: float) -> float:
    if process.returncode:
        raise RuntimeError(f"dancu run ended with {process.returncode}")
    return time.perf_counter() - started


BENCHMARKS = [
    Benchmark(
        name="console-load",
        says="how much longer `dancu run` takes to decide and deliver 80,000 lines while 50 consoles are open, each"
        " asking for its live parts, and /metrics is scraped 1,000 times; by turns, medians",
        unit="%",
        target=5,
        more_is_better=False,
        limit_is="the most that one run with nobody looking differs from their median",
        measure=measure,
        runs=1,
    )
]
