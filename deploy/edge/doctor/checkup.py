"""All checks of a counter, side by side, and told in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from deploy.doctor.clock import check_synchronised
from deploy.doctor.disk import check_space
from deploy.doctor.finding import Finding, problem
from deploy.doctor.together import TooSlow, side_by_side
from deploy.edge.doctor.cards import check_cards
from deploy.edge.doctor.hub import check_hub
from deploy.edge.doctor.outbox import check_outbox
from deploy.edge.doctor.trust import check_trust
from deploy.edge.settings import EdgeSettings, load_edge_settings
from deploy.settings import BadSetting

#: Seconds for everything; what has not answered by then is told so.
WHOLE = 20.0


def examine(timeout: float, **given: object) -> list[Finding]:
    """Look at everything that the settings name. `timeout`: seconds for one answer of the hub."""
    try:
        settings = load_edge_settings(**given)
    except BadSetting as error:
        vi, en = "Sửa biến môi trường này.", "Correct this variable of the environment."
        return [problem("edge.settings", str(error), vi, en)]
    looks: dict[str, Callable[[], Iterable[Finding]]] = {
        "cards": partial(check_cards, settings.allow_virtual),
        "trust": partial(check_trust, settings.trust, datetime.now(UTC)),
        "clock": lambda: [check_synchronised()],
        "hub": partial(check_hub, settings, timeout),
        "outbox": partial(check_outbox, settings.home),
        "disk": partial(_disk, settings),
    }
    answers = side_by_side([partial(_gather, look) for look in looks.values()], WHOLE)
    found: list[Finding] = []
    for name, answer in zip(looks, answers, strict=True):
        found += [_unfinished(name, answer)] if isinstance(answer, BaseException) else answer
    return found


def _gather(look: Callable[[], Iterable[Finding]]) -> list[Finding]:
    return list(look())


def _disk(settings: EdgeSettings) -> Iterable[Finding]:
    found = check_space(settings.home)
    yield replace(found, advice=found.advice.replace("DANCU_HOME", "DANCU_EDGE_HOME"))


def _unfinished(name: str, error: BaseException) -> Finding:
    """Of an unexpected error only its kind is told: its text may hold anything."""
    if isinstance(error, TooSlow):
        what = f"the checks of {name} have not ended in {WHOLE:g} s"
        return problem(
            name, what, "Khởi động lại pcscd và thử lại.", "Restart pcscd (or look at the hub), and ask again."
        )
    what = f"the checks of {name} broke off with an error that the doctor does not know: {type(error).__name__}"
    return problem(name, what, "Báo lỗi cho nhóm phát triển.", "It is a mistake in `dancu edge doctor`: report it.")
