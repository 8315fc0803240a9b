"""Runs what may hang side by side, and stops waiting in time. Threads that hang die with the process."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")
Answer = tuple[int, T | BaseException]


class TooSlow(Exception):
    """Something did not answer in time."""


def side_by_side(tasks: Sequence[Callable[[], T]], seconds: float) -> list[T | BaseException]:
    """Run all tasks at once; return each one's result, or what it raised: `TooSlow` after `seconds`."""
    done: queue.SimpleQueue[Answer[T]] = queue.SimpleQueue()
    for number, task in enumerate(tasks):
        threading.Thread(target=_run, args=(number, task, done), daemon=True).start()
    results: list[T | BaseException] = [TooSlow(f"no answer in {seconds:g} s") for _ in tasks]
    for number, result in _until(done, len(tasks), time.monotonic() + seconds):
        results[number] = result
    return results


def within(task: Callable[[], T], seconds: float) -> T:
    """Return the task's result. Raises what it raises, or `TooSlow`."""
    (result,) = side_by_side([task], seconds)
    if isinstance(result, BaseException):
        raise result
    return result


def _run(number: int, task: Callable[[], T], done: queue.SimpleQueue[Answer[T]]) -> None:
    try:
        done.put((number, task()))
    except BaseException as error:
        done.put((number, error))


def _until(done: queue.SimpleQueue[Answer[T]], count: int, deadline: float) -> Iterator[Answer[T]]:
    for _ in range(count):
        try:
            yield done.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            return
