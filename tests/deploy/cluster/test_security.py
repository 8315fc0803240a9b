"""A real broker with an authorizer: everybody may do what they need, and nothing more; strangers do not come in."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from confluent_kafka import KafkaException

from hub.eventlog.connection import KafkaConnection
from tests.deploy.cluster import attempts
from tests.deploy.cluster.certificates import Authority
from tests.deploy.cluster.secured import PREFIX, Secured

Attempt = Callable[[KafkaConnection], str]
#: What somebody tries, and the error that must come of it; `""` where it is allowed.
Tries = dict[str, tuple[Attempt, str]]

NO_TOPIC = "TOPIC_AUTHORIZATION_FAILED"
NO_GROUP = "GROUP_AUTHORIZATION_FAILED"
NO_CLUSTER = "CLUSTER_AUTHORIZATION_FAILED"
NO_TRANSACTION = "TRANSACTIONAL_ID_AUTHORIZATION_FAILED"
EVERYTHING = tuple(f"outbox.{agency}" for agency in ("land", "tax"))
OF_THE_HUB = ("received", "refused", "withheld", "duplicates", "dancu.marks", "dancu.places")
SET_ASIDE = ("refused", "withheld", "duplicates")
NOTES = ("dancu.marks", "dancu.places")


@pytest.fixture(params=["scram", "certificates"])
def secured(request: pytest.FixtureRequest) -> Secured:
    """Both ways to say who one is."""
    found: Secured = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def filled(secured: Secured) -> Secured:
    """A cluster with at least one record in every topic, written by the worker."""
    everywhere = (*OF_THE_HUB, *EVERYTHING)
    assert attempts.append(secured.connection("dancu-worker"), everywhere, "append.1") == ""
    return secured


def _try(secured: Secured, user: str, wanted: Tries) -> None:
    """Try everything, then compare: one wrong rule does not hide the others."""
    connection = secured.connection(user)
    assert {name: attempt(connection) for name, (attempt, _) in wanted.items()} == {
        name: error for name, (_, error) in wanted.items()
    }


def _ruining(topic: str) -> Tries:
    """What nobody of the hub and no agency may do."""
    return {
        f"delete {topic}": (partial(attempts.delete, topic=topic), NO_TOPIC),
        f"delete records of {topic}": (partial(attempts.delete_records, topic=topic), NO_TOPIC),
        f"alter {topic}": (partial(attempts.alter, topic=topic), NO_TOPIC),
        f"add partitions to {topic}": (partial(attempts.add_partitions, topic=topic), NO_TOPIC),
        "create": (partial(attempts.create, topic="outbox.new"), NO_TOPIC),
        "grant": (partial(attempts.grant, principal="User:agency-tax"), NO_CLUSTER),
    }


def test_an_agency_reads_its_own_feed_with_a_group_of_its_own(filled: Secured) -> None:
    tax = filled.connection("agency-tax")
    assert attempts.seen(tax) == [f"{PREFIX}outbox.tax"]
    assert attempts.read(tax, "outbox.tax", "agency.tax.reader") == ""
    assert attempts.browse(tax, "outbox.tax", "agency.tax.reader") == ""


def test_an_agency_may_do_nothing_else(filled: Secured) -> None:
    read = attempts.read
    others: Tries = {
        f"read {topic}": (partial(read, topic=topic, group="agency.tax.x"), NO_TOPIC)
        for topic in ("outbox.land", *OF_THE_HUB)
    }
    groups: Tries = {
        f"in {group}": (partial(read, topic="outbox.tax", group=group), NO_GROUP)
        for group in ("agency.land.reader", "agency.tax", "deliver.outbox.tax", "pipeline.received", "mine")
    }
    places: Tries = {
        f"position of {group}": (partial(attempts.look_up, topic="outbox.tax", group=group), NO_GROUP)
        for group in ("deliver.outbox.tax", "agency.land.reader")
    }
    writing: Tries = {
        f"write {topic}": (partial(attempts.write, topic=topic), NO_TOPIC) for topic in ("outbox.tax", "received")
    }
    lying: tuple[Attempt, str] = (
        partial(attempts.append, topics=("outbox.tax",), transactional_id="append.2"),
        NO_TRANSACTION,
    )
    wanted: Tries = {**others, **groups, **places, **writing, "transaction": lying, **_ruining("outbox.tax")}
    _try(filled, "agency-tax", wanted)


def test_the_worker_decides_in_one_transaction_with_its_position(filled: Secured) -> None:
    worker, topics = filled.connection("dancu-worker"), (*EVERYTHING, *SET_ASIDE, *NOTES, "received")
    decide = partial(attempts.decide, topics=topics, group="pipeline.received")
    wanted: Tries = {
        "decide": (partial(decide, transactional_id="pipeline.received.0"), ""),
        "tick": (partial(attempts.append, topics=("received",), transactional_id="append.3"), ""),
        "deliveries": (partial(attempts.look_up, topic="outbox.tax", group="deliver.outbox.tax"), ""),
        "marks": (partial(attempts.browse, topic="dancu.marks"), ""),
        "places": (partial(attempts.browse, topic="dancu.places"), ""),
    }
    _try(filled, "dancu-worker", wanted)
    assert attempts.seen(worker) == sorted(PREFIX + topic for topic in (*OF_THE_HUB, *EVERYTHING))


def test_the_worker_may_do_nothing_more(filled: Secured) -> None:
    wanted: Tries = {
        "an agency's group": (partial(attempts.look_up, topic="outbox.tax", group="agency.tax.reader"), NO_GROUP),
        "deliveries": (partial(attempts.move, topic="outbox.tax", group="deliver.outbox.tax"), NO_GROUP),
        "be a delivery": (partial(attempts.read, topic="outbox.tax", group="deliver.outbox.tax"), NO_GROUP),
        **{f"read {topic}": (partial(attempts.browse, topic=topic), NO_TOPIC) for topic in SET_ASIDE},
        "be a delivery's transaction": (
            partial(attempts.append, topics=("outbox.tax",), transactional_id="deliver.outbox.tax.0"),
            NO_TRANSACTION,
        ),
        **_ruining("received"),
    }
    _try(filled, "dancu-worker", wanted)


def test_a_delivery_reads_the_feeds_and_writes_none(filled: Secured) -> None:
    wanted: Tries = {
        "read": (partial(attempts.read, topic="outbox.tax", group="deliver.outbox.tax"), ""),
        "places": (
            partial(attempts.append, topics=("dancu.places",), transactional_id="deliver.outbox.tax.0"),
            "",
        ),
        "look up": (partial(attempts.look_up, topic="outbox.tax", group="deliver.outbox.tax"), ""),
        "received": (partial(attempts.browse, topic="received"), NO_TOPIC),
        "write": (partial(attempts.write, topic="outbox.tax"), NO_TOPIC),
        "decide": (partial(attempts.read, topic="outbox.tax", group="pipeline.received"), NO_GROUP),
        **_ruining("outbox.tax"),
    }
    _try(filled, "dancu-deliver", wanted)


def test_intake_writes_what_comes_in_and_reads_no_feed(filled: Secured) -> None:
    taken = ("received", "refused", "dancu.marks")
    wanted: Tries = {
        "append": (partial(attempts.append, topics=taken, transactional_id="append.4"), ""),
        "marks": (partial(attempts.browse, topic="dancu.marks"), ""),
        "decided": (partial(attempts.look_up, topic="received", group="pipeline.received"), ""),
        "feed": (partial(attempts.browse, topic="outbox.tax"), NO_TOPIC),
        "write a feed": (partial(attempts.write, topic="outbox.tax"), NO_TOPIC),
        "decide": (partial(attempts.read, topic="received", group="pipeline.received"), NO_GROUP),
        **_ruining("received"),
    }
    _try(filled, "dancu-intake", wanted)


def test_the_web_application_reads_feeds_and_takes_in_and_hands_out_nothing(filled: Secured) -> None:
    taken = ("received", "refused", "dancu.marks")
    wanted: Tries = {
        **{f"see {t}": (partial(attempts.browse, topic=t), "") for t in ("received", "refused", "outbox.tax", *NOTES)},
        "append": (partial(attempts.append, topics=taken, transactional_id="append.6"), ""),
        "decided": (partial(attempts.look_up, topic="received", group="pipeline.received"), ""),
        "delivered": (partial(attempts.look_up, topic="outbox.tax", group="deliver.outbox.tax"), ""),
        "how far an agency is": (partial(attempts.look_up, topic="outbox.tax", group="agency.tax.reader"), ""),
        "move it": (partial(attempts.move, topic="outbox.tax", group="agency.tax.reader"), NO_GROUP),
        "be a delivery": (partial(attempts.read, topic="outbox.tax", group="deliver.outbox.tax"), NO_GROUP),
        "write a feed": (partial(attempts.write, topic="outbox.tax"), NO_TOPIC),
        **_ruining("received"),
    }
    _try(filled, "dancu-web", wanted)


def test_the_operator_sees_everything_and_changes_nothing(filled: Secured) -> None:
    wanted: Tries = {
        **{f"see {t}": (partial(attempts.browse, topic=t), "") for t in (*OF_THE_HUB, *EVERYTHING)},
        "decided": (partial(attempts.look_up, topic="received", group="pipeline.received"), ""),
        "delivered": (partial(attempts.look_up, topic="outbox.tax", group="deliver.outbox.tax"), ""),
        "move": (partial(attempts.move, topic="received", group="pipeline.received"), NO_GROUP),
        "write": (partial(attempts.write, topic="received"), NO_TOPIC),
        **_ruining("received"),
    }
    _try(filled, "dancu-operator", wanted)


def test_the_environment_holds_the_name_of_the_password_file_only(scram: Secured) -> None:
    environment = scram.environments["agency-tax"]
    connection = scram.connection("agency-tax")
    assert connection.options["sasl.password"] not in " ".join(environment.values())
    assert connection.options["sasl.password"] not in repr(connection)


def test_a_wrong_password_does_not_come_in(scram: Secured) -> None:
    _kept_out(scram.connection("agency-tax", DANCU_KAFKA_SASL_USERNAME="agency-land"))


@pytest.mark.parametrize("way", ["scram", "certificates"])
def test_a_broker_whose_authority_is_unknown_is_not_trusted(
    way: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> None:
    secured: Secured = request.getfixturevalue(way)
    stranger = Authority(tmp_path_factory.mktemp("stranger"))
    _kept_out(secured.connection("agency-tax", DANCU_KAFKA_SSL_CA_LOCATION=str(stranger.certificate)))


def test_nobody_comes_in_without_a_certificate(certificates: Secured) -> None:
    kept = {k: v for k, v in certificates.connection("agency-tax").options.items() if "certificate" not in k}
    kept.pop("ssl.key.location")
    _kept_out(KafkaConnection(certificates.cluster.servers, kept, PREFIX))


def test_nobody_comes_in_with_a_certificate_of_another_authority(
    certificates: Secured, tmp_path_factory: pytest.TempPathFactory
) -> None:
    certificate, key = Authority(tmp_path_factory.mktemp("stranger")).client("agency-tax")
    forged = {"DANCU_KAFKA_SSL_CERTIFICATE_LOCATION": str(certificate), "DANCU_KAFKA_SSL_KEY_LOCATION": str(key)}
    _kept_out(certificates.connection("agency-tax", **forged))


def _kept_out(connection: KafkaConnection) -> None:
    with pytest.raises(KafkaException) as refused:
        attempts.seen(connection, patience=5)
    assert attempts.name_of(refused.value) in ("_TRANSPORT", "_TIMED_OUT", "_ALL_BROKERS_DOWN", "_AUTHENTICATION")
