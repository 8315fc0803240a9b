"""compose.yaml: what every service has, and that the pieces it names are there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.health import read_address
from tests.deploy.manifests.files import DEPLOY, compose, of_kind

_SERVICES = compose()["services"]
_ONCE = {"migrate", "topics", "access", "operator"}


@pytest.fixture(params=_SERVICES)
def service(request: pytest.FixtureRequest) -> dict[str, Any]:
    one: dict[str, Any] = _SERVICES[request.param]
    return one


def test_a_service_may_do_nothing_that_it_does_not_need(service: dict[str, Any]) -> None:
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert int(service["user"].split(":")[0]) > 0
    assert {"cpus", "memory", "pids"} <= service["deploy"]["resources"]["limits"].keys()
    assert "privileged" not in service


def test_only_this_machine_reaches_in(service: dict[str, Any]) -> None:
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
    assert set(service["networks"]) == ({"inside", "door"} if "ports" in service else {"inside"})
    assert compose()["networks"]["inside"]["internal"] is True


def test_a_service_is_asked_how_it_is_unless_it_ends_by_itself() -> None:
    for name, service in _SERVICES.items():
        if name in _ONCE:
            assert service["healthcheck"] == {"disable": True}
            assert service["restart"] == "no"
        else:
            assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL"), name


def test_whoever_needs_something_waits_until_it_is_there() -> None:
    for name, service in _SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            expected = "service_completed_successfully" if other in _ONCE else "service_healthy"
            assert how == {"condition": expected}, f"{name} on {other}"
    for name in ("intake", "worker", "deliver", "web"):
        assert set(_SERVICES[name]["depends_on"]) == {"migrate", "access"}
    assert set(_SERVICES["access"]["depends_on"]) == {"topics"}
    assert set(_SERVICES["topics"]["depends_on"]) == {"kafka-1", "kafka-2", "kafka-3"}


def test_the_worker_is_there_twice() -> None:
    assert _SERVICES["worker"]["deploy"]["replicas"] == 2


def test_every_file_that_is_named_is_there() -> None:
    for config in compose()["configs"].values():
        assert (DEPLOY / config["file"]).is_file()
    for service in _SERVICES.values():
        for volume in service.get("volumes", ()):
            if isinstance(volume, dict) and volume["type"] == "bind":
                assert (DEPLOY / volume["source"]).is_dir()
                assert volume["read_only"] is True
        for config in service.get("configs", ()):
            assert config["source"] in compose()["configs"]


def test_health_is_asked_inside_the_container_where_the_process_serves_it() -> None:
    addresses = {service.get("environment", {}).get("DANCU_HEALTH") for service in _SERVICES.values()} - {None}
    assert {read_address(address)[1] for address in addresses} == {
        read_address(of_kind("ConfigMap")["dancu-settings"]["data"]["DANCU_HEALTH"])[1]
    }


def test_prometheus_asks_every_process_that_answers_and_has_the_alerts_beside_it() -> None:
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yaml").read_text())
    (asked,) = (job["dns_sd_configs"][0] for job in config["scrape_configs"] if job["job_name"] == "dancu")
    answering = {
        name: read_address(service["environment"]["DANCU_HEALTH"])[1]
        for name, service in _SERVICES.items()
        if "DANCU_HEALTH" in service.get("environment", {}) and name not in _ONCE
    }
    assert dict.fromkeys(asked["names"], asked["port"]) == answering
    mounted = {Path(one["target"]).parent: set[str]() for one in _SERVICES["prometheus"]["configs"]}
    for one in _SERVICES["prometheus"]["configs"]:
        mounted[Path(one["target"]).parent].add(Path(one["target"]).name)
    assert list(mounted.values()) == [{"prometheus.yaml", *config["rule_files"]}]
    assert (DEPLOY / compose()["configs"]["alerts"]["file"]).resolve().name in config["rule_files"]


@pytest.mark.parametrize("name", ["prometheus", "kubernetes", "machine"])
def test_every_configuration_of_prometheus_names_the_job_that_the_alerts_count_on(name: str) -> None:
    config = yaml.safe_load((DEPLOY / "prometheus" / f"{name}.yaml").read_text())
    assert "dancu" in [job["job_name"] for job in config["scrape_configs"]]
    assert config["rule_files"] == ["alerts.yml"]


def test_prometheus_on_the_machine_asks_where_the_units_answer() -> None:
    (job,) = yaml.safe_load((DEPLOY / "prometheus" / "machine.yaml").read_text())["scrape_configs"]
    (asked,) = (set(one["targets"]) for one in job["static_configs"])
    units = "\n".join(path.read_text() for path in (DEPLOY / "systemd").glob("*.service"))
    answering = set(re.findall(r"--health (\S+)", units))
    assert answering == {"127.0.0.1:8181", "127.0.0.1:8182", "127.0.0.1:819%i"}
    assert asked == {address.replace("%i", number) for address in answering for number in "12"}


def test_grafana_has_its_data_source_and_its_dashboards() -> None:
    mounted = {one["target"]: DEPLOY / one["source"] for one in _SERVICES["grafana"]["volumes"]}
    settings = _SERVICES["grafana"]["environment"]
    provisioning = mounted[settings["GF_PATHS_PROVISIONING"]]
    (source,) = yaml.safe_load((provisioning / "datasources" / "prometheus.yaml").read_text())["datasources"]
    assert source["url"] == "http://prometheus:9090"
    (provider,) = yaml.safe_load((provisioning / "dashboards" / "dancu.yaml").read_text())["providers"]
    boards = mounted[provider["options"]["path"]]
    assert len(list(boards.glob("*.json"))) == 5
    home = Path(settings["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    assert (mounted[str(home.parent)] / home.name).is_file()
