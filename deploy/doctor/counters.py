"""The key to which counters seal their events: without it the hub opens nothing of theirs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from deploy.doctor.finding import Finding, ok, problem, skipped, warning
from deploy.doctor.ways import Office
from hub.database import reading
from hub.edge.tables import devices

_CHECK = "edge.key"


def check_counters(key_file: Path | None, own: Path, office: Office) -> Iterator[Finding]:
    """Look at the key file that is set, else at the `own` one of an embedded hub's home."""
    yield _key(key_file, own, office)


def _key(key_file: Path | None, own: Path, office: Office) -> Finding:
    if key_file is not None:
        return _loaded(key_file)
    if not office.on_kafka:
        lost = not own.exists() and _in_a_file(office.deliveries) and _devices(office.deliveries)
        return _loaded(own) if own.exists() or lost else ok(_CHECK, f"{own}: not there yet; made when it is needed")
    count = _devices(office.deliveries)
    if not count:
        return skipped(_CHECK, "skipped: no device at a counter is enrolled")
    return warning(
        _CHECK,
        f"{count} devices at counters are enrolled, but DANCU_EDGE_KEY_FILE is not set: what they send is not taken",
        "Đặt DANCU_EDGE_KEY_FILE cho mọi tiến trình web và intake, cùng một khóa.",
        "Set DANCU_EDGE_KEY_FILE, to the same key for all of `dancu web` and `dancu intake`; `dancu edge hub-key "
        "--file FILE` makes it once. Other processes do not need it.",
    )


def _loaded(file: Path) -> Finding:
    try:
        from adapters.edge_intake.hub_keys import HubKeyProblem, load
    except ModuleNotFoundError as missing:
        return skipped(_CHECK, f"skipped: needs {missing.name}: pip install 'dancu-hub[web]'")
    try:
        load(file)
    except HubKeyProblem as found:
        return problem(
            _CHECK,
            str(found),
            "Khôi phục tệp khóa từ bản sao lưu; đừng tạo khóa mới khi còn bản cũ.",
            "Put the copy back. With a new key, what counters have sealed to the old one can't be opened any more.",
        )
    return ok(_CHECK, f"{file}: can be used, and only by its owner")


def _in_a_file(deliveries: sa.Engine | None) -> bool:
    return deliveries is not None and deliveries.dialect.name == "sqlite"


def _devices(deliveries: sa.Engine | None) -> int:
    if deliveries is None:
        return 0
    try:
        with reading(deliveries) as connection:
            counted = sa.select(sa.func.count()).select_from(devices).where(devices.c.revoked_at.is_(None))
            return int(connection.execute(counted).scalar_one())
    except sa.exc.SQLAlchemyError:  # other checks say what is wrong with the database
        return 0
