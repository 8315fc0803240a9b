"""Pure: what each process and each agency may do on the cluster, and nothing more."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from deploy.cluster.topics_file import Principals
from hub.topics import DELIVER, DUPLICATES, MARKS, PIPELINE, PLACES, RECEIVED, REFUSED, WITHHELD, outbox

_OUTBOXES = outbox("")
_DECIDING = f"{PIPELINE}.{RECEIVED}"
_HANDING_OUT = f"{DELIVER}.{_OUTBOXES}"

Resource = Literal["topic", "group", "transactional_id"]
Pattern = Literal["literal", "prefixed"]


class Rule(NamedTuple):
    """One thing that a principal may do, in Kafka's words (an ACL that allows it, from any host)."""

    principal: str
    resource: str
    #: `literal`, or `prefixed`: every name that begins so.
    pattern: str
    name: str
    operation: str


class Found(NamedTuple):
    """An ACL of the cluster."""

    rule: Rule
    host: str
    #: `allow` or `deny`.
    permission: str


class Access(NamedTuple):
    """One rule, wanted or found."""

    who: str
    rule: Rule
    #: `present`; `missing`; `extra`: one of ours may do more than it needs; `foreign`: somebody else may use our names.
    state: Literal["present", "missing", "extra", "foreign"]
    host: str = "*"
    permission: str = "allow"


class _May(NamedTuple):
    operations: str
    resource: Resource
    pattern: Pattern
    names: Sequence[str]


#: The client asks for a group's coordinator even where it only looks at topics, so looking has a group too.
_BROWSING = _May("Describe", "group", "prefixed", ("browse",))
#: How far an agency's own client is, if its group has a name of the agency's.
_LOOKING_ON = _May("Describe", "group", "prefixed", ("agency.",))
#: A transaction of the log begins with the name of the group that commits, or with `append`.
_ROLES: Mapping[str, Sequence[_May]] = {
    "intake": (
        _May("Write", "topic", "literal", (REFUSED,)),
        _May("Read Write", "topic", "literal", (RECEIVED, MARKS)),
        _May("Describe", "group", "literal", (_DECIDING,)),
        _May("Write", "transactional_id", "prefixed", ("append.",)),
        _BROWSING,
    ),
    "worker": (
        _May("Read Write", "topic", "literal", (RECEIVED, MARKS, PLACES)),
        _May("Write", "topic", "literal", (REFUSED, WITHHELD, DUPLICATES)),
        _May("Read Write", "topic", "prefixed", (_OUTBOXES,)),
        _May("Read", "group", "literal", (_DECIDING, f"{_DECIDING}.members")),
        _May("Describe", "group", "prefixed", (_HANDING_OUT,)),
        _May("Write", "transactional_id", "prefixed", (f"{_DECIDING}.", "append.")),
        _BROWSING,
    ),
    "deliver": (
        _May("Read", "topic", "prefixed", (_OUTBOXES,)),
        _May("Read Write", "topic", "literal", (PLACES,)),
        _May("Read", "group", "prefixed", (_HANDING_OUT,)),
        _May("Write", "transactional_id", "prefixed", (f"{DELIVER}.",)),
        _LOOKING_ON,
        _BROWSING,
    ),
    "web": (
        _May("Read Write", "topic", "literal", (RECEIVED, REFUSED, MARKS)),
        _May("Read", "topic", "literal", (PLACES,)),
        _May("Read", "topic", "prefixed", (_OUTBOXES,)),
        _May("Describe", "group", "literal", (_DECIDING,)),
        _May("Describe", "group", "prefixed", (_HANDING_OUT,)),
        _May("Write", "transactional_id", "prefixed", ("append.",)),
        _LOOKING_ON,
        _BROWSING,
    ),
    "operator": (
        _May("Read DescribeConfigs", "topic", "literal", (RECEIVED, REFUSED, WITHHELD, DUPLICATES, MARKS, PLACES)),
        _May("Read DescribeConfigs", "topic", "prefixed", (_OUTBOXES,)),
        _May("Describe", "group", "literal", (_DECIDING,)),
        _May("Describe", "group", "prefixed", (_HANDING_OUT,)),
        _LOOKING_ON,
        _BROWSING,
    ),
}


def rules(principals: Principals, prefix: str) -> dict[Rule, str]:
    """Return every rule that is needed, and for whom: a role, or an agency."""
    wanted: dict[Rule, str] = {}
    for role, needs in _ROLES.items():
        for principal in principals.roles.get(role, ()):
            for rule in _rules_of(principal, needs, prefix):
                wanted.setdefault(rule, role)
    for agency, names in principals.agencies.items():
        for principal in names:
            for rule in _rules_of(principal, _of_agency(agency), prefix):
                wanted.setdefault(rule, f"agency {agency}")
    return wanted


def compare_access(wanted: Mapping[Rule, str], found: Collection[Found], prefix: str) -> list[Access]:
    """Return the rules with their state: those that are needed, then what is found beside them."""
    there = {one.rule for one in found if one.host == "*" and one.permission == "allow"}
    states = [Access(who, rule, "present" if rule in there else "missing") for rule, who in wanted.items()]
    who = {rule.principal: role for rule, role in wanted.items()}
    names = {(rule.resource, rule.pattern, rule.name) for rule in wanted}
    for rule, host, permission in sorted(found):
        if rule in wanted and host == "*" and permission == "allow":
            continue
        if rule.principal in who:
            states.append(Access(who[rule.principal], rule, "extra", host, permission))
        elif permission == "allow" and _touches(rule, names, prefix):
            states.append(Access("", rule, "foreign", host, permission))
    return states


def _rules_of(principal: str, needs: Iterable[_May], prefix: str) -> Iterator[Rule]:
    for may in needs:
        for name in may.names:
            for operation in may.operations.split():
                yield Rule(principal, may.resource, may.pattern, prefix + name, operation)


def _of_agency(agency: str) -> Sequence[_May]:
    return (
        _May("Read Describe", "topic", "literal", (outbox(agency),)),
        _May("Read", "group", "prefixed", (f"agency.{agency}.",)),
    )


def _touches(rule: Rule, names: Iterable[tuple[str, str, str]], prefix: str) -> bool:
    """Whether a rule gives somebody else a way to the hub's topics, groups or transactions."""
    if rule.resource == "topic" and rule.name.startswith(prefix + _OUTBOXES):
        return True  # also the feed of an agency that has left
    ours = [(pattern, name) for resource, pattern, name in names if resource == rule.resource]
    return any(_meet((rule.pattern, rule.name), one) for one in ours)


def _meet(theirs: tuple[str, str], ours: tuple[str, str]) -> bool:
    """Whether two patterns have a name in common."""
    (pattern, name), (our_pattern, our_name) = theirs, ours
    if name in ("*", our_name):
        return True
    return (pattern == "prefixed" and our_name.startswith(name)) or (
        our_pattern == "prefixed" and name.startswith(our_name)
    )
