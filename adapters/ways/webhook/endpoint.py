"""Where one agency's events are posted, and how: the settings of the way `webhook`, as the agreement has them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from yarl import URL

from adapters.ways.way import WayProblem
from adapters.ways.webhook.addresses import literal_address, public
from hub.agreements import Agreement


class Format(StrEnum):
    """How events are written into a request."""

    #: CloudEvents: the attributes are headers, the body is `data`.
    BINARY = "binary"
    #: CloudEvents: one event as JSON.
    STRUCTURED = "structured"
    #: CloudEvents: a JSON array of events.
    BATCH = "batch"
    #: The notify message of the Digital Convergence Initiative.
    SPDCI = "spdci"

    @property
    def holds_many(self) -> bool:
        """Whether one request carries several events."""
        return self in (Format.BATCH, Format.SPDCI)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where and how to post."""

    agency: str
    url: URL
    format: Format = Format.STRUCTURED
    #: Events in one request at most, in the formats that hold many.
    batch: int = 100
    #: Requests at once.
    connections: int = 10
    #: Seconds that one request may take, from looking up the name to the last byte of the answer.
    timeout: float = 15.0
    allow_private: bool = False
    ca_file: Path | None = None
    #: Who sends, as a DNS name (`WebHook-Request-Origin`), and who receives (spdci).
    origin: str = "dancu-hub"
    receiver_id: str = ""

    @property
    def where(self) -> str:
        """The host and port, for people: the path and the query may hold a secret."""
        return f"{self.url.host}:{self.url.port}"

    @property
    def in_one_request(self) -> int:
        """How many events one request carries at most."""
        return self.batch if self.format.holds_many else 1


def endpoint_of(agreement: Agreement) -> Endpoint:
    """Return the endpoint that an agreement names. Raises `WayProblem` when nothing may be posted there."""
    chosen = dict(agreement.delivery)
    endpoint = Endpoint(
        agency=agreement.agency,
        url=_url(agreement.agency, chosen["url"]),
        format=Format(chosen.get("format", Format.STRUCTURED)),
        batch=chosen.get("batch", 100),
        connections=chosen.get("connections", 10),
        timeout=chosen.get("timeout", 15.0),
        allow_private=chosen.get("allow_private", False),
        ca_file=Path(chosen["ca_file"]) if "ca_file" in chosen else None,
        origin=chosen.get("origin", "dancu-hub"),
        receiver_id=chosen.get("receiver_id", agreement.agency),
    )
    if not endpoint.allow_private:
        _require_public(endpoint)
    return endpoint


def _url(agency: str, text: str) -> URL:
    try:
        url = URL(text)
        whole = bool(url.host) and url.scheme in ("http", "https") and bool(url.port)
    except ValueError:
        whole = False
    if not whole:
        raise WayProblem(f"the agreement of {agency}: delivery/url is no address of the web: https://host/path")
    if url.user or url.password:
        raise WayProblem(
            f"the agreement of {agency}: delivery/url may hold no name and no password: requests are signed instead"
        )
    return url.with_fragment(None)


def _require_public(endpoint: Endpoint) -> None:
    """What can be known without looking up a name. Everything else is asked when connecting."""
    setting = f"the agreement of {endpoint.agency}: delivery/url"
    if endpoint.url.scheme != "https":
        raise WayProblem(f"{setting} must begin with https://, except in a private network (allow_private: true)")
    address = literal_address(endpoint.url.host or "")
    if address is not None and not public(address):
        raise WayProblem(f"{setting} is in a private network. If that is meant, say allow_private: true")
