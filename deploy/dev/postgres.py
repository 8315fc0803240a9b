"""A PostgreSQL server on this machine, from the installed programs, that can be killed and brought back."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deploy.dev.ports import free_ports
from deploy.dev.problem import DevProblem, DidNotStart, Missing
from deploy.dev.program import Program

if TYPE_CHECKING:  # not part of the base installation
    from psycopg import Connection, sql

_INSTALLED = Path("/usr/lib/postgresql")
_USER = "dancu"
#: What a server may skip whose data nobody needs after a crash of the machine; a crash of the server is no matter.
HASTY = {"fsync": "off", "full_page_writes": "off"}


@dataclass(frozen=True, slots=True)
class Postgres:
    """A server with its own folder. It keeps its data, port and password when it is stopped or killed."""

    folder: Path
    port: int
    #: PostgreSQL's own settings, such as `max_connections`.
    settings: Mapping[str, str] = field(default_factory=dict)
    host: str = "127.0.0.1"
    outlives: bool = False
    program: Program = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "program", Program(self.folder, self.outlives))

    @property
    def password(self) -> str:
        """The password of its one user."""
        return (self.folder / "password").read_text()

    def url(self, database: str) -> str:
        """Return the SQLAlchemy URL of a database, with the password."""
        return f"postgresql+psycopg://{_USER}:{self.password}@{self.host}:{self.port}/{database}"

    def execute(self, statement: sql.Composed) -> None:
        """Run one statement outside of any transaction. Raises psycopg.Error."""
        with self._connect() as connection:
            connection.execute(statement)

    def make_database(self, name: str) -> None:
        """Make a database unless it is there. Raises `DevProblem` if the server can't."""
        from psycopg import errors, sql

        try:
            self.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        except errors.DuplicateDatabase:
            pass
        except errors.OperationalError as error:
            raise DevProblem(f"PostgreSQL can't make the database {name} ({self.program.log}): {error}") from error

    def start(self) -> None:
        """Start it, with new data if it has none, and wait until it answers. Raises `Missing`, `DidNotStart`."""
        installed, account = programs(), _account()
        self.folder.mkdir(parents=True, exist_ok=True)
        if account:
            os.chown(self.folder, account["user"], account["group"])
        if not (self.folder / "data").exists():
            self._initialise(installed, account)
        command = [str(installed / "postgres"), "-D", str(self.folder / "data"), "-k", str(self.folder)]
        command += ["-h", self.host, "-p", str(self.port)]
        for name, value in self.settings.items():
            command += ["-c", f"{name}={value}"]
        self.program.start(command, account)
        again = self.program.waiting("PostgreSQL", 60)
        while not self._answers():
            again()

    def stop(self) -> None:
        """Ask it to end at once and tidily (PostgreSQL's fast shutdown), and wait for that."""
        self.program.end(signal.SIGINT, 60)

    def kill(self) -> None:
        """Kill it (SIGKILL), and wait until its own processes have noticed."""
        self.program.kill()

    def _initialise(self, installed: Path, account: Mapping[str, Any]) -> None:
        new, password = self.folder / "data.new", self.folder / "password"
        shutil.rmtree(new, ignore_errors=True)  # of an interrupted attempt
        password.touch(0o600)
        password.write_text(secrets.token_hex(16))
        if account:
            os.chown(password, account["user"], account["group"])
        options = ["-U", _USER, "--pwfile", str(password), "--auth=scram-sha-256", "-E", "UTF8", "--locale=C"]
        options += ["--no-sync"] if self.settings.get("fsync") == "off" else []
        command = [str(installed / "initdb"), "-D", str(new), *options]
        done = subprocess.run(command, capture_output=True, text=True, cwd=self.folder, **account)  # noqa: S603
        if done.returncode != 0:
            raise DidNotStart(f"PostgreSQL can't make its data folder {new}:\n{done.stderr.strip()}")
        new.rename(self.folder / "data")

    def _answers(self) -> bool:
        from psycopg import OperationalError

        try:
            self._connect().close()
        except OperationalError:
            return False
        return True

    def _connect(self) -> Connection[Any]:
        from psycopg import connect

        where: dict[str, Any] = {"host": self.host, "port": self.port, "dbname": "postgres"}
        return connect(user=_USER, password=self.password, autocommit=True, connect_timeout=10, **where)


def start_postgres(folder: Path, settings: Mapping[str, str] | None = None) -> Postgres:
    """Start a new server that dies with this process and never waits for the disk, unless `settings` say otherwise.

    As root it runs as another account, which must be able to enter `folder`. Raises `Missing` and `DidNotStart`.
    """
    server = Postgres(folder, free_ports(1)[0], {**HASTY, **(settings or {})})
    try:
        server.start()
    except BaseException:
        server.kill()
        raise
    return server


def programs() -> Path:
    """Return the folder of the newest installed version. Raises `Missing`."""
    if find_spec("psycopg") is None:
        raise Missing("psycopg is not installed; install the extra: pip install 'dancu-hub[postgres]'")
    found = sorted(_INSTALLED.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    on_path = shutil.which("initdb")
    if not found and on_path is None:
        raise Missing("PostgreSQL's server programs are not installed; on Debian and Ubuntu: apt install postgresql")
    return (found[-1] if found else Path(on_path or "").resolve()).parent


def _account() -> dict[str, Any]:
    """Return how to run the programs: PostgreSQL refuses root, so then as an unprivileged user."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    entry = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
