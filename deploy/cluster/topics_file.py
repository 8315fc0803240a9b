"""The file with the hub's topics and principals (`deploy/topics.yaml`), read and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from deploy.cluster.manifest import Manifest, read_manifest
from hub.topics import outbox

_SHIPPED = Path(__file__).parent.parent / "topics.yaml"
_SCHEMA = Path(__file__).parent / "topics.schema.json"
_AUTO = "auto"
_BUILT_IN = {
    "partitions": 1,
    "replication": _AUTO,
    "min_isr": _AUTO,
    "retention": "forever",
    "retention_bytes": "unlimited",
    "cleanup": "delete",
    "max_message": "12MiB",
    "compression": "producer",
}
_MILLISECONDS = {"h": 3_600_000, "d": 86_400_000}
_BYTES = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}


#: The processes. Who has no `dancu web` need not name it.
ROLES = ("intake", "worker", "deliver", "web", "operator")


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """What the file says about one topic."""

    partitions: int
    #: None: 3, on a cluster of fewer brokers as many as there are.
    replication: int | None
    #: None: one less than there are replicas, at least 1.
    min_isr: int | None
    #: The topic's other settings, in Kafka's words.
    config: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Principals:
    """Who the processes and the agencies are for the brokers, such as `User:dancu-worker`."""

    #: By role, see `ROLES`.
    roles: Mapping[str, Sequence[str]]
    agencies: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class TopicsFile:
    """All topics by their plain names, and all principals."""

    topics: Mapping[str, TopicSpec]
    principals: Principals


#: Small segments, compacted soon: every process reads such a topic from its beginning when it starts.
_COMPACTED = {"segment.bytes": str(16 * 2**20), "segment.ms": "3600000", "min.cleanable.dirty.ratio": "0.1"}


def load_topics(path: Path | None, agencies: Sequence[str]) -> TopicsFile:
    """Read the file (None: the one shipped) for these agencies. Raises `ManifestProblem`."""
    manifest = read_manifest(path or _SHIPPED, orjson.loads(_SCHEMA.read_bytes()))
    content = manifest.content
    for section in ("outbox", "principals"):
        _check_agencies(manifest, section, agencies)
    defaults = {**_BUILT_IN, **content.get("defaults", {})}
    topics = {}
    for name, own in content["topics"].items():
        topics[name] = _spec(manifest, ["topics", name], [defaults, _forever(own), own])
    feed, special = content["outbox"].get("settings", {}), content["outbox"].get("agencies", {})
    for agency in agencies:
        own = special.get(agency, {})
        topics[outbox(agency)] = _spec(manifest, ["outbox", "agencies", agency], [defaults, feed, own])
    return TopicsFile(topics, _principals(content["principals"], agencies))


def _check_agencies(manifest: Manifest, section: str, agencies: Sequence[str]) -> None:
    for name in manifest.content[section].get("agencies", {}):
        if name not in agencies:
            where = [section, "agencies", name]
            allowed = ", ".join(sorted(agencies))
            raise manifest.problem(where, f"{'/'.join(where)}: no agreement with {name!r}. Allowed: {allowed}.")


def _forever(own: Mapping[str, Any]) -> Mapping[str, Any]:
    """A compacted topic keeps the latest of each key, whatever the defaults say."""
    return {"retention": "forever", "retention_bytes": "unlimited"} if own.get("cleanup") == "compact" else {}


def _spec(manifest: Manifest, where: Sequence[str], layers: Sequence[Mapping[str, Any]]) -> TopicSpec:
    value: dict[str, Any] = {}
    for layer in layers:
        value |= layer
    replication, min_isr = (None if value[name] == _AUTO else int(value[name]) for name in ("replication", "min_isr"))
    if min_isr is not None and min_isr > (replication or 3):
        raise manifest.problem(
            [*where, "min_isr"],
            f"{'/'.join(where)}: min_isr {min_isr} is more than its {replication or 3} replicas: nobody could write.",
        )
    config = {
        "cleanup.policy": value["cleanup"],
        "retention.ms": str(_amount(value["retention"], _MILLISECONDS)),
        "retention.bytes": str(_amount(value["retention_bytes"], _BYTES)),
        "max.message.bytes": str(_amount(value["max_message"], _BYTES)),
        "compression.type": {"none": "uncompressed"}.get(value["compression"], value["compression"]),
        # A replica that lacks records never becomes the leader, and the log's own clock says when a record came.
        "unclean.leader.election.enable": "false",
        "message.timestamp.type": "LogAppendTime",
    }
    if value["cleanup"] == "compact":
        config |= _COMPACTED
    return TopicSpec(int(value["partitions"]), replication, min_isr, config)


def _amount(text: str, units: Mapping[str, int]) -> int:
    """Return `400d` in milliseconds or `12MiB` in bytes; -1 for no limit."""
    for unit, size in units.items():
        if text.endswith(unit):
            return int(text.removesuffix(unit)) * size
    return -1


def shown(setting: str, value: str | None) -> str:
    """Return a setting's value as the file would write it: `400d` for its milliseconds."""
    units = {"retention.ms": _MILLISECONDS, "retention.bytes": _BYTES, "max.message.bytes": _BYTES}.get(setting, {})
    if units and value == "-1":
        return "forever" if setting == "retention.ms" else "unlimited"
    fitting = [(size, unit) for unit, size in units.items() if value and int(value) % size == 0]
    size, unit = max(fitting, default=(1, ""))
    return f"{int(value or 0) // size}{unit}" if unit else str(value)


def _principals(content: Mapping[str, Any], agencies: Sequence[str]) -> Principals:
    roles = {role: _names(content[role]) for role in ROLES if role in content}
    special, each = content.get("agencies", {}), content["each_agency"]
    named = {agency: special.get(agency, each.replace("{agency}", agency)) for agency in agencies}
    return Principals(roles, {agency: _names(names) for agency, names in named.items()})


def _names(one_or_more: str | Sequence[str]) -> Sequence[str]:
    return (one_or_more,) if isinstance(one_or_more, str) else tuple(one_or_more)
