"""An agency's endpoint as a destination: it is asked for its agreement first, then the events are posted to it."""

from __future__ import annotations

import time
import weakref
from collections.abc import Sequence

import aiohttp

from adapters.ways.way import Place, WayProblem
from adapters.ways.webhook.challenge import Handshake, verify_endpoint
from adapters.ways.webhook.endpoint import Endpoint, endpoint_of
from adapters.ways.webhook.event_loop import event_loop
from adapters.ways.webhook.line import new_session, tls_for
from adapters.ways.webhook.pace import Pace
from adapters.ways.webhook.posting import Posted, Posting
from adapters.ways.webhook.signing import Secrets
from hub.agreements import Agreement
from hub.contacts.endpoints import Consent, Endpoints
from hub.destination import Event, Gone, Receipt, Unavailable

#: Who asks an endpoint when no operator does.
_HUB = "dancu"
#: So many acknowledged events of failed calls are remembered at most.
_REMEMBERED = 20_000


def open_system(agreement: Agreement, place: Place) -> WebhookSystem:
    """Return the destination that an agreement names, without asking anybody anything yet. Raises `WayProblem`."""
    endpoint = endpoint_of(agreement)
    tls_for(endpoint.ca_file)
    secrets = Secrets(agreement.delivery["secrets_env"], place.environment)
    return WebhookSystem(endpoint, secrets, place.endpoints)


class WebhookSystem:
    """Posts events; each carries its id, by which the receiver knows what it has already.

    A call that fails after some events were acknowledged comes again as a whole. Within this process those are left
    out then; after a crash they are posted once more, under the same ids.
    """

    def __init__(self, endpoint: Endpoint, secrets: Secrets, endpoints: Endpoints | None = None) -> None:
        """`endpoints` keeps which endpoints have agreed; without it each start asks again."""
        self.endpoint = endpoint
        self._secrets = secrets
        self._endpoints = endpoints
        self._pace: Pace | None = None
        #: Of calls that failed: the events that the endpoint acknowledged, and whether as replayed.
        self._acknowledged: set[tuple[str, bool]] = set()
        self._session: aiohttp.ClientSession | None = None
        self._end: weakref.finalize[..., WebhookSystem] | None = None

    def deliver(self, events: Sequence[Event]) -> Receipt:
        """Post events of different persons. Raises `Unavailable`, `Gone` for 410."""
        pace = self._pace or self._agreed()
        if not events:
            return Receipt()
        try:
            keys = self._secrets.now()
        except WayProblem as problem:
            raise Unavailable(str(problem)) from problem
        posting = Posting(self._line(), self.endpoint, keys, pace)
        posted = event_loop().run(posting.post(self._not_yet_taken(events)))
        self._remember(events, posted)
        if posted.over is not None:
            raise Gone(f"{self.endpoint.where} {posted.over.reason}")
        if posted.away is not None:
            raise Unavailable(f"{self.endpoint.where}: {posted.away.reason}", posted.away.retry_after)
        return Receipt(posted.rejected)

    def verify(self, by: str = _HUB) -> Handshake:
        """Ask the endpoint whether it wants the events, and keep its consent. `by` says who lets it be asked."""
        handshake = event_loop().run(verify_endpoint(self._line(), self.endpoint))
        if handshake.agreed:
            consent = Consent(str(self.endpoint.url), int(time.time() * 1000), handshake.allowed_rate)
            if self._endpoints is not None:
                self._endpoints.keep(self.endpoint.agency, consent, by)
            self._pace = Pace(consent.allowed_rate)
        return handshake

    def close(self) -> None:
        """End the connections; a later call makes new ones."""
        if self._end is not None:
            self._end()
        self._session = self._end = None

    def _agreed(self) -> Pace:
        """Return at which pace the endpoint has agreed to get events; ask it if it has not yet."""
        name = self.endpoint.agency
        known = self._endpoints.consent(name, str(self.endpoint.url)) if self._endpoints is not None else None
        if known is not None:
            self._pace = Pace(known.allowed_rate)
        elif not (handshake := self.verify()).agreed:
            raise Unavailable(
                f"endpoint not verified: {self.endpoint.where}: {handshake.reason}. When it is mended: "
                f"dancu agency verify {name}"
            )
        return self._pace or Pace(None)

    def _line(self) -> aiohttp.ClientSession:
        if self._session is None:
            endpoint, loop = self.endpoint, event_loop()
            self._session = loop.open(lambda: new_session(endpoint))
            self._end = weakref.finalize(self, loop.close, self._session)
            self._end.atexit = False  # the loop ends its sessions itself, before it ends
        return self._session

    def _not_yet_taken(self, events: Sequence[Event]) -> Sequence[Event]:
        """Leave out what was acknowledged in a call that failed.

        Never all of them: whoever hands out one event alone wants to know whether the agency is there.
        """
        fresh = [event for event in events if (event.event_id, event.replayed) not in self._acknowledged]
        return fresh or events

    def _remember(self, events: Sequence[Event], posted: Posted) -> None:
        mine = {(event.event_id, event.replayed) for event in events}
        if posted.away is None and posted.over is None:
            self._acknowledged -= mine
            return
        self._acknowledged |= {key for key in mine if key[0] in posted.taken}
        if len(self._acknowledged) > _REMEMBERED:
            self._acknowledged.clear()  # to post once more is always right
