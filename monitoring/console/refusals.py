"""An error page's own words, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from hub.problems import Problem
from monitoring.words import Words


class Refused(Problem):
    """What a page can't do, said in both languages, with what to do about it."""

    def __init__(self, status: int, vi: str, en: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, en, headers)
        self.words = Words(vi, en)
