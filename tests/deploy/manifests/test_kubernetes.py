"""What every workload on Kubernetes has, and that the resources fit together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from adapters.registry.app import registry_app
from deploy.health import read_address
from schemas.catalogue import load_catalogue
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
    health = of_kind("ConfigMap")[settings]["data"].get("DANCU_HEALTH")
    for probe, path in _PROBES.items():
        asked = container[probe]["httpGet"]
        if health is None:  # the registry answers questions about schemas, and no others
            assert asked["path"] in {getattr(route, "path", "") for route in registry_app(load_catalogue()).routes}
            assert str(ports[asked["port"]]) in container["args"]
        else:
            assert (asked["path"], ports[asked["port"]]) == (path, read_address(health)[1])


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
    assert sorted(named) == sorted(set(there) - {"kustomization.yaml"})
