"""A real browser, one for all; every test has contexts of its own, which note what a page does wrong."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from tests.missing import skip_missing
from tests.monitoring.console.browser.desk import Desk, badge_of, seated
from tests.monitoring.console.browser.shots import Shots
from tests.monitoring.console.scene import Scene

_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

Seat = Callable[..., Desk]


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """Start what speaks to browsers.

    It runs an event loop in this thread, so it ends with the last test here: others run loops of their own.
    """
    expect.set_options(timeout=60_000)  # milliseconds: nothing is measured here, and the machine may be busy
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="package")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Start Debian's Chromium."""
    program = shutil.which("chromium")
    if program is None:
        skip_missing("Chromium is not installed: sh .ci/browser")
    browser = playwright.chromium.launch(executable_path=program, args=list(_FLAGS))
    try:
        yield browser
    finally:
        browser.close()


@pytest.fixture(scope="package")
def badge(browser: Browser, scene: Scene) -> Callable[[str], object]:
    """Return what logs an operator in, once for all tests."""
    return cache(lambda operator: badge_of(browser, scene, operator))


@pytest.fixture
def seat(browser: Browser, scene: Scene, badge: Callable[[str], object]) -> Iterator[Seat]:
    """Return what seats an operator at a browser of its own: `seat("lan")`; nobody is logged in with `seat(None)`.

    At the end of the test each is looked at: a page that complained or asked another host fails it.
    """
    with ExitStack() as stack:
        desks: list[Desk] = []

        def sit(operator: str | None = "lan", **how: object) -> Desk:
            desks.append(stack.enter_context(seated(browser, scene, operator and badge(operator), **how)))
            return desks[-1]

        yield sit
        for desk in desks:
            desk.check()


@pytest.fixture(scope="session")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Shots:
    """Return what takes the pictures for the guide, into the folder that DANCU_SCREENSHOTS names."""
    named = os.environ.get("DANCU_SCREENSHOTS")
    return Shots(Path(named) if named else tmp_path_factory.mktemp("screenshots"))
