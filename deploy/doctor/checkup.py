"""All checks of one hub: which there are for these settings, run side by side, and told in their order."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial

from deploy.doctor import disk, home
from deploy.doctor.agencies import check_agencies
from deploy.doctor.clock import check_synchronised
from deploy.doctor.counters import check_counters
from deploy.doctor.database import Place, check_database
from deploy.doctor.discretion import Discretion
from deploy.doctor.finding import Finding, problem
from deploy.doctor.kafka import check_kafka
from deploy.doctor.office import opened
from deploy.doctor.registry import check_registry
from deploy.doctor.setup import Setup, read_setup
from deploy.doctor.together import TooSlow, side_by_side
from deploy.doctor.topics import Wanted
from deploy.doctor.ways import check_ways
from deploy.home import Home
from deploy.settings import BadSetting, Settings
from hub.agreements import Agreements

#: Seconds for everything; what has not answered by then is told so.
WHOLE = 30.0
Look = Callable[[], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Wish:
    """What to look at, and how patiently."""

    #: The processes whose rights on the cluster are asked for.
    roles: Collection[str] = ("intake", "worker", "deliver")
    #: Seconds for one answer.
    timeout: float = 3.0


def examine(
    settings: Settings | BadSetting, wish: Wish, on_progress: Callable[[str], None] = lambda _: None
) -> list[Finding]:
    """Look at everything that these settings name. `on_progress` is told each check that has ended."""
    setup = read_setup(settings)
    if setup.settings is None:
        return list(setup.findings)
    discretion = Discretion.of(setup, os.environ)
    looks = dict(_looks(setup, setup.settings, wish))
    found: dict[str, list[Finding]] = {name: [] for name in looks}
    answers = side_by_side([partial(_gather, look, found[name], on_progress) for name, look in looks.items()], WHOLE)
    for name, answer in zip(looks, answers, strict=True):
        if answer is not None:
            found[name] = [*found[name], _unfinished(name, answer)]
    return [discretion.applied(one) for one in [*setup.findings, *(one for some in found.values() for one in some)]]


def _looks(setup: Setup, settings: Settings, wish: Wish) -> Iterator[tuple[str, Look]]:
    folder, seconds = Home(settings.home), wish.timeout
    agencies = list(setup.agreements.by_agency) if setup.agreements else []
    if setup.connection:
        wanted = Wanted(settings.topics, agencies)
        yield "kafka", partial(check_kafka, setup.connection, wish.roles, wanted, seconds)
    elif settings.kafka is None:
        yield "home.log", lambda: iter([home.check_log(folder, seconds)])
    if setup.database:
        place = Place("database", "DANCU_DATABASE", setup.database)
        yield "database", partial(check_database, place, seconds, tables=True)
    elif settings.database is None:
        yield "home", partial(home.check_stores, folder, seconds)
    if settings.kafka or settings.schema_registry:
        yield "registry", partial(check_registry, settings.schema_registry, setup.catalogue, seconds)
    yield "agencies.files", partial(home.check_agencies_files, folder, seconds)
    if setup.agreements:
        yield "agencies", partial(check_agencies, setup.agreements.by_agency, os.environ, seconds)
        yield "ways", partial(_ways, setup, setup.agreements, settings, seconds)
    yield "edge", partial(_edge, setup, settings, seconds)
    yield "clock", lambda: iter([check_synchronised()])
    looks = (disk.check_writable, disk.check_space, disk.check_inodes)
    yield "disk", lambda: (look(settings.home) for look in looks)


def _ways(setup: Setup, agreements: Agreements, settings: Settings, seconds: float) -> Iterator[Finding]:
    with opened(setup, settings, seconds) as office:
        yield from check_ways(agreements.by_agency, office)


def _edge(setup: Setup, settings: Settings, seconds: float) -> Iterator[Finding]:
    with opened(setup, settings, seconds) as office:
        yield from check_counters(settings.edge_key_file, Home(settings.home).edge_key, office)


def _gather(look: Look, found: list[Finding], on_progress: Callable[[str], None]) -> None:
    for one in look():
        found.append(one)
        on_progress(one.check)


def _unfinished(name: str, error: BaseException) -> Finding:
    """Tell of a look that hangs or breaks; of an unexpected error only the kind, for its text may hold anything."""
    if isinstance(error, TooSlow):
        return problem(
            name,
            f"the checks of {name} have not ended in {WHOLE:g} s",
            "Máy chủ đó quá chậm: xem tải và nhật ký của nó.",
            "That server is too slow: look at its load and its log. A smaller `--timeout` gives up sooner.",
        )
    return problem(
        name,
        f"the checks of {name} broke off with an error that the doctor does not know: {type(error).__name__}",
        "Chạy lại; nếu vẫn vậy, báo lỗi cho nhóm phát triển.",
        "Ask again; if it stays so, it is a mistake in `dancu doctor`: report it, with the findings above.",
    )
