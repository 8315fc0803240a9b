"""Secrets: in files that are not in the tree, never in a setting, and none has a default."""

from __future__ import annotations

import re
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.manifests.files import DEPLOY, compose, containers, of_kind, pods, resources

_NAMES_A_SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|KEY|CREDENTIAL", re.I)
#: Made outside the tree (deploy/kubernetes/hub/settings.yaml says how), or by Strimzi.
_MADE_OUTSIDE = {"dancu-database", "dancu-intake-tokens", "dancu-agencies", "dancu-cluster-ca-cert"}


def _settings() -> Iterator[tuple[str, str, str]]:
    for name, service in compose()["services"].items():
        for variable, value in service.get("environment", {}).items():
            yield name, variable, str(value)
    for name, config in of_kind("ConfigMap").items():
        for variable, value in config["data"].items():
            yield name, variable, value
    for name, container in containers():
        for one in container.get("env", ()):
            yield name, one["name"], one["value"]


def test_no_setting_holds_a_secret() -> None:
    for where, variable, value in _settings():
        if _NAMES_A_SECRET.search(variable):
            assert value.startswith(("/run/secrets/", "/etc/dancu/")), f"{where}: {variable}"
        assert not re.search(r"//[^/@]*:[^/@]*@", value), f"{where}: {variable} has a password in its URL"


def test_every_secret_of_compose_is_a_file_and_none_is_in_the_tree() -> None:
    for name, secret in compose()["secrets"].items():
        assert secret == {"file": f"${{DANCU_SECRETS:-./secrets}}/{name}"}


def test_every_service_of_compose_gets_the_secrets_that_its_settings_name_and_no_other() -> None:
    for name, service in compose()["services"].items():
        text = " ".join(map(str, service.get("environment", {}).values()))
        named = set(re.findall(r"/run/secrets/(\w+)", text))
        if name.startswith("kafka-"):
            script = (DEPLOY / "compose" / "start-broker.sh").read_text()
            named = set(re.findall(r"\$\(secret (\w+)\)", script))
        if name == "postgres":
            named |= set(re.findall(r"\$secrets/(\w+)", (DEPLOY / "compose" / "init-database.sh").read_text()))
        if "pg_service" in service.get("secrets", ()):
            named.add("pg_service")
        assert set(service.get("secrets", ())) == named, name


@pytest.fixture
def made(tmp_path: Path) -> Path:
    folder = tmp_path / "secrets"
    subprocess.run(["sh", DEPLOY / "compose" / "make-secrets.sh", folder], check=True, capture_output=True)
    return folder


def test_the_script_makes_exactly_the_secrets_that_compose_names(made: Path) -> None:
    assert {path.name for path in made.iterdir()} == set(compose()["secrets"])


def test_every_password_is_long_random_and_another(made: Path) -> None:
    passwords = [path.read_text() for path in made.iterdir() if path.name not in ("pg_service", "intake_tokens")]
    assert all(re.fullmatch(r"[0-9a-f]{48}", password) for password in passwords)
    assert len(set(passwords)) == len(passwords)
    assert f"password={(made / 'postgres_hub').read_text()}\n" in (made / "pg_service").read_text()


def test_only_the_owner_reaches_the_secrets_and_a_second_run_changes_none(made: Path) -> None:
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    before = {path.name: path.read_text() for path in made.iterdir()}
    again = subprocess.run(["sh", DEPLOY / "compose" / "make-secrets.sh", made], check=True, capture_output=True)
    assert again.stdout == b""
    assert {path.name: path.read_text() for path in made.iterdir()} == before


def test_kubernetes_resources_hold_no_secret() -> None:
    assert "Secret" not in {one["kind"] for one in resources()}


def test_what_a_pod_mounts_is_here_or_is_said_to_be_made_outside() -> None:
    described = (DEPLOY / "kubernetes" / "hub" / "settings.yaml").read_text()
    secrets = _MADE_OUTSIDE | set(of_kind("KafkaUser"))
    configs = set(of_kind("ConfigMap")) | {"dancu-agreements"}
    for name, pod in pods():
        for volume in pod["volumes"]:
            if "secret" in volume:
                assert volume["secret"]["secretName"] in secrets, name
            if "configMap" in volume:
                assert volume["configMap"]["name"] in configs, name
    for _, container in containers():
        for source in container.get("envFrom", ()):
            assert source.get("configMapRef", {"name": "dancu-settings"})["name"] in configs
            assert source.get("secretRef", {"name": "dancu-agencies"})["name"] in secrets
    assert all(name in described for name in [*_MADE_OUTSIDE, "dancu-agreements"])
