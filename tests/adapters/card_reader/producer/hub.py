"""A small hub behind real HTTP(S): it admits devices, opens what they send, and keeps each event once. For tests."""

from __future__ import annotations

import hashlib
import ssl
import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from joserfc import jwe
from joserfc.jwk import OKPKey

CODE = "0F3KD-00001-AAAAA-BBBBB-CCCCC-DDDDD"
SITE, PURPOSES = "01-00004-01", ["health-check-in", "proof-of-life"]
WINDOW = 14 * 86_400
ANSWER = {"life": "alive", "card": "valid", "alerts": []}


@dataclass
class TestHub:
    """What the hub knows, and how it behaves. Change the behaviour at any time."""

    __test__ = False

    #: This status for every batch of events; 0: take them.
    status: int = 0
    #: Take the events, and then close the line in place of an answer, so many times.
    mute: int = 0
    #: Why each event is refused.
    refuse: str | None = None
    #: Sent in place of the results.
    instead: Any = None
    answer: dict[str, Any] = field(default_factory=lambda: dict(ANSWER))
    retry_after: str | None = None
    #: The most events that it takes at once.
    most: int = 500

    url: str = ""
    code: str = CODE
    #: Everything that came over the wire, as it came.
    wire: list[bytes] = field(default_factory=list)
    #: Number of events of each batch.
    batches: list[int] = field(default_factory=list)
    #: By id, in the order in which they came first.
    taken: dict[str, dict[str, Any]] = field(default_factory=dict)
    repeated: int = 0
    device: dict[str, str] | None = None
    digests: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.key = OKPKey.generate_key("X25519")
        self.lock = threading.Lock()

    def public(self) -> dict[str, str]:
        shown = self.key.as_dict(private=False)
        return {name: str(shown[name]) for name in ("kty", "crv", "x")} | {"kid": self.key.thumbprint()}

    def welcome(self) -> dict[str, Any]:
        assert self.device
        kid = OKPKey.import_key(dict(self.device)).thumbprint()
        return {"device_id": "edge-test", "kid": kid, "site_id": SITE, "purposes": PURPOSES,
                "hub_key": self.public(), "window_seconds": WINDOW}  # fmt: skip

    def open(self, sealed: str) -> tuple[dict[str, Any], str]:
        """Return an event and the digest of its signed text; the signature is checked."""
        signed = jwe.decrypt_compact(sealed, self.key, algorithms=["ECDH-ES", "A256GCM"]).plaintext
        assert signed is not None
        assert self.device is not None
        header, payload = verified(signed.decode(), self.device)
        assert header["typ"] == "dancu-edge+jws"
        digest = urlsafe_b64encode(hashlib.sha256(signed).digest()).rstrip(b"=").decode()
        return payload, digest

    def take(self, sealed: str) -> dict[str, Any]:
        event, digest = self.open(sealed)
        result = {"sequence": event["sequence"], "id": event["id"], "state": "taken", "reason": None, "answer": None}
        if self.refuse:
            return {**result, "state": "refused", "reason": self.refuse}
        if event["id"] in self.taken:
            self.repeated += 1
            return {**result, "state": "repeated", "answer": self.answer}
        self.taken[event["id"]] = event
        self.digests[event["sequence"]] = digest
        return {**result, "answer": self.answer if event["kind"] == "verification" else None}

    def check_row(self, lost: set[int] | frozenset[int] = frozenset()) -> None:
        """Fail unless the events are one whole row: numbers without holes (but those lost), and each link right."""
        events = sorted(self.taken.values(), key=lambda one: int(one["sequence"]))
        numbers = [one["sequence"] for one in events]
        assert numbers == [n for n in range(1, len(numbers) + len(lost) + 1) if n not in lost]
        for one in events:
            before = one["sequence"] - 1
            if before not in lost:
                assert one["previous"] == self.digests.get(before)


def verified(signed: str, key: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and payload of a JWS. Not by joserfc, which warns of the name `EdDSA` (RFC 9864)."""
    header, payload, signature = (urlsafe_b64decode(part + "==") for part in signed.split("."))
    public = Ed25519PublicKey.from_public_bytes(urlsafe_b64decode(key["x"] + "=="))
    public.verify(signature, signed.rpartition(".")[0].encode())
    return orjson.loads(header), orjson.loads(payload)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: TestHub

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        with self.hub.lock:
            self.hub.wire.append(str(self.headers).encode() + body)
            said = self._answer(orjson.loads(body))
        if said is None:
            self.close_connection = True
            return
        status, content = said
        answer = orjson.dumps(content)
        self.send_response(status)
        self.send_header("content-length", str(len(answer)))
        if self.hub.retry_after:
            self.send_header("retry-after", self.hub.retry_after)
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(answer)

    def _answer(self, asked: dict[str, Any]) -> tuple[int, Any] | None:
        hub = self.hub
        if hub.status:
            return hub.status, {"detail": "not now"}
        if self.path == "/edge/enrol":
            if asked["code"] != CODE:
                return 403, {"detail": "the code is not known"}
            hub.device = asked["public_key"]
            return self._or_nothing(201, hub.welcome())
        if self.path == "/edge/rotate":
            assert hub.device is not None
            hub.device = verified(asked["rotation"], hub.device)[1]["public_key"]
            return self._or_nothing(200, hub.welcome())
        if len(asked["events"]) > hub.most:
            return 413, {"detail": "too many"}
        hub.batches.append(len(asked["events"]))
        results = [hub.take(one) for one in asked["events"]]
        return self._or_nothing(200, {"results": results} if hub.instead is None else hub.instead)

    def _or_nothing(self, status: int, content: Any) -> tuple[int, Any] | None:
        if self.hub.mute:
            self.hub.mute -= 1
            return None
        return status, content

    def log_message(self, *args: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A line that broke is what the tests do."""

    def shutdown_request(self, request: Any) -> None:
        with suppress(OSError):
            super().shutdown_request(request)


@contextmanager
def a_hub(tls: ssl.SSLContext | None = None, port: int = 0) -> Iterator[TestHub]:
    """Serve a hub while the block runs."""
    hub = TestHub()
    handler = type("Handler", (_Handler,), {"hub": hub})
    with _Server(("127.0.0.1", port), handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        hub.url = f"http{'s' if tls else ''}://localhost:{server.server_port}"
        try:
            yield hub
        finally:
            server.shutdown()
            thread.join()
