"""Keeping a real registry that somebody else wrote like ours."""

from __future__ import annotations

from typing import Any

import pytest
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

from adapters.registry.external import differences, push, verify_registry
from adapters.registry.problem import RegistryDiffers
from hub.topics import RECEIVED
from tests.adapters.registry.apicurio import apicurio
from tests.hub.making import CATALOGUE, admitted, event

__all__ = ["apicurio"]

#: A large program of somebody else's, which now and then does not answer: nothing to make every test run wait for.
pytestmark = [pytest.mark.soak, pytest.mark.timeout(120)]


def test_an_empty_registry_gets_every_schema_under_our_id_once(apicurio: str) -> None:
    with pytest.raises(RegistryDiffers, match=f"and {len(CATALOGUE.recorded) - 1} more"):
        verify_registry(apicurio, CATALOGUE)
    missing = differences(apicurio, CATALOGUE)
    assert {one.kind for one in missing} == {"missing"}
    half = len(missing) // 2
    assert len(push(apicurio, missing[:half])) == half  # and then somebody stopped it
    rest = differences(apicurio, CATALOGUE)
    assert [one.ours for one in rest] == [one.ours for one in missing[half:]]
    push(apicurio, rest)
    assert differences(apicurio, CATALOGUE) == []
    verify_registry(apicurio, CATALOGUE)
    client: Any  # its published types are older than it is
    with SchemaRegistryClient({"url": apicurio}) as client:
        assert client.get_global_mode() == "READWRITE"
        assert client.get_mode(CATALOGUE.by_id(1).subject) == "READWRITE"
        sent = event("DeathRegistered")
        found = AvroDeserializer(client)(admitted(sent).value, SerializationContext(RECEIVED, MessageField.VALUE))
    assert isinstance(found, dict)
    assert found["event_id"] == sent["id"]


def test_a_registry_that_gives_ids_of_its_own_is_found_out_at_the_first_and_refused_after_it(apicurio: str) -> None:
    found = differences(apicurio, CATALOGUE)
    with pytest.raises(RegistryDiffers, match=r"gave id 1 to .*, not 40 as asked: it keeps no given ids"):
        push(apicurio, [one for one in found if one.ours.schema_id >= 40])
    with SchemaRegistryClient({"url": apicurio}) as client:
        theirs = [CATALOGUE.by_id(40).subject]
        assert client.get_subjects() == theirs
        with pytest.raises(RegistryDiffers, match=r"nothing was added: schema id 1 .* is another schema there"):
            push(apicurio, differences(apicurio, CATALOGUE))
        assert client.get_subjects() == theirs
