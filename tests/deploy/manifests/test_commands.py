"""Every command and setting that a deployment names is one that the hub has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

import deploy.cli
from deploy.cli import app
from deploy.edge.settings import EdgeSettings
from deploy.settings import Settings
from tests.deploy.manifests.files import DEPLOY, compose, containers, of_kind

_OURS = "dancu-hub:"


def _commands() -> Iterator[tuple[str, list[str]]]:
    for name, service in compose()["services"].items():
        if service["image"].startswith(_OURS):
            yield f"compose {name}", service["command"]
        test = service.get("healthcheck", {}).get("test", [])
        if test[1:2] == ["dancu"]:
            yield f"health of compose {name}", test[2:]
    for name, container in containers():
        yield f"kubernetes {name}", container["args"]
    for path in sorted((DEPLOY / "systemd").glob("*.service")):
        (command,) = re.findall(r"^ExecStart=/opt/dancu/bin/dancu (.*)$", path.read_text(), re.M)
        yield f"systemd {path.stem}", command.replace("%i", "tax").split()
    for line in re.findall(r'CMD \["dancu", (.*)\]', (DEPLOY / "Dockerfile").read_text()):
        yield "health of Dockerfile", re.findall(r'"([^"]*)"', line)


@pytest.mark.parametrize(("where", "arguments"), list(_commands()), ids=lambda value: str(value))
def test_the_command_is_there_with_these_options(where: str, arguments: list[str], tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["--home", str(tmp_path), *arguments, "--help"])
    assert result.exit_code == 0, result.output


def test_every_setting_is_one_that_the_hub_reads() -> None:
    by_commands = {name for path in Path(deploy.cli.__file__).parent.glob("*.py") for name in _environment(path)}
    known = {f"DANCU_{name.upper()}" for name in Settings.model_fields} | by_commands
    known |= {f"DANCU_EDGE_{name.upper()}" for name in EdgeSettings.model_fields}
    for name in _settings():
        assert name in known or name.startswith("DANCU_KAFKA_"), name


def test_both_deployments_have_the_same_settings() -> None:
    worker = set(compose()["services"]["worker"]["environment"])
    on_kubernetes = set(of_kind("ConfigMap")["dancu-settings"]["data"])
    users = {"DANCU_KAFKA_SASL_USERNAME", "DANCU_KAFKA_SASL_PASSWORD_FILE"}
    assert worker - users - {"DANCU_TOPICS"} == on_kubernetes - {"DANCU_KAFKA_SSL_CA_LOCATION"}


def _environment(path: Path) -> list[str]:
    return re.findall(r'envvar="(DANCU_\w+)"', path.read_text())


def _settings() -> Iterator[str]:
    services = compose()["services"].values()
    maps = [service.get("environment", {}) for service in services]
    maps += [config["data"] for config in of_kind("ConfigMap").values()]
    for one in maps:
        yield from (name for name in one if name.startswith("DANCU_"))
    for _, container in containers():
        yield from (one["name"] for one in container.get("env", ()) if one["name"].startswith("DANCU_"))
    for path in (DEPLOY / "systemd").glob("*.service"):
        yield from re.findall(r"^Environment=(DANCU_\w+)=", path.read_text(), re.M)
