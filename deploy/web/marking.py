"""Names a person in the audit trail: by a keyed hash, so that who looked at somebody can be found, and nobody read."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache

from deploy.bootstrap import Hub
from deploy.counters import keys_of
from hub.discretion import masked
from hub.edge.marks import Marks

_LOG = logging.getLogger(__name__)


def marking(hub: Hub) -> Callable[[str], str]:
    """Return what names the person with a number. The secret is made from the hub's key, looked up when first needed.

    Where there is no key the ends of the number have to do: several persons then share a name.
    """

    @cache
    def marks() -> Marks | None:
        try:
            return Marks(keys_of(hub).secret("dancu-person-marks"))
        except Exception as error:  # whatever keeps the key away, the step is recorded all the same
            _LOG.warning("persons are named by the ends of their numbers in the audit trail: %s", type(error).__name__)
            return None

    def mark(number: str) -> str:
        found = marks()
        return f"person:{masked(number) if found is None else found.of(number)}"

    return mark
