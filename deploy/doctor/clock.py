"""The clocks: is this machine's kept right, and does it agree with those of the systems that we talk to?"""

from __future__ import annotations

import ctypes
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

import sqlalchemy as sa

from deploy.doctor.finding import Finding, ok, problem, skipped, warning

#: Linux's adjtimex: the state TIME_ERROR, and the bit STA_UNSYNC.
_TIME_ERROR, _UNSYNC = 5, 0x40
#: Seconds that two clocks may differ: the hub waits as long for the second half of a correction.
MOST = 5.0
_VI = "Bật đồng bộ giờ (chrony hoặc systemd-timesyncd) trên cả hai máy."
_EN = "Have both machines keep the time with NTP (chrony or systemd-timesyncd); `chronyc tracking` shows how it goes."


class _Timex(ctypes.Structure):
    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


def check_synchronised() -> Finding:
    """Ask the kernel whether anything keeps its clock right. In a container that is the host's clock."""
    check = "clock.synchronised"
    try:
        kernel, answer = ctypes.CDLL(None), _Timex()
        state = kernel.adjtimex(ctypes.byref(answer)) if sys.platform == "linux" else -1
    except (OSError, AttributeError):
        state = -1
    if state < 0:
        return skipped(check, "skipped: this system does not tell whether its clock is kept right")
    if state == _TIME_ERROR or answer.status & _UNSYNC:
        return warning(
            check,
            "nothing keeps this machine's clock right (the kernel says: not synchronised)",
            "Bật đồng bộ giờ: chrony hoặc systemd-timesyncd.",
            "Start chrony or systemd-timesyncd on this machine (on the host, for a container).",
        )
    return ok(check, "this machine's clock is kept right")


def check_database_clock(engine: sa.Engine, most: float = MOST) -> Finding:
    """Compare with the database's clock; `most` is how many seconds the two may differ."""
    with engine.connect() as connection:
        query = "SELECT extract(epoch FROM clock_timestamp())"

        def ask() -> float:
            return float(connection.exec_driver_sql(query).scalar_one())

        return compare("clock.database", "the database's", ask, most)


def check_http_clock(check: str, date: str | None, most: float = MOST) -> Finding:
    """Compare with the `Date` of an HTTP answer that has just come; it has whole seconds."""
    try:
        there = datetime.strptime(date or "", "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return skipped(check, "skipped: the server does not say what time it is")
    return compare(check, "the server's", lambda: there + 0.5, most + 0.5)


def compare(check: str, whose: str, ask: Callable[[], float], most: float) -> Finding:
    """Ask for a time (seconds since 1970 UTC) and compare, less what the asking itself may have taken."""
    before = time.time()
    there = ask()
    after = time.time()
    away = there - (before + after) / 2
    certain = max(0.0, abs(away) - (after - before) / 2)
    told = f"this machine's clock and {whose} differ by {abs(away):.1f} s"
    if certain > most:
        side = "behind" if away > 0 else "ahead"
        return problem(check, f"{told} (more than {most:g} s): ours is {side}", _VI, _EN)
    return ok(check, told)
