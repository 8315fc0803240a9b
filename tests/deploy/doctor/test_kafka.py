"""Every layer of Kafka can fail alone, and the doctor says which: on one real broker, by the door that is taken."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient, NewPartitions

from deploy.doctor import State
from deploy.doctor.client import Client
from deploy.doctor.listeners import check_listeners
from deploy.doctor.server import Server
from deploy.doctor.topics import check_replicas
from hub.eventlog.connection import KafkaConnection
from tests.deploy.doctor.house import GUEST, LIMITED, WORKER, House
from tests.deploy.doctor.looking import PATIENCE, Doctor, Given
from tests.kafka import create_topic

_ABOVE_THE_WAY = {"kafka.sasl", "kafka.listeners", "kafka.authorisation", "kafka.topics", "kafka.replicas"}


def test_a_cluster_that_is_well_has_no_problem(doctor: Doctor, house: House) -> None:
    found = doctor(house.user(WORKER, topic_prefix="hub."))
    kafka = [one for one in found.findings if one.check.startswith("kafka")]
    assert {one.check for one in kafka} == {"kafka.dns", "kafka.tcp", "kafka.tls", *_ABOVE_THE_WAY}
    assert [one for one in kafka if one.state is not State.OK] == []


def test_a_name_that_does_not_resolve(doctor: Doctor) -> None:
    found = doctor(kafka="x.invalid:9092")
    assert "x.invalid" in found.problem("kafka.dns")
    assert {"kafka.tcp", "kafka.tls"} | _ABOVE_THE_WAY <= found.skipped
    assert found.one("kafka.tcp").what == "skipped: needs kafka.dns"


def test_a_port_where_nothing_listens(doctor: Doctor) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        told = doctor(kafka=f"127.0.0.1:{bound.getsockname()[1]}").problem("kafka.tcp")
    assert "nothing listens" in told


def test_a_server_that_swallows_every_packet(doctor: Doctor) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        where = full.getsockname()
        kept = [socket.socket() for _ in range(4)]  # they fill the queue of those who wait to be let in
        for one in kept:
            one.setblocking(False)
            one.connect_ex(where)
        told = doctor(kafka=f"127.0.0.1:{where[1]}", timeout=0.5).problem("kafka.tcp")
        for one in kept:
            one.close()
    assert "dropped on the way" in told
    assert "firewall" in told


def test_a_port_that_is_not_kafkas(doctor: Doctor) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        told = doctor(kafka=f"127.0.0.1:{silent.getsockname()[1]}", timeout=0.5).problem("kafka.tls")
    assert "does not answer as Kafka" in told


def test_one_bootstrap_server_that_is_away_is_a_warning(doctor: Doctor, house: House) -> None:
    settings = house.user(WORKER, topic_prefix="hub.")
    found = doctor(settings, kafka=f"127.0.0.1:{house.dead_port},{settings['kafka']}")
    assert sorted(one.state for one in found.all("kafka.tcp")) == [State.OK, State.WARNING]
    assert found.one("kafka.topics").state is State.OK


def test_tls_with_an_authority_that_is_not_trusted(doctor: Doctor, house: House) -> None:
    found = doctor(kafka=house.door("tls"), kafka_security_protocol="ssl", kafka_ssl_ca_location=house.other_ca)
    assert "not trusted" in found.problem("kafka.tls")


def test_tls_with_the_right_authority(doctor: Doctor, house: House) -> None:
    settings: Given = {"kafka_security_protocol": "SSL", "kafka_ssl_ca_location": house.ca, "topic_prefix": "hub."}
    found = doctor(settings, kafka=house.door("tls"))
    assert "TLSv1.3" in found.one("kafka.tls").what
    assert found.one("kafka.topics").state is State.OK


def test_tls_with_the_authority_in_the_environment(doctor: Doctor, house: House) -> None:
    settings: Given = {"kafka_security_protocol": "ssl", "kafka_ssl_ca_pem_file": house.ca, "topic_prefix": "hub."}
    assert doctor(settings, kafka=house.door("tls")).one("kafka.listeners").state is State.OK


def test_a_certificate_for_another_host(doctor: Doctor, house: House) -> None:
    found = doctor(kafka=house.door("elsewhere"), kafka_security_protocol="ssl", kafka_ssl_ca_location=house.ca)
    assert "not for this host name" in found.problem("kafka.tls")


def test_a_certificate_that_has_expired(doctor: Doctor, house: House) -> None:
    found = doctor(kafka=house.door("old"), kafka_security_protocol="ssl", kafka_ssl_ca_location=house.ca)
    assert "expired" in found.problem("kafka.tls")


def test_a_broker_that_wants_a_certificate_of_ours(doctor: Doctor, house: House) -> None:
    found = doctor(kafka=house.door("mutual"), kafka_security_protocol="ssl", kafka_ssl_ca_location=house.ca)
    assert "DANCU_KAFKA_SSL_CERTIFICATE_LOCATION" in found.problem("kafka.tls")


@pytest.mark.parametrize("known", [True, False])
def test_our_own_certificate(doctor: Doctor, house: House, known: bool) -> None:
    ours = house.certificate if known else house.other_certificate
    files: Given = {"kafka_ssl_certificate_location": ours, "kafka_ssl_key_location": ours, "topic_prefix": "hub."}
    settings: Given = {"kafka_security_protocol": "ssl", "kafka_ssl_ca_location": house.ca, **files}
    found = doctor(settings, kafka=house.door("mutual"))
    if known:
        assert found.one("kafka.topics").state is State.OK
    else:
        assert "does not accept our certificate" in found.problem("kafka.tls")


def test_tls_spoken_to_a_listener_without_it(doctor: Doctor, house: House) -> None:
    found = doctor(kafka=house.door("plain"), kafka_security_protocol="ssl", kafka_ssl_ca_location=house.ca)
    assert "speaks no TLS" in found.problem("kafka.tls")


def test_a_tls_listener_spoken_to_without_it(doctor: Doctor, house: House) -> None:
    assert "this listener speaks TLS" in doctor(kafka=house.door("tls")).problem("kafka.tls")


def test_a_certificate_file_that_is_not_there(doctor: Doctor, house: House, tmp_path: Path) -> None:
    missing = tmp_path / "missing.pem"
    found = doctor(kafka=house.door("tls"), kafka_security_protocol="ssl", kafka_ssl_ca_location=missing)
    assert f"ssl.ca.location: {missing}: No such file" in found.problem("kafka.tls")


def test_a_wrong_password(doctor: Doctor, house: House) -> None:
    found = doctor(house.user(WORKER, kafka_sasl_password="not-the-password"))
    told = found.problem("kafka.sasl")
    assert "does not accept the log-in of worker" in told
    assert "not-the-password" not in told


@pytest.mark.parametrize("known", [True, False])
def test_a_login_over_tls(doctor: Doctor, house: House, known: bool) -> None:
    tls: Given = {"kafka_security_protocol": "sasl_ssl", "kafka_ssl_ca_location": house.ca, "topic_prefix": "hub."}
    found = doctor({**house.user(WORKER if known else "stranger"), **tls}, kafka=house.door("both"))
    assert found.one("kafka.tls").state is State.OK
    if known:
        assert found.one("kafka.topics").state is State.OK
    else:
        assert "does not accept the log-in of stranger" in found.problem("kafka.sasl")


def test_a_mechanism_that_the_broker_does_not_take(doctor: Doctor, house: House) -> None:
    told = doctor(house.user(WORKER, kafka_sasl_mechanism="PLAIN")).problem("kafka.sasl")
    assert "does not take the mechanism PLAIN; it takes SCRAM-SHA-512" in told


def test_a_listener_that_wants_a_login(doctor: Doctor, house: House) -> None:
    assert "wants a SASL log-in (SCRAM-SHA-512)" in doctor(kafka=house.door("scram")).problem("kafka.sasl")


def test_a_login_at_a_listener_that_knows_none(doctor: Doctor, house: House) -> None:
    assert "knows no SASL" in doctor(house.user(WORKER, kafka=house.door("plain"))).problem("kafka.sasl")


def test_an_option_that_the_client_does_not_take(doctor: Doctor, house: House) -> None:
    found = doctor(kafka=house.door("plain"), kafka_no_such_option="1")
    assert "no.such.option" in found.problem("kafka.sasl")


def test_an_advertised_name_that_does_not_resolve(doctor: Doctor, house: House) -> None:
    told = doctor(kafka=house.door("misled")).problem("kafka.listeners")
    assert "broker 1 advertises kafka.invalid:" in told
    assert f"from {socket.gethostname()}" in told
    assert "advertised.listeners" in told


def test_an_advertised_port_where_nothing_listens(doctor: Doctor, house: House) -> None:
    told = doctor(kafka=house.door("dead_end")).problem("kafka.listeners")
    assert f"broker 1 advertises 127.0.0.1:{house.dead_port}" in told
    assert "nothing listens" in told


def test_one_of_two_brokers_that_can_not_be_reached_is_a_warning(house: House) -> None:
    there, away = Server("127.0.0.1", house.doors["plain"]), Server("127.0.0.1", house.dead_port)
    found, numbers = check_listeners({1: there, 2: away}, [there], KafkaConnection(str(there)), PATIENCE)
    assert tuple(numbers) == (2,)
    assert found.state is State.WARNING
    assert "broker 2 advertises" in found.what
    assert "broker 1" not in found.what
    assert "it may also be that one is down" in found.advice


def test_a_user_who_may_do_just_what_its_process_needs(doctor: Doctor, house: House) -> None:
    found = doctor(house.user(LIMITED, topic_prefix="hub."), roles=["worker"])
    assert found.one("kafka.authorisation").what == "as worker, all that is needed is allowed"
    assert found.one("kafka.topics").state is State.OK


def test_a_user_who_may_not_do_the_work(doctor: Doctor, house: House) -> None:
    found = doctor(house.user(GUEST, topic_prefix="hub."), roles=["deliver"])
    told = found.problem("kafka.authorisation")
    assert "as deliver, the cluster refuses: " in told
    assert "Read on the topic hub.outbox.bank, hub.outbox.insurance, hub.outbox.land" in told
    assert "Read on the group hub.deliver.outbox.bank" in told
    assert "Write on the transactional id hub.deliver.doctor" in told
    assert "can't be seen by this user" in found.one("kafka.topics").what, "hidden is not missing"


def test_topics_that_are_missing(doctor: Doctor, house: House) -> None:
    found = doctor(house.user(WORKER, topic_prefix="nothing."))
    assert "11 topics are missing" in found.problem("kafka.topics")
    assert "kafka.replicas" in found.skipped


def test_a_wrong_number_of_partitions(doctor: Doctor, house: House) -> None:
    admin = AdminClient(house.cluster.admin().config())
    admin.create_partitions([NewPartitions("odd.outbox.tax", 2)])["odd.outbox.tax"].result(30)
    told = doctor(house.user(WORKER, topic_prefix="odd.")).problem("kafka.topics")
    assert "odd.outbox.tax has 2, wanted 1" in told


def test_too_few_brokers_in_sync(doctor: Doctor, house: House) -> None:
    create_topic(house.cluster.admin(), "few.received", 12, {"min.insync.replicas": "2"})
    found = doctor(house.user(WORKER, topic_prefix="few."))
    assert found.one("kafka.replicas").state is State.PROBLEM
    assert "few.received-0 (1 of 2)" in found.one("kafka.replicas").what


def test_partitions_whose_leader_can_not_be_reached(house: House) -> None:
    topics = Client(house.cluster.admin()).metadata(PATIENCE).topics
    ours = {name: topic for name, topic in topics.items() if name.startswith("hub.outbox.")}
    assert check_replicas(ours, {}, away=()).state is State.OK
    found = check_replicas(ours, {}, away=(1,))
    assert found.state is State.PROBLEM
    assert "5 partitions have no leader that can be reached" in found.what
