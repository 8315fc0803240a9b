"""The rules of access, compared with those of a cluster: what is missing, and what is more than needed."""

from __future__ import annotations

import pytest

from deploy.cluster.access import Found, Rule, compare_access, rules
from deploy.cluster.topics_file import load_topics

PRINCIPALS = load_topics(None, ("land", "tax")).principals
WANTED = rules(PRINCIPALS, "p.")


def _found(*more: Found) -> list[Found]:
    return [*(Found(rule, "*", "allow") for rule in WANTED), *more]


def _states(*more: Found) -> list[tuple[str, str]]:
    compared = compare_access(WANTED, _found(*more), "p.")
    return [(one.state, one.who) for one in compared if one.state != "present"]


def test_an_agency_may_read_its_feed_with_groups_of_its_own_and_nothing_else() -> None:
    assert [rule for rule in WANTED if rule.principal == "User:agency-tax"] == [
        Rule("User:agency-tax", "topic", "literal", "p.outbox.tax", "Read"),
        Rule("User:agency-tax", "topic", "literal", "p.outbox.tax", "Describe"),
        Rule("User:agency-tax", "group", "prefixed", "p.agency.tax.", "Read"),
    ]


def test_every_name_has_the_prefix_and_nobody_may_administer() -> None:
    assert all(rule.name.startswith("p.") for rule in WANTED)
    assert {rule.operation for rule in WANTED} == {"Read", "Write", "Describe", "DescribeConfigs"}
    assert {rule.operation for rule in WANTED if "operator" in rule.principal} == {
        "Read",
        "Describe",
        "DescribeConfigs",
    }
    assert {rule.resource for rule in WANTED} == {"topic", "group", "transactional_id"}


def test_rules_that_are_there_are_present_and_others_are_missing() -> None:
    assert _states() == []
    some = _found()[3:]
    assert [one.state for one in compare_access(WANTED, some, "p.")].count("missing") == 3


def test_a_rule_for_one_host_only_is_not_the_rule() -> None:
    rule = next(iter(WANTED))
    found = [one for one in _found() if one.rule != rule] + [Found(rule, "10.0.0.1", "allow")]
    states = {one.state for one in compare_access(WANTED, found, "p.") if one.rule == rule}
    assert states == {"missing", "extra"}


@pytest.mark.parametrize(
    ("rule", "state"),
    [
        (Rule("User:agency-tax", "topic", "literal", "p.outbox.land", "Read"), ("extra", "agency tax")),
        (Rule("User:dancu-worker", "broker", "literal", "kafka-cluster", "ALL"), ("extra", "worker")),
        (Rule("User:stranger", "topic", "literal", "p.received", "Read"), ("foreign", "")),
        (Rule("User:stranger", "topic", "literal", "*", "Read"), ("foreign", "")),
        (Rule("User:*", "topic", "prefixed", "p.", "Write"), ("foreign", "")),
        (Rule("User:stranger", "group", "literal", "p.agency.tax.reader", "Read"), ("foreign", "")),
        (Rule("User:agency-gone", "topic", "literal", "p.outbox.gone", "Read"), ("foreign", "")),
    ],
)
def test_what_is_more_than_needed_is_told(rule: Rule, state: tuple[str, str]) -> None:
    assert _states(Found(rule, "*", "allow")) == [state]


@pytest.mark.parametrize(
    "rule",
    [
        Rule("User:stranger", "topic", "literal", "another", "Read"),
        Rule("User:stranger", "topic", "prefixed", "q.", "Read"),
        Rule("User:stranger", "group", "literal", "p.received", "Read"),
    ],
)
def test_what_others_may_do_elsewhere_is_their_business(rule: Rule) -> None:
    assert _states(Found(rule, "*", "allow")) == []


def test_a_rule_that_denies_somebody_else_takes_nothing_away_from_us() -> None:
    assert _states(Found(Rule("User:stranger", "topic", "literal", "p.received", "Read"), "*", "deny")) == []
