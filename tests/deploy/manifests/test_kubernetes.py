"""What every workload on Kubernetes has, and that the resources fit together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from deploy.health import read_address
from tests.deploy.manifests.files import KUBERNETES, containers, of_kind, pods
from tests.deploy.manifests.strimzi import kafka_topics, kafka_users, shipped_topics

_DEPLOYMENTS = sorted(of_kind("Deployment"))
_PROBES = {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}


def test_topics_and_users_are_those_of_the_topics_file() -> None:
    file = shipped_topics()
    assert list(of_kind("KafkaTopic").values()) == sorted(kafka_topics(file), key=_written)
    assert list(of_kind("KafkaUser").values()) == kafka_users(file)


def _written(topic: Mapping[str, Any]) -> int:
    return list(of_kind("KafkaTopic")).index(topic["metadata"]["name"])


def test_no_worker_is_started_that_would_have_no_partition() -> None:
    partitions = of_kind("KafkaTopic")["received"]["spec"]["partitions"]
    assert of_kind("HorizontalPodAutoscaler")["dancu-worker"]["spec"]["maxReplicas"] <= partitions


@pytest.mark.parametrize("name", of_kind("HorizontalPodAutoscaler"))
def test_what_is_scaled_by_itself_has_no_number_of_its_own(name: str) -> None:
    assert of_kind("HorizontalPodAutoscaler")[name]["spec"]["scaleTargetRef"]["name"] == name
    assert "replicas" not in of_kind("Deployment")[name]["spec"]


@pytest.mark.parametrize("name", _DEPLOYMENTS)
def test_a_disruption_leaves_some_of_every_process(name: str) -> None:
    labels = of_kind("Deployment")[name]["spec"]["template"]["metadata"]["labels"]
    budget = of_kind("PodDisruptionBudget")[name]["spec"]
    assert budget["maxUnavailable"] == 1
    assert budget["selector"]["matchLabels"].items() <= labels.items()
    replicas = of_kind("Deployment")[name]["spec"].get("replicas")
    scaled = of_kind("HorizontalPodAutoscaler").get(name, {"spec": {"minReplicas": replicas}})
    assert scaled["spec"]["minReplicas"] >= 2


@pytest.mark.parametrize(("name", "pod"), list(pods()), ids=lambda value: value if isinstance(value, str) else "")
def test_a_pod_may_do_nothing_that_it_does_not_need(name: str, pod: dict[str, Any]) -> None:
    assert pod["automountServiceAccountToken"] is False
    assert of_kind("ServiceAccount")[pod["serviceAccountName"]]["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in pod["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {"cpu", "memory"} <= container["resources"]["limits"].keys()
        assert {"cpu", "memory"} <= container["resources"]["requests"].keys()


@pytest.mark.parametrize("name", _DEPLOYMENTS)
def test_a_deployment_is_asked_where_it_answers(name: str) -> None:
    pod = of_kind("Deployment")[name]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert len(pod["topologySpreadConstraints"]) == 2
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    (settings,) = (source["configMapRef"]["name"] for source in container["envFrom"] if "configMapRef" in source)
    health = of_kind("ConfigMap")[settings]["data"]["DANCU_HEALTH"]
    for probe, path in _PROBES.items():
        asked = container[probe]["httpGet"]
        assert (asked["path"], ports[asked["port"]]) == (path, read_address(health)[1])


@pytest.mark.parametrize("name", _DEPLOYMENTS)
def test_prometheus_finds_every_process_and_may_ask_it(name: str) -> None:
    template = of_kind("Deployment")[name]["spec"]["template"]
    (ports,) = (container["ports"] for container in template["spec"]["containers"])
    (health,) = (str(port["containerPort"]) for port in ports if port["name"] == "health")
    assert template["metadata"]["annotations"] == {
        "prometheus.io/scrape": "true",
        "prometheus.io/port": health,
        "prometheus.io/path": "/metrics",
    }
    policy = of_kind("NetworkPolicy")["prometheus-to-hub"]["spec"]
    assert name in policy["podSelector"]["matchExpressions"][0]["values"]
    assert policy["ingress"][0]["ports"] == [{"port": "health"}]
    (job,) = yaml.safe_load((KUBERNETES.parent / "prometheus" / "kubernetes.yaml").read_text())["scrape_configs"]
    kept = {one["source_labels"][0]: one["regex"] for one in job["relabel_configs"] if one.get("action") == "keep"}
    part = template["metadata"]["labels"]["app.kubernetes.io/part-of"]
    assert kept == {
        "__meta_kubernetes_pod_label_app_kubernetes_io_part_of": part,
        "__meta_kubernetes_pod_container_port_name": "health",
    }


@pytest.mark.parametrize("name", of_kind("Service"))
def test_a_service_leads_to_a_port_that_its_process_listens_on(name: str) -> None:
    service, deployment = of_kind("Service")[name]["spec"], of_kind("Deployment")[name]["spec"]
    assert service["selector"].items() <= deployment["template"]["metadata"]["labels"].items()
    (container,) = deployment["template"]["spec"]["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    arguments = container["args"]
    assert str(ports[service["ports"][0]["targetPort"]]) == arguments[arguments.index("--port") + 1]


def test_nobody_talks_to_anybody_unless_a_policy_says_so() -> None:
    everything = of_kind("NetworkPolicy")["nobody-to-nobody"]["spec"]
    assert everything == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    names = {name for name, _ in pods()}
    for policy in of_kind("NetworkPolicy").values():
        selector = policy["spec"]["podSelector"]
        chosen = set(filter(None, [selector.get("matchLabels", {}).get("app.kubernetes.io/name")]))
        for expression in selector.get("matchExpressions", ()):
            chosen |= set(expression["values"])
        assert chosen <= names


def test_whoever_has_a_kafka_user_may_reach_kafka_and_has_its_own() -> None:
    selector = of_kind("NetworkPolicy")["hub-to-kafka"]["spec"]["podSelector"]
    allowed = set(selector["matchExpressions"][0]["values"])
    users = {
        name: one["value"]
        for name, container in containers()
        for one in container.get("env", ())
        if one["name"] == "DANCU_KAFKA_SASL_USERNAME"
    }
    assert set(users) == allowed
    assert all(name == user for name, user in users.items())
    assert set(users.values()) <= set(of_kind("KafkaUser"))


def test_kustomization_names_every_file() -> None:
    named = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())["resources"]
    there = [str(path.relative_to(KUBERNETES)) for path in KUBERNETES.rglob("*.yaml")]
    folders = [name for name in named if not name.endswith(".yaml")]
    assert sorted(set(named) - set(folders)) == sorted(set(there) - {"kustomization.yaml"})
    assert sorted(folders) == ["../../monitoring", "../grafana"]


def test_the_alerts_and_every_dashboard_are_in_config_maps() -> None:
    generated = {}
    for folder in ("../../monitoring", "../grafana"):
        content = yaml.safe_load((KUBERNETES / folder / "kustomization.yaml").read_text())
        for one in content["configMapGenerator"]:
            generated[one["name"]] = [KUBERNETES / folder / name for name in one["files"]]
    assert all(path.is_file() for paths in generated.values() for path in paths)
    assert [path.name for path in generated["dancu-alerts"]] == ["alerts.yml"]
    boards = (KUBERNETES.parent / "grafana" / "dashboards").glob("*.json")
    assert {path.resolve() for path in generated["dancu-dashboards"]} == {path.resolve() for path in boards}
    # kubectl notes the whole of it in an annotation, which may have 256 KiB.
    assert all(sum(path.stat().st_size for path in paths) < 200_000 for paths in generated.values())
