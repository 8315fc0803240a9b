"""Runs the doctor over settings, and finds its answers by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pytest

from deploy.doctor import Finding, State, Wish, examine
from deploy.settings import load_settings
from tests.commands import check_words

#: Seconds for one answer: on a busy machine everything is slow, and only silence costs that long.
PATIENCE = 30.0
#: Settings by their names without DANCU_.
Given = Mapping[str, str | Path]
_NONE: Given = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Doctor:
    """The doctor of one home folder; settings are given by their names without DANCU_."""

    home: Path
    monkeypatch: pytest.MonkeyPatch

    def __call__(
        self,
        settings: Given = _NONE,
        /,
        *,
        timeout: float = PATIENCE,
        roles: Sequence[str] = (),
        **more: str | Path,
    ) -> Report:
        """Look, with these settings in the environment."""
        for name, value in {**settings, **more}.items():
            self.monkeypatch.setenv(f"DANCU_{name.upper()}", str(value))
        wish = Wish(tuple(roles) or Wish().roles, timeout)
        return Report(examine(load_settings(home=self.home), wish))


@dataclass(frozen=True, slots=True)
class Report:
    """What the doctor said."""

    findings: Sequence[Finding]

    def __post_init__(self) -> None:
        """Whatever is said holds no personal number, and what is wrong comes with advice."""
        for one in self.findings:
            check_words(one.what + one.advice)
            assert bool(one.advice) == (one.state in (State.PROBLEM, State.WARNING)), one

    def all(self, check: str) -> list[Finding]:
        """Every finding of a check."""
        return [one for one in self.findings if one.check == check]

    def one(self, check: str) -> Finding:
        """The only finding of a check."""
        (found,) = self.all(check)
        return found

    def problem(self, check: str) -> str:
        """What a check found wrong, with the advice; it must be the only one that is a problem."""
        wrong = [one for one in self.findings if one.state is State.PROBLEM]
        assert [one.check for one in wrong] == [check], wrong
        (found,) = wrong
        return f"{found.what} → {found.advice}"

    @property
    def skipped(self) -> set[str]:
        """The checks that were left out."""
        return {one.check for one in self.findings if one.state is State.SKIPPED}
