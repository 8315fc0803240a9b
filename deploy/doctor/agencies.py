"""The agencies' own databases elsewhere: one that is away delays its agency alone, so it is no more than a warning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import sqlalchemy as sa

from deploy.doctor.database import Place, check_database
from deploy.doctor.finding import Finding, State, ok, warning
from deploy.doctor.together import side_by_side
from hub.agreements import Agreement


def check_agencies(
    agreements: Mapping[str, Agreement], environment: Mapping[str, str], seconds: float
) -> Iterator[Finding]:
    """Look at every database that an agreement takes from a variable, all at once."""
    elsewhere = {name: one.delivery["url_env"] for name, one in agreements.items() if "url_env" in one.delivery}
    looks = [
        lambda name=name, variable=variable: _look(f"agency.{name}", variable, environment.get(variable), seconds)
        for name, variable in elsewhere.items()
    ]
    for (name, variable), found in zip(elsewhere.items(), side_by_side(looks, 4 * seconds), strict=True):
        yield _too_slow(f"agency.{name}", variable) if isinstance(found, BaseException) else found


def _look(check: str, variable: str, url: str | None, seconds: float) -> Finding:
    if url is None:
        return warning(
            check,
            f"{variable} is not set; the agreement takes its database's URL from it",
            f"Đặt {variable} ở tiến trình giao sự kiện.",
            f"Set {variable} for the process that delivers to it (`dancu run`, `dancu deliver`): it does not start "
            "without. Other processes do not need it.",
        )
    try:
        place = Place(check, variable, sa.make_url(url))
    except sa.exc.ArgumentError:
        return warning(
            check,
            f"{variable} is no URL of a database",
            f"Sửa {variable}.",
            "It is written postgresql+psycopg://user@host/name.",
        )
    last = ok(check, "")
    for last in check_database(place, seconds, tables=False):
        if last.state is not State.OK:
            return Finding(check, State.WARNING, f"{last.check.removeprefix(check + '.')}: {last.what}", last.advice)
    return ok(check, "its database can be reached and written")


def _too_slow(check: str, variable: str) -> Finding:
    return warning(
        check,
        f"its database ({variable}) does not answer",
        "Kiểm tra máy chủ của cơ quan đó.",
        "Let the agency look at its database server. Its events wait; nobody else is delayed.",
    )
