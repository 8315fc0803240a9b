"""Keeps the personal numbers that somebody filters by, so that a URL holds a random name for them only.

They are in memory for some hours, and whoever else has the URL gets nothing by it.
"""

from __future__ import annotations

import re
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

#: How long they are kept, in ms; and how many at once, the latest.
_KEPT: Final = 4 * 3_600_000
_MOST: Final = 500
_BETWEEN: Final = re.compile(r"[\s,;]+")


@dataclass(slots=True)
class Persons:
    """The numbers that visitors filter by, by the random name under which a URL knows them."""

    #: Milliseconds since 1970 UTC.
    now: Callable[[], int]
    _known: OrderedDict[str, tuple[str, int, Sequence[str]]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, visitor: str, numbers: Sequence[str]) -> str:
        """Keep a visitor's numbers; return their name."""
        name = secrets.token_urlsafe(12)
        with self._lock:
            self._known[name] = (visitor, self.now(), tuple(numbers))
            if len(self._known) > _MOST:
                self._known.popitem(last=False)
        return name

    def of(self, visitor: str, name: str) -> Sequence[str] | None:
        """Return the numbers of a name; None when it is not this visitor's, or was kept too long."""
        with self._lock:
            owner, at, numbers = self._known.get(name, ("", 0, ()))
        return numbers if name and owner == visitor and 0 <= self.now() - at < _KEPT else None


def numbers_in(text: Any) -> list[str]:
    """Return what somebody typed as numbers of persons, one by one; whether they are any is for the desk to say."""
    return [one for one in _BETWEEN.split(text) if one] if isinstance(text, str) else []
