"""Webhook: the hub posts CloudEvents to the agency's endpoint (`docs/receive-webhook.md`). Begin with `system.py`."""

from __future__ import annotations

from adapters.ways.way import Place, Way
from hub.agreements import Agreement
from hub.destination import Destination


def _open(agreement: Agreement, place: Place) -> Destination:
    from adapters.ways.webhook.system import open_system  # loads aiohttp, which only a delivery needs

    return open_system(agreement, place)


WAY = Way("webhook", _open)
