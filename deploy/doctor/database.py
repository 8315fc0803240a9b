"""A SQL database, layer by layer: name, network, log-in, may it be written, has it room, has it our tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from deploy.doctor.clock import check_database_clock
from deploy.doctor.finding import Finding, State, ok, problem, warning
from deploy.doctor.ladder import Step, climb
from deploy.doctor.names import check_name
from deploy.doctor.network import check_network
from deploy.doctor.refusals import refusal
from deploy.doctor.schema import check_schema
from deploy.doctor.server import Server
from deploy.doctor.sqlite_file import check_sqlite_file
from hub.migrations import DELIVERIES, REGISTERS

_PORT = 5432
#: Share of the connections in use at which a warning is due.
_CROWDED = 0.9


class Place(NamedTuple):
    """A database, the setting that names it, and the word with which its checks begin."""

    name: str
    setting: str
    url: sa.URL


def check_database(place: Place, seconds: float, *, tables: bool) -> Iterator[Finding]:
    """Yield what there is to say; `tables`: whether the hub's own tables belong there."""
    if place.url.get_backend_name() == "sqlite":
        yield check_sqlite_file(place.name, Path(place.url.database or ""), seconds)
        return
    with closing(_Visit(place, seconds)) as visit:
        try:
            yield from _layers(place, visit, seconds, tables=tables)
        except sa.exc.SQLAlchemyError as error:
            yield problem(
                place.name,
                f"the connection broke off, or a question took longer than {seconds:g} s: {type(error).__name__}",
                "Xem nhật ký và tải của PostgreSQL, rồi chạy lại.",
                "Look at PostgreSQL's log and load, then ask again.",
            )


def _layers(place: Place, visit: _Visit, seconds: float, *, tables: bool) -> Iterator[Finding]:
    missing = ""
    for found in climb(_steps(place, visit, seconds)):
        missing = missing or (found.check if found.state is State.PROBLEM else "")
        yield found
    if tables:
        yield from climb([Step("clock.database", partial(check_database_clock, visit.engine))], missing)
        for history in (REGISTERS, DELIVERIES):
            name = f"{place.name}.{history.name}"
            yield from climb([Step(name, partial(check_schema, name, visit.engine, history))], missing)


def _steps(place: Place, visit: _Visit, seconds: float) -> Iterator[Step]:
    host = place.url.host
    if host and not host.startswith("/"):  # else a socket in a folder, or what the driver finds in its environment
        server = Server(host, place.url.port or _PORT)
        dns, tcp = f"{place.name}.dns", f"{place.name}.tcp"
        yield Step(dns, partial(check_name, dns, server, place.setting, seconds))
        yield Step(tcp, partial(check_network, tcp, server, place.setting, seconds))
    yield Step(f"{place.name}.login", visit.login)
    yield Step(f"{place.name}.writable", visit.writable)
    yield Step(f"{place.name}.connections", visit.connections)


class _Visit:
    """One connection, for all looks at a database."""

    def __init__(self, place: Place, seconds: float) -> None:
        self._place = place
        self.engine = engine_of(place.url, seconds)
        self._connection: sa.Connection | None = None

    def close(self) -> None:
        if self._connection:
            with suppress(sa.exc.SQLAlchemyError):  # it may have been cut meanwhile
                self._connection.close()
        self.engine.dispose()

    def login(self) -> Finding:
        check, url = f"{self._place.name}.login", self._place.url
        try:
            self._connection = self.engine.connect()
        except sa.exc.DBAPIError as error:
            return refusal(check, self._place.setting, url, str(error.orig))
        version = self._one("SHOW server_version")
        return ok(check, f"logged in to {url.database} as {url.username}; PostgreSQL {version}")

    def writable(self) -> Finding:
        check = f"{self._place.name}.writable"
        if self._one("SELECT pg_is_in_recovery()"):
            return problem(
                check,
                "this server is a replica: it can be read only",
                f"Đã chuyển đổi dự phòng? Đặt {self._place.setting} tới máy chủ chính.",
                f"After a fail-over the primary is elsewhere: point {self._place.setting} to it. With several hosts "
                "in the URL, target_session_attrs=read-write finds it by itself.",
            )
        if self._one("SHOW transaction_read_only") == "on":
            return problem(
                check,
                "the database is set to read only (default_transaction_read_only)",
                "Bỏ thiết lập chỉ đọc của cơ sở dữ liệu hoặc của người dùng này.",
                "Someone has set the server, this database or this user to read only: `ALTER DATABASE … RESET "
                "default_transaction_read_only`, or the same for the role.",
            )
        return ok(check, "can be written")

    def connections(self) -> Finding:
        check = f"{self._place.name}.connections"
        used = int(str(self._one("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")))
        most = int(str(self._one("SHOW max_connections")))
        if used >= _CROWDED * most:
            return warning(
                check,
                f"{used} of {most} connections are in use",
                "Sắp hết kết nối: tăng max_connections hoặc dùng pgbouncer; tìm chương trình giữ kết nối.",
                "They will run out: raise max_connections, put a pooler before the server, or find in "
                "pg_stat_activity who keeps so many.",
            )
        return ok(check, f"{used} of {most} connections are in use")

    def _one(self, query: str) -> object:
        assert self._connection is not None  # noqa: S101 - the steps before would have failed
        return self._connection.exec_driver_sql(query).scalar()


def engine_of(url: sa.URL, seconds: float) -> sa.Engine:
    """Return an engine that keeps nothing open and waits for nothing for long. Nothing is opened yet."""
    wait = {"connect_timeout": max(2, round(seconds))}  # the driver's least is 2
    engine = sa.create_engine(url, hide_parameters=True, connect_args=wait, pool_timeout=seconds)

    @sa.event.listens_for(engine, "connect")
    def on_connect(connection: Any, _: object) -> None:
        connection.execute(f"SET statement_timeout = {round(seconds * 1000)}")
        connection.commit()

    return engine
