"""Comparing with somebody else's registry: as a pure function, and over the wire with the one registry we serve."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from starlette.responses import PlainTextResponse

from adapters.registry.client import registry_at
from adapters.registry.difference import There, missing_or_different
from adapters.registry.external import differences, push, verify_registry
from adapters.registry.problem import RegistryDiffers, RegistryUnavailable
from adapters.registry.serving import load_registry, served
from adapters.registry.shelf import text_of
from schemas.catalogue import Catalogue
from schemas.versions import Recorded
from tests.hub.making import CATALOGUE

ONE, TWO = CATALOGUE.by_id(1), CATALOGUE.by_id(2)


def there(**changes: Any) -> There:
    return There(text_of(ONE), 1)._replace(**changes)


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        (There(None, None), "missing"),
        (there(text=text_of(TWO)), "different"),
        (there(text='"string"'), "different"),
        (there(text="no JSON"), "different"),
        (there(text='{"type":"nothing"}'), "different"),
        (there(id_of_version=None), "unnamed"),
        (there(id_of_version=7), "renamed"),
        (There(None, 7), "renamed"),
    ],
)
def test_each_way_to_differ_has_its_name_and_says_which_schema(found: There, kind: str) -> None:
    (difference,) = missing_or_different([ONE], {1: found})
    assert difference.kind == kind
    assert f"schema id 1 ({ONE.subject}, version 1)" in difference.message
    assert difference.can_be_added == (kind in ("missing", "unnamed"))


def test_decoding_needs_ids_only() -> None:
    assert missing_or_different([ONE], {1: There(text_of(ONE), None)}, names=False) == []


def test_a_registry_may_lay_out_shorten_and_reorder_a_text() -> None:
    schema = json.loads(text_of(ONE))
    for field in schema["fields"]:
        if field["type"] == "string":
            field["type"] = {"type": "string"}
        field.pop("doc")
    relaid = json.dumps(dict(reversed(schema.items())), indent=4)
    assert missing_or_different([ONE], {1: there(text=relaid)}) == []
    schema["name"], _ = f"{schema.pop('namespace')}.{schema['name']}", None
    assert missing_or_different([ONE], {1: there(text=json.dumps(schema))}) == []


def test_a_default_or_a_logical_type_makes_another_schema() -> None:
    for wrong in ({"logicalType": None}, {"default": "x"}):
        schema = json.loads(text_of(ONE))
        moment = next(field for field in schema["fields"] if field["name"] == "occurred_at")
        if "default" in wrong:
            schema["fields"][0].update(wrong)
        else:
            moment["type"] = "long"
        assert [one.kind for one in missing_or_different([ONE], {1: there(text=json.dumps(schema))})] == ["different"]


@contextmanager
def a_registry(*recorded: Recorded) -> Iterator[str]:
    """Serve a registry that has just these."""
    with served(load_registry(Catalogue({}, {}, {one.schema_id: one for one in recorded}))) as url:
        yield url


def test_our_own_registry_has_everything(registry_url: str) -> None:
    assert differences(registry_url, CATALOGUE) == []
    verify_registry(registry_url, CATALOGUE)
    assert push(registry_url, []) == []


def test_a_registry_that_lacks_some_is_told_with_what_to_do() -> None:
    rest = [one for one in CATALOGUE.recorded.values() if one.schema_id > 2]
    with a_registry(*rest) as url:
        assert [(one.kind, one.ours.schema_id) for one in differences(url, CATALOGUE)] == [
            ("missing", 1),
            ("missing", 2),
        ]
        words = r"schema id 1 \(.*\) is not there, and 1 more\. Add them with: dancu registry push"
        with pytest.raises(RegistryDiffers, match=words):
            verify_registry(url, CATALOGUE)


def test_a_registry_with_another_schema_under_our_id_is_refused_and_left_alone() -> None:
    with a_registry(replace(ONE, schema=TWO.schema)) as url:
        found = differences(url, CATALOGUE)
        assert (found[0].kind, found[1].kind) == ("different", "missing")
        with pytest.raises(RegistryDiffers, match="can't be used for the hub"):
            verify_registry(url, CATALOGUE)
        with pytest.raises(RegistryDiffers, match=r"nothing was added: schema id 1 .* is another schema there"):
            push(url, found)


def test_a_registry_that_takes_nothing_says_so_in_its_own_words() -> None:
    with a_registry(ONE) as url, pytest.raises(RegistryUnavailable, match=r"refused /mode/.*HTTP 422: .*read-only"):
        push(url, differences(url, CATALOGUE))


def test_a_registry_that_is_away_is_told_without_the_password() -> None:
    with a_registry() as url:
        gone = url.replace("http://", "http://hub:geheim@")
    with pytest.raises(RegistryUnavailable, match="does not answer: Connection refused") as told:
        verify_registry(gone, CATALOGUE)
    assert "geheim" not in str(told.value)


@pytest.mark.parametrize("url", ["http://", "http://:99999999", "http://[::1", "http://a b:1"])
def test_what_is_no_url_is_told_as_such(url: str) -> None:
    with pytest.raises(RegistryUnavailable, match="DANCU_SCHEMA_REGISTRY"):
        verify_registry(url, CATALOGUE)


def test_a_path_before_the_registry_is_kept(registry_url: str) -> None:
    with registry_at(f"{registry_url}/subjects/") as registry:
        assert registry.get("received-vn.dancu.event.DeathRegistered", "versions").body == [1]  # type: ignore[union-attr]


def test_a_name_and_password_in_the_url_are_shown_to_the_registry_only() -> None:
    registry = load_registry(CATALOGUE)
    secret = base64.b64encode(b"hub:ge@heim").decode()

    async def guarded(scope: Any, receive: Any, send: Any) -> None:
        known = scope["type"] != "http" or (b"authorization", f"Basic {secret}".encode()) in scope["headers"]
        await (registry if known else PlainTextResponse("no", 401))(scope, receive, send)

    with served(guarded) as url:
        verify_registry(url.replace("//", "//hub:ge%40heim@"), CATALOGUE)
        with pytest.raises(RegistryUnavailable, match="refused /schemas/ids/1: HTTP 401") as told:
            verify_registry(url.replace("//", "//hub:geheim@"), CATALOGUE)
    assert "geheim" not in str(told.value)
