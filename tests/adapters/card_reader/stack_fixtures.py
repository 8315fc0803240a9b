"""A smart card service for the tests of a worker, and this process connected to it.

One for all tests of a process: PC/SC's library asks only once where the service is.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from adapters.card_reader.watching import Watcher
from tests.adapters.card_reader.slot import wait_for
from tests.adapters.card_reader.stack import Stack, a_stack


@pytest.fixture(scope="session")
def running_stack() -> Iterator[Stack]:
    """Run one for the session. Skips where that can't be done."""
    with a_stack() as stack:
        yield stack


@pytest.fixture
def stack(running_stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """Give the test the service with two empty readers, and let PC/SC's library of this process find it."""
    for name, value in running_stack.environment.items():
        monkeypatch.setenv(name, value)
    try:
        _await_empty_readers()
    except AssertionError:  # seen once on a busy machine: it did not answer for a minute
        running_stack.kill()
        running_stack.start()
        _await_empty_readers()
    return running_stack


def _await_empty_readers() -> None:
    """Wait until the service has seen that the last test's card is gone."""
    with Watcher() as watcher:
        wait_for(watcher, lambda: watcher.service and not any(watcher.readers.values()))
