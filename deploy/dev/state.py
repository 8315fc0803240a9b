"""What is remembered of a developer's servers between two commands: how many brokers, and which ports."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from deploy.dev.plan import Plan, Ports, new_plan
from deploy.dev.ports import free_ports
from deploy.dev.problem import DevProblem

#: As root, PostgreSQL runs as an account that can't enter root's home folders; its data is here then.
_OF_ROOT = Path("/var/lib/dancu-dev")


@dataclass(frozen=True, slots=True)
class State:
    """What a developer's servers look like. It holds no secret."""

    cluster_id: str
    ports: tuple[Ports, ...]
    postgres_port: int
    postgres_folder: str

    def plan(self, folder: Path) -> Plan:
        """Return the plan of the brokers, whose folders are in `folder`."""
        return Plan(folder.absolute(), self.ports, self.cluster_id)


def new_state(folder: Path, brokers: int) -> State:
    """Choose what servers that are to be in `folder` look like. Raises OSError when no port is free."""
    plan = new_plan(folder, brokers)
    own = folder.absolute() / "postgres" if os.geteuid() else _OF_ROOT / plan.cluster_id
    return State(plan.cluster_id, plan.ports, free_ports(1)[0], str(own))


def read_state(folder: Path) -> State | None:
    """Return what is remembered in `folder`, or None. Raises `DevProblem` if it can't be understood."""
    file = _file(folder)
    try:
        said = orjson.loads(file.read_bytes())
        ports = tuple(Ports(*map(int, three)) for three in said["ports"])
        return State(str(said["cluster_id"]), ports, int(said["postgres_port"]), str(said["postgres_folder"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        advice = f"End what still runs of it by hand and delete {folder}."
        raise DevProblem(f"{file} can't be understood ({error!r}). {advice}") from error


def write_state(folder: Path, state: State) -> None:
    """Remember it in `folder`, all or nothing. Raises OSError."""
    new = _file(folder).with_suffix(".new")
    new.touch(0o600)
    new.write_bytes(orjson.dumps(asdict(state) | {"ports": [list(ports) for ports in state.ports]}))
    new.replace(_file(folder))


def _file(folder: Path) -> Path:
    return folder / "state.json"
