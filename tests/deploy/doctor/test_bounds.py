"""A doctor that hangs helps nobody: what does not answer is left alone, and what was found until then is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from deploy.doctor import Finding, State, Wish, checkup, examine
from deploy.doctor.finding import ok, problem
from deploy.doctor.ladder import Step, climb
from deploy.doctor.server import BadServer, Server, servers_of
from deploy.doctor.together import TooSlow, side_by_side, within
from deploy.settings import load_settings
from tests.deploy.doctor.looking import Doctor


@pytest.fixture
def never() -> Iterator[threading.Event]:
    """What does not happen before the test has ended."""
    event = threading.Event()
    yield event
    event.set()


def test_what_hangs_does_not_keep_the_others_from_being_heard(never: threading.Event) -> None:
    first, second, third = side_by_side([lambda: 1, never.wait, lambda: 3], 0.2)
    assert (first, third) == (1, 3)
    assert isinstance(second, TooSlow)
    with pytest.raises(TooSlow):
        within(never.wait, 0.01)


def test_a_check_that_hangs_is_told_with_what_was_found_before(
    doctor: Doctor, never: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hanging(*_: object) -> Iterator[Finding]:
        yield ok("registry.tcp", "reached")
        never.wait()

    monkeypatch.setattr(checkup, "check_registry", hanging)
    monkeypatch.setattr(checkup, "WHOLE", 2.0)
    found = doctor(schema_registry="http://127.0.0.1:1")
    assert found.one("registry.tcp").what == "reached"
    assert "have not ended in 2 s" in found.problem("registry")


def test_a_mistake_of_the_doctor_hides_nothing_else(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Iterator[Finding]:
        raise ZeroDivisionError("geheim")

    monkeypatch.setattr(checkup, "check_registry", broken)
    found = doctor(schema_registry="http://127.0.0.1:1")
    assert "ZeroDivisionError" in found.problem("registry")
    assert "geheim" not in found.problem("registry")
    assert found.one("disk.writable").state is State.OK


def test_behind_a_problem_the_checks_are_skipped_with_the_reason() -> None:
    steps = [Step("a", lambda: problem("a", "x", "vi", "en")), Step("b", lambda: ok("b", ""))]
    assert [(one.check, one.state, one.what) for one in climb(steps)] == [
        ("a", State.PROBLEM, "x"),
        ("b", State.SKIPPED, "skipped: needs a"),
    ]


def test_personal_numbers_and_secrets_are_never_repeated(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    def telling(*_: object) -> Iterator[Finding]:
        yield ok("registry", "079090000001 said geheim-1")

    monkeypatch.setattr(checkup, "check_registry", telling)
    settings = {"schema_registry": "http://reader:geheim-1@127.0.0.1"}
    assert doctor(settings).one("registry").what == "… said …"


def test_servers_are_read_as_the_kafka_client_reads_them() -> None:
    read = servers_of("a, [::1]:1 ,SASL_SSL://b:2", 9092)
    assert read == [Server("a", 9092), Server("::1", 1), Server("b", 2)]
    for wrong in ("", "a:0", "a:b", ":1"):
        with pytest.raises(BadServer):
            servers_of(wrong, 9092)


def test_every_check_is_announced(doctor: Doctor) -> None:
    told: list[str] = []
    found = examine(load_settings(home=doctor.home), Wish(), told.append)
    assert set(told) <= {one.check for one in found}
    assert "disk.space" in told
