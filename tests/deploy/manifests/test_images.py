"""Images: pinned, and ours built from the tree."""

from __future__ import annotations

import re

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.deploy.manifests.files import DEPLOY, KUBERNETES, ROOT, compose, containers

#: name:tag with a version that has at least two numbers; no registry's host before it.
_PINNED = re.compile(r"[a-z][a-z0-9-]*(/[a-z][a-z0-9-]*)?:v?\d+(\.\d+)+[a-z0-9.-]*")


@pytest.mark.parametrize("name", compose()["services"])
def test_every_service_of_compose_has_a_pinned_image(name: str) -> None:
    assert _PINNED.fullmatch(compose()["services"][name]["image"])


def test_every_container_on_kubernetes_has_our_image_in_the_version_of_compose() -> None:
    ours = compose()["services"]["worker"]["image"]
    assert {container["image"] for _, container in containers()} == {ours}
    (named,) = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())["images"]
    assert f"{named['name']}:{named['newTag']}" == ours


def test_the_dockerfile_begins_with_a_pinned_python_in_both_stages() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    (version,) = re.findall(r"^ARG PYTHON=(.*)$", text, re.M)
    assert re.fullmatch(r"3\.1[1-9]\.\d+-slim-[a-z]+", version)
    assert re.findall(r"^FROM (\S+)", text, re.M) == ["python:${PYTHON}"] * 2


def test_the_dockerfile_takes_every_layer_of_the_tree() -> None:
    layers = re.findall(r"^COPY (\w+) \w+$", (DEPLOY / "Dockerfile").read_text(), re.M)
    packages = [path.parent.name for path in ROOT.glob("*/__init__.py") if path.parent.name != "tests"]
    assert sorted(layers) == sorted(packages)
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert ignored[1] == "*"
    assert {f"!{layer}" for layer in layers} <= set(ignored)


def test_what_the_image_needs_is_pinned_to_versions_that_the_project_allows() -> None:
    pinned = dict(
        line.split("==") for line in (DEPLOY / "constraints.txt").read_text().splitlines() if not line.startswith("#")
    )
    for requirement in _direct():
        assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)]), requirement


def _direct() -> list[Requirement]:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    lines = [*project["dependencies"], *(line for extra in ("kafka", "postgres", "web") for line in extras[extra])]
    return [Requirement(line) for line in lines]
