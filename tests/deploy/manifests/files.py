"""Where the deployment's files are, and what is in them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
KAFKA = KUBERNETES / "kafka"


@cache
def compose() -> dict[str, Any]:
    """Return compose.yaml, with its anchors and merges resolved."""
    content: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return content


@cache
def resources() -> tuple[dict[str, Any], ...]:
    """Return every Kubernetes resource."""
    return tuple(
        document
        for path in sorted(KUBERNETES.glob("*/*.yaml"))
        for document in yaml.safe_load_all(path.read_text())
        if document is not None
    )


def of_kind(kind: str) -> dict[str, dict[str, Any]]:
    """Return the resources of one kind, by name."""
    return {one["metadata"]["name"]: one for one in resources() if one["kind"] == kind}


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the pod specification of each of the hub's workloads."""
    for kind in ("Deployment", "Job"):
        for name, one in of_kind(kind).items():
            yield name, one["spec"]["template"]["spec"]


def containers() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the hub's containers on Kubernetes."""
    for name, pod in pods():
        for container in pod["containers"]:
            yield name, container
