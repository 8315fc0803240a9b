"""Only the hub can read an event, and it can tell who wrote it."""

from __future__ import annotations

from pathlib import Path

import pytest
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from adapters.card_reader.producer.device import key_in
from adapters.card_reader.producer.sealing import Sealer
from tests.adapters.card_reader.producer.hub import verified
from tests.adapters.card_reader.producer.making import an_event

HUB = OKPKey.generate_key("X25519")


def public(key: OKPKey) -> dict[str, object]:
    return {**key.as_dict(private=False), "kid": key.thumbprint()}


def test_the_hub_opens_it_and_knows_the_device(tmp_path: Path) -> None:
    signer, event = key_in(tmp_path / "key.pem"), an_event()
    sealed = Sealer(signer, "kid-1", public(HUB)).seal(event)
    opened = jwe.decrypt_compact(sealed.text, HUB, algorithms=["ECDH-ES", "A256GCM"])
    assert opened.headers() | {"epk": None} == {
        "alg": "ECDH-ES",
        "enc": "A256GCM",
        "kid": HUB.thumbprint(),
        "cty": "dancu-edge+jws",
        "epk": None,
    }
    assert opened.plaintext is not None
    header, payload = verified(opened.plaintext.decode(), signer.public())
    assert header == {"alg": "EdDSA", "kid": "kid-1", "typ": "dancu-edge+jws"}
    assert payload == event


def test_nobody_else_opens_it_and_no_two_are_alike(tmp_path: Path) -> None:
    sealer, event = Sealer(key_in(tmp_path / "key.pem"), "kid-1", public(HUB)), an_event()
    one, two = sealer.seal(event), sealer.seal(event)
    assert one.text != two.text
    assert one.digest == two.digest
    with pytest.raises(JoseError):
        jwe.decrypt_compact(one.text, OKPKey.generate_key("X25519"), algorithms=["ECDH-ES", "A256GCM"])


@pytest.mark.parametrize("key", [OKPKey.generate_key("Ed25519"), OKPKey.generate_key("X448")])
def test_a_key_that_can_not_be_the_hubs_is_refused(tmp_path: Path, key: OKPKey) -> None:
    with pytest.raises(ValueError, match="no public X25519 key"):
        Sealer(key_in(tmp_path / "key.pem"), "kid-1", public(key))


def test_a_private_key_of_the_hub_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no public X25519 key"):
        Sealer(key_in(tmp_path / "key.pem"), "kid-1", {**HUB.as_dict(private=True), "kid": "x"})
