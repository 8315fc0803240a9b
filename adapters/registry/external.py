"""Keeps somebody else's registry like ours: look what differs, refuse to start on it, add what is missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from adapters.registry.client import RegistryClient, registry_at
from adapters.registry.difference import Difference, There, missing_or_different
from adapters.registry.problem import RegistryDiffers, RegistryProblem, RegistryUnavailable
from adapters.registry.shelf import text_of
from schemas.catalogue import Catalogue
from schemas.versions import Recorded


def verify_registry(url: str, catalogue: Catalogue) -> None:
    """Make sure that a registry decodes whatever this hub writes or wrote: every recorded id, the same schema.

    Raises `RegistryDiffers`, and `RegistryUnavailable` when it does not answer.
    """
    found = differences(url, catalogue, names=False)
    if found:
        more = f", and {len(found) - 1} more" if len(found) > 1 else ""
        todo = "Add them with: dancu registry push" if all(one.can_be_added for one in found) else _FOREIGN
        raise RegistryDiffers(f"the external schema registry differs: {found[0].message}{more}. {todo}")


def differences(url: str, catalogue: Catalogue, *, names: bool = True) -> list[Difference]:
    """Return what a registry lacks or has otherwise; without `names`, only by id. Raises `RegistryUnavailable`."""
    recorded = list(catalogue.recorded.values())
    with registry_at(url) as registry:
        there = {one.schema_id: _there(registry, one, names=names) for one in recorded}
    return missing_or_different(recorded, there, names=names)


def push(
    url: str, found: Sequence[Difference], on_added: Callable[[Recorded], None] = lambda _: None
) -> list[Recorded]:
    """Add what is missing, under our ids, in the registry's IMPORT mode; each subject's mode is put back after it.

    Safe to repeat. Raises `RegistryDiffers` before anything is written when an id or a version is taken, and at the
    first id that the registry gives otherwise than asked.
    """
    taken = [one for one in found if not one.can_be_added]
    if taken:
        raise RegistryDiffers(f"nothing was added: {taken[0].message}. {_FOREIGN}")
    added = []
    with registry_at(url) as registry:
        for one in found:
            _add(registry, one.ours)
            on_added(one.ours)
            added.append(one.ours)
    return added


_FOREIGN = (
    "Ids belong to one schema for ever, so this registry can't be used for the hub: use an empty one, or unset "
    "DANCU_SCHEMA_REGISTRY and let the hub serve its own (dancu registry serve)"
)


def _there(registry: RegistryClient, ours: Recorded, *, names: bool) -> There:
    by_id = registry.get("schemas", "ids", ours.schema_id)
    version = registry.get("subjects", ours.subject, "versions", ours.version) if names else None
    text = None if by_id is None else _part(registry, by_id.body, "schema", str)
    return There(text, None if version is None else _part(registry, version.body, "id", int))


def _part(registry: RegistryClient, body: Any, name: str, kind: type) -> Any:
    found = body.get(name) if isinstance(body, dict) else None
    if not isinstance(found, kind):
        raise RegistryUnavailable(f"{registry.name} is no schema registry: its answer has no `{name}`")
    return found


def _add(registry: RegistryClient, ours: Recorded) -> None:
    own = registry.get("mode", ours.subject)
    before = None if own is None else own.body.get("mode")
    registry.put({"mode": "IMPORT"}, "mode", ours.subject, query="?force=true")
    try:
        content = {"schema": text_of(ours), "id": ours.schema_id, "version": ours.version, "schemaType": "AVRO"}
        answer = registry.post(content, "subjects", ours.subject, "versions")
    finally:
        _put_back(registry, ours.subject, before)
    given = _part(registry, answer.body, "id", int)
    if given != ours.schema_id:
        raise RegistryDiffers(
            f"{registry.name} gave id {given} to {ours.subject}, not {ours.schema_id} as asked: it keeps no given ids. "
            "Nothing more was sent. Delete that subject there, and use a registry with IMPORT mode, or an empty one"
        )


def _put_back(registry: RegistryClient, subject: str, before: str | None) -> None:
    """Put a subject's mode back. One that had none of its own gets none, or what the whole registry has."""
    if before is not None:
        registry.put({"mode": before}, "mode", subject)
    elif not registry.delete("mode", subject):
        whole = registry.get("mode")
        if whole is None:
            raise RegistryProblem(f"{registry.name}: the mode of {subject} is still IMPORT; set it to READWRITE")
        registry.put({"mode": whole.body["mode"]}, "mode", subject)
