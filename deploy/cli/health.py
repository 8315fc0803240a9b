"""`dancu health`: ask a running process whether it is ready; a container's health check."""

from __future__ import annotations

import http.client
from typing import Annotated, Any

import orjson
import typer

from deploy.cli.output import show, write_json
from deploy.cli.shell import fail
from deploy.health import read_address
from deploy.settings import BadSetting

#: Seconds that the process may take to answer.
_PATIENCE = 5.0
#: Addresses that only a listener can have, and where to ask instead.
_HERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - nothing is bound here


def health(
    address: Annotated[
        str, typer.Argument(metavar="HOST:PORT", help="Where the process answers.", envvar="DANCU_HEALTH")
    ] = "127.0.0.1:8081",
    live: Annotated[
        bool, typer.Option("--live", help="Ask only whether it lives, not whether it does its work.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
) -> None:
    """Hỏi tiến trình có sẵn sàng không. / Ask a running process whether it is ready. Exit code 0: yes, 1: no."""
    try:
        host, port = read_address(address)
    except BadSetting as problem:
        fail(str(problem), 2)
    fine, answer = _ask(_HERE.get(host, host), port, "/healthz" if live else "/readyz")
    if json:
        write_json(answer)
    elif fine:
        show("Đang sống / alive" if live else "Sẵn sàng / ready")
    if not fine:
        fail(f"{address}: {'not alive' if live else 'not ready'}: {_problems(answer)}")


def _ask(host: str, port: int, path: str) -> tuple[bool, dict[str, Any]]:
    connection = http.client.HTTPConnection(host, port, timeout=_PATIENCE)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        answer = orjson.loads(response.read(1 << 20))
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return False, _unknown(f"no answer: {reason}. Does the process run, with --health {host}:{port}?")
    except orjson.JSONDecodeError:
        return False, _unknown("something else than a process of the hub answers there")
    finally:
        connection.close()
    if not isinstance(answer, dict) or not isinstance(answer.get("checks"), dict):
        return False, _unknown("something else than a process of the hub answers there")
    return response.status == 200, answer


def _unknown(what: str) -> dict[str, Any]:
    return {"status": "failing", "checks": {"process": {"state": "unreachable", "what": what}}}


def _problems(answer: dict[str, Any]) -> str:
    """Name the checks that are not well."""
    checks = answer["checks"].items()
    return "; ".join(f"{name}: {check['what']}" for name, check in checks if check["state"] != "ok")
