"""`dancu agency verify`: ask an agency's endpoint whether it wants the events, and keep its consent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from adapters.ways import WayProblem
from deploy.bootstrap import Hub
from deploy.cli.agency import AsJson, By, Name, known_agency
from deploy.cli.output import write_json
from deploy.cli.shell import asker, fail, hub_of, screen
from schemas.conversion import rfc3339

if TYPE_CHECKING:
    from adapters.ways.webhook.challenge import Handshake
    from adapters.ways.webhook.system import WebhookSystem


def verify(context: typer.Context, name: Name, by: By = None, json: AsJson = False) -> None:
    """Hỏi điểm nhận webhook. / Ask an agency's webhook endpoint whether it wants the events; keep its consent.

    It is asked by OPTIONS, as CloudEvents describes it, and must answer with WebHook-Allowed-Origin. The hub asks by
    itself before the first event; this asks at once, and says what was answered. Exit code 1: it did not agree.
    """
    with hub_of(context) as hub:
        system = _webhook_of(hub, known_agency(hub, name))
        try:
            handshake = system.verify(asker(by))
        finally:
            system.close()
        told = _told(hub, system, handshake)
    if json:
        write_json(told)
    elif handshake.agreed:
        rate = f", {told['allowed_rate']} yêu cầu mỗi phút / requests a minute" if told["allowed_rate"] else ""
        screen.print(f"{name}: đồng ý nhận / agrees to get events at {told['endpoint']}{rate}", markup=False)
    else:
        fail(f"{name}: {told['endpoint']} {told['reason']}. See docs/receive-webhook.md for what it must answer.")
    if not handshake.agreed:
        raise typer.Exit(1)


def _webhook_of(hub: Hub, name: str) -> WebhookSystem:
    from adapters.ways.webhook.system import WebhookSystem  # loads aiohttp, which no other command needs

    way = hub.rules.agreements.by_agency[name].delivery["way"]
    if way != "webhook":
        raise WayProblem(f"{name} gets its events by the way {way}; only a webhook is asked first")
    system = hub.destination(name)
    assert isinstance(system, WebhookSystem)  # noqa: S101 - what the way opens
    return system


def _told(hub: Hub, system: WebhookSystem, handshake: Handshake) -> dict[str, Any]:
    endpoint = system.endpoint
    consent = hub.place.endpoints and hub.place.endpoints.consent(endpoint.agency, str(endpoint.url))
    return {
        "agency": endpoint.agency,
        "endpoint": endpoint.where,
        "agreed": handshake.agreed,
        "reason": handshake.reason,
        "status": handshake.status,
        "asked_origin": endpoint.origin,
        "allowed_origin": handshake.allowed_origin,
        "allowed_rate": handshake.allowed_rate,
        "verified_at": rfc3339(consent.at) if consent else None,
    }
