"""Whatever is sent is answered with a problem or a refusal: never with an error of ours, never with what was sent."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc import jwe
from joserfc.jwk import OKPKey

from tests.adapters.edge_intake.conftest import Site
from tests.adapters.edge_intake.device import Device, base64url, seal
from tests.hub.making import LAN

PATHS = ("/edge/enrol", "/edge/rotate", "/edge/events")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**70) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def device(site: Site) -> Device:
    return site.device()


def refused(site: Site, device: Device, sealed: str) -> str:
    """Send one thing, which must be refused with a reason or as a whole."""
    reply = site.post("/edge/events", device.request(sealed))
    assert reply.status in (200, 400, 503), reply
    if reply.status != 200:
        assert reply.kind == "application/problem+json"
        return str(reply.status)
    found = reply.json["results"][0]
    assert (found["state"], found["answer"]) == ("refused", None), found
    return str(found["reason"])


@FUZZ
@given(st.sampled_from(PATHS), st.binary(max_size=200) | JSON.map(lambda value: orjson.dumps(str(value))) | JSON)
def test_a_body_that_is_no_request_is_a_problem(site: Site, path: str, body: Any) -> None:
    try:
        content = body if isinstance(body, bytes) else orjson.dumps(body)
    except (orjson.JSONEncodeError, TypeError):
        content = b"\xff"
    reply = site.post(path, content)
    assert 400 <= reply.status < 500, reply
    assert reply.kind == "application/problem+json"


@FUZZ
@given(st.sampled_from(PATHS), st.data())
def test_a_request_with_one_field_of_another_kind_is_a_problem(
    site: Site, device: Device, path: str, data: Any
) -> None:
    good: dict[str, Any] = {
        "/edge/enrol": {"code": "A" * 30, "public_key": device.jwk, "name": "counter"},
        "/edge/rotate": device.rotation(device.key, 9),
        "/edge/events": device.request(),
    }[path]
    name = data.draw(st.sampled_from(sorted(good)))
    wrong = data.draw(JSON.filter(lambda value: not isinstance(value, float)))
    body = good | {name: wrong}
    if path == "/edge/events" and name == "events" and wrong == []:
        return
    try:
        content = orjson.dumps(body)
    except (orjson.JSONEncodeError, TypeError):
        return
    reply = site.post(path, content)
    assert 400 <= reply.status < 500, reply
    assert reply.kind == "application/problem+json"
    assert LAN not in str(reply.json)


@FUZZ
@given(st.data())
def test_an_event_that_was_changed_on_the_way_is_refused(site: Site, device: Device, data: Any) -> None:
    sealed = seal(device.sign(device.content()), device.told["hub_key"])
    at = data.draw(st.integers(0, len(sealed) - 1))
    letter = data.draw(st.sampled_from("AZaz09-_.=% \x00é"))
    changed = data.draw(
        st.sampled_from([sealed[:at] + letter + sealed[at + 1 :], sealed[:at], sealed[:at] + sealed[at + 1 :], letter])
    )
    if _means_the_same(changed, sealed):
        return
    assert refused(site, device, changed) in ("sealing", "503")


def _means_the_same(changed: str, sealed: str) -> bool:
    """The last letter of each part has bits that say nothing, and padding says nothing."""
    parts = (changed.split("."), sealed.split("."))
    return len(parts[0]) == 5 and all(a[:-1] == b[:-1] and len(a) == len(b) for a, b in zip(*parts, strict=True))


@FUZZ
@given(st.data())
def test_a_signed_text_that_was_changed_is_refused(site: Site, device: Device, data: Any) -> None:
    jws = device.sign(device.content())
    at = data.draw(st.integers(0, len(jws) - 2))
    letter = data.draw(st.sampled_from("AZaz09-_.= \x00"))
    changed = data.draw(st.sampled_from([jws[:at] + letter + jws[at + 1 :], jws[:at], letter * 3, jws + letter]))
    if changed == jws:
        return
    reason = refused(site, device, seal(changed, device.told["hub_key"]))
    assert reason in ("signature", "unknown_key", "sealing", "malformed")


@FUZZ
@given(JSON, st.sampled_from(["whole", "one field"]), st.data())
def test_a_payload_of_any_content_is_refused_by_name_only(
    site: Site, device: Device, said: Any, kind: str, data: Any
) -> None:
    good = device.content()
    content = said if kind == "whole" else good | {data.draw(st.sampled_from(sorted(good))): said}
    if content == good or (kind == "one field" and said is None):
        return
    try:
        jws = device.sign(content)
    except (orjson.JSONEncodeError, TypeError):
        return
    reply = site.post("/edge/events", device.request(seal(jws, device.told["hub_key"])))
    assert reply.status == 200
    assert LAN not in str(reply.json)


def test_other_algorithms_and_compression_are_refused(site: Site, device: Device) -> None:
    hub = device.told["hub_key"]
    key = OKPKey.import_key({name: hub[name] for name in ("kty", "crv", "x")})
    jws = device.sign(device.content())
    for alg, enc, more in (
        ("ECDH-ES+A256KW", "A256GCM", {}),
        ("ECDH-ES", "A128CBC-HS256", {}),
        ("ECDH-ES", "A256GCM", {"zip": "DEF"}),
    ):
        algorithms = [alg, enc, "DEF"]
        sealed = jwe.encrypt_compact(
            {"alg": alg, "enc": enc, "kid": hub["kid"], **more}, jws, key, algorithms=algorithms
        )
        assert refused(site, device, sealed) == "sealing"
    for header in ({"alg": "none"}, {"alg": "HS256"}, {"typ": "JWT"}, {"typ": "dancu-edge-rotate+jws"}, {"kid": None}):
        changed: dict[str, Any] = {"typ": "dancu-edge+jws", **header}
        signed = device.sign(device.content(), **changed)
        assert refused(site, device, seal(signed, hub)) == "signature"
    unsigned = f"{jws.rpartition('.')[0]}."
    assert refused(site, device, seal(unsigned, hub)) == "signature"
    assert refused(site, device, seal(device.sign(device.content(), crit=["b64"], b64=False), hub)) == "signature"


def test_a_stranger_who_knows_the_hubs_key_is_nobody(site: Site, device: Device) -> None:
    stranger = Device(told={**device.told, "kid": "s" * 43})
    assert refused(site, device, seal(stranger.sign(stranger.content()), device.told["hub_key"])) == "unknown_key"
    stranger.told["kid"] = device.told["kid"]
    assert refused(site, device, seal(stranger.sign(stranger.content()), device.told["hub_key"])) == "signature"
    assert refused(site, device, "A" * 20_000) == "sealing"


def test_what_is_sealed_to_another_hub_is_asked_for_later_and_nothing_is_lost(site: Site, device: Device) -> None:
    other = OKPKey.generate_key("X25519")
    public = {**other.as_dict(private=False), "kid": other.thumbprint()}
    reply = site.post("/edge/events", device.request(device.event(), seal(device.sign(device.content()), public)))
    assert reply.status == 503
    device.sequence, device.previous = 0, None


def test_too_much_at_once_is_refused_as_a_whole(site: Site, device: Device) -> None:
    assert site.post("/edge/events", device.request(*["x"] * 501)).status == 413
    assert site.post("/edge/events", b" " * (5 << 20)).status == 413
    assert site.post("/edge/events", device.request()).json == {"results": []}
    assert site.post("/edge/events", b"[" * 100_000).status == 400
    assert site.client.get("/edge/events").status_code == 405


def test_a_key_that_is_no_point_is_refused(site: Site) -> None:
    for x in ("", "A" * 42, base64url(b"\xff" * 31), "A" * 42 + "B", "\x00" * 43):
        body = {"code": site.code(), "public_key": {"kty": "OKP", "crv": "Ed25519", "x": x}, "name": "counter"}
        assert site.post("/edge/enrol", body).status == 400
    key = base64url(Ed25519PrivateKey.generate().public_key().public_bytes_raw())
    for wrong in ({"kty": "EC"}, {"crv": "X25519"}):
        jwk = {"kty": "OKP", "crv": "Ed25519", "x": key} | wrong
        assert site.post("/edge/enrol", {"code": site.code(), "public_key": jwk, "name": "c"}).status == 400
