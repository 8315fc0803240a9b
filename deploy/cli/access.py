"""`dancu topics acls`: who may use the topics: shown, compared with the cluster, applied."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Annotated, Any

import typer
from rich.markup import escape

from deploy.cli.cluster import Cluster, cluster_of
from deploy.cli.output import show, write, write_json
from deploy.cli.shell import fail, screen
from deploy.cluster.access import Access, Rule, compare_access, rules
from deploy.cluster.access_admin import change_access, found_access
from deploy.cluster.admin import Administrator
from deploy.cluster.topics_file import Principals, load_topics

_STATES = {
    "present": "[green]có / present[/]",
    "missing": "[yellow]thiếu / missing[/]",
    "extra": "[red]thừa / extra[/]",
    "foreign": "[red]người khác / somebody else[/]",
}
_OPTIONS = {"topic": "--topic", "group": "--group", "transactional_id": "--transactional-id"}
Named = Annotated[list[str] | None, typer.Option(metavar="PRINCIPAL", help="Instead of the topics file's; repeatable.")]


def acls(
    context: typer.Context,
    apply: Annotated[bool, typer.Option("--apply", help="Add what is missing.")] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="With --apply: delete all other rules of these principals.")
    ] = False,
    lines: Annotated[
        bool, typer.Option("--lines", help="Print kafka-acls.sh lines; asks the cluster nothing.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    worker: Named = None,
) -> None:
    """Quyền truy cập. / What each process and each agency may do on the cluster, and nothing more."""
    if prune and not apply:
        fail("--prune deletes rules, so it goes with --apply; without both, rules are only shown", 2)
    with cluster_of(context) as cluster:
        principals = load_topics(cluster.topics_file, cluster.agencies).principals
        if worker:
            principals = Principals({**principals.roles, "worker": worker}, principals.agencies)
        wanted, prefix = rules(principals, cluster.connection.prefix), cluster.connection.prefix
        if lines:
            write("".join(f"{line}\n" for line in _lines(wanted, cluster)).encode())
            return
        administrator = Administrator(cluster.connection)
        states = compare_access(wanted, found_access(administrator), prefix)
        if apply:
            extra = [one for one in states if one.state == "extra"] if prune else []
            change_access(administrator, [one.rule for one in states if one.state == "missing"], extra)
            _tell_changes(states, prune)
            states = compare_access(wanted, found_access(administrator), prefix)
        _tell(states, json)


def _tell_changes(states: Sequence[Access], prune: bool) -> None:
    count = Counter(one.state for one in states)
    deleted = count["extra"] if prune else 0
    screen.print(f"Đã thêm / added {count['missing']} · đã xóa / deleted {deleted}")


def _tell(states: Sequence[Access], as_json: bool) -> None:
    if as_json:
        write_json([_as_json(one) for one in states])
        return
    for who, rules_of_one in groupby(_together(states), lambda line: (line[0].who, line[0].rule.principal)):
        show(f"[bold]{escape(' · '.join(filter(None, who)))}[/]")
        for one, operations in rules_of_one:
            name = f"{one.rule.name}*" if one.rule.pattern == "prefixed" else one.rule.name
            said = operations if one.permission == "allow" else f"{one.permission} {operations}"
            host = f" @ {one.host}" if one.host != "*" else ""
            show(f"  {_STATES[one.state]} {escape(f'{said}: {one.rule.resource} {name}{host}')}")
    count = Counter(one.state for one in states)
    if count["missing"]:
        show(f"[yellow]{count['missing']} còn thiếu / missing[/] · dancu topics acls --apply")
    if count["extra"]:
        show(f"[red]{count['extra']} thừa / more than needed[/] · dancu topics acls --apply --prune")


def _together(states: Sequence[Access]) -> Iterable[tuple[Access, str]]:
    """Yield each line: rules that differ in the operation only are one."""
    lines: dict[Access, list[str]] = {}
    for one in states:
        same = one._replace(rule=one.rule._replace(operation=""))
        lines.setdefault(same, []).append(one.rule.operation)
    return ((one, " ".join(operations)) for one, operations in lines.items())


def _as_json(one: Access) -> dict[str, Any]:
    more = {"state": one.state, "for": one.who, "host": one.host, "permission": one.permission}
    return {**more, **one.rule._asdict()}


def _lines(wanted: Iterable[Rule], cluster: Cluster) -> Iterable[str]:
    for rule in wanted:
        words = ["kafka-acls.sh", "--bootstrap-server", cluster.connection.servers]
        words += ["--command-config", "admin.properties", "--add", "--allow-principal", rule.principal]
        words += ["--operation", rule.operation, _OPTIONS[rule.resource], rule.name]
        yield shlex.join([*words, "--resource-pattern-type", rule.pattern])
