"""The counter says of its clock what the kernel says, and nothing where it may not ask."""

from __future__ import annotations

import ctypes
import time

import pytest

from adapters.card_reader.producer.clock import now


def test_it_is_now_and_the_kernel_says_whether_somebody_has_set_it() -> None:
    before = time.time_ns() // 1_000_000
    moment = now()
    assert before <= moment.at <= time.time_ns() // 1_000_000
    assert moment.clock in ("synced", "unsynced", "unknown")


class _Kernel:
    """Answers adjtimex(2) with a number."""

    def __init__(self, answer: int) -> None:
        self._answer = answer

    def adjtimex(self, _: object) -> int:
        return self._answer


@pytest.mark.parametrize(("answer", "state"), [(0, "synced"), (1, "synced"), (5, "unsynced"), (-1, "unknown")])
def test_what_the_kernel_answers_is_told(monkeypatch: pytest.MonkeyPatch, answer: int, state: str) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: _Kernel(answer))
    assert now().clock == state


def test_a_system_that_has_no_such_question_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: object())
    assert now().clock == "unknown"
