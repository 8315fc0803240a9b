"""The job without a framework: who may have an event, and what each of them sees. Pure; both rivals call it.

It does less than the hub: no order of versions, no waiting, no protection, no audit. Only material that needs
none of these may be given to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, NamedTuple

import fastavro
import orjson

#: Headers as Kafka's clients give them.
Headers = Sequence[tuple[str, bytes]]

_PREFIX = 5
_DAY = 86_400_000
_VIETNAM = 7 * 3_600_000


class Output(NamedTuple):
    """One event as one agency may see it."""

    agency: str
    value: bytes
    headers: Headers


@dataclass(frozen=True, slots=True)
class _Grant:
    """What one agency may have of one type."""

    agency: str
    basis: bytes
    purpose: bytes
    valid_from: int
    valid_until: int
    provinces: frozenset[str] | None
    persons: frozenset[str] | None
    schema: Any
    prefix: bytes


class Job:
    """Knows the schemas and the agreements, as the bench wrote them down from the hub's own."""

    def __init__(self, rules: bytes) -> None:
        """Take the rules as JSON, see `tests.benchmarks.kafka.rules`."""
        read = orjson.loads(rules)
        self._types = {_prefix(t["id"]): fastavro.parse_schema(t["schema"]) for t in read["types"]}
        self._grants: dict[str, list[_Grant]] = {}
        for one in read["grants"]:
            self._grants.setdefault(one["type"], []).append(_grant(one))

    def outputs(self, key: str, value: bytes, headers: Headers, at: int) -> list[Output]:
        """Return what goes out for an event that is new. `at`: when Kafka took it, milliseconds since 1970 UTC."""
        said = dict(headers)
        allowed = [g for g in self._grants.get(said["ce_type"].decode(), ()) if _covers(g, key, said, at)]
        if not allowed:
            return []
        record = fastavro.schemaless_reader(BytesIO(value[_PREFIX:]), self._types[value[:_PREFIX]], None)
        public = [header for header in headers if not header[0].startswith("dancu_")]
        return [_output(grant, record, public) for grant in allowed]


def event_id(headers: Headers) -> str:
    """Return the id by which an event is known again. Raises KeyError without one."""
    return dict(headers)["ce_id"].decode()


def _output(grant: _Grant, record: Any, public: Iterable[tuple[str, bytes]]) -> Output:
    out = BytesIO()
    out.write(grant.prefix)
    fastavro.schemaless_writer(out, grant.schema, record)
    stamped = [*public, ("ce_legalbasis", grant.basis), ("ce_purpose", grant.purpose)]
    return Output(grant.agency, out.getvalue(), stamped)


def _covers(grant: _Grant, key: str, said: dict[str, bytes], at: int) -> bool:
    """Whether an agreement is in force and has this person's events."""
    if not grant.valid_from <= (at + _VIETNAM) // _DAY <= grant.valid_until:
        return False
    if grant.persons is not None and key not in grant.persons:
        return False
    provinces = said.get("dancu_provinces", b"").decode().split(",")
    return grant.provinces is None or not grant.provinces.isdisjoint(provinces)


def _grant(one: dict[str, Any]) -> _Grant:
    def some(name: str) -> frozenset[str] | None:
        return None if one[name] is None else frozenset(one[name])

    return _Grant(
        agency=one["agency"],
        basis=one["basis"].encode(),
        purpose=one["purpose"].encode(),
        valid_from=one["valid_from"],
        valid_until=one["valid_until"],
        provinces=some("provinces"),
        persons=some("persons"),
        schema=fastavro.parse_schema(one["schema"]),
        prefix=_prefix(one["id"]),
    )


def _prefix(schema_id: int) -> bytes:
    return b"\x00" + schema_id.to_bytes(4, "big")
