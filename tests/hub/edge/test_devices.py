"""Keys that follow each other, and devices that are ended."""

from __future__ import annotations

import pytest

from hub.audit import check_trail, entries_of
from hub.edge.devices import NotAdmitted, Rotation
from hub.edge.keys import kid_of
from tests.hub.edge.world import Counter, World, x_of
from tests.hub.making import NOW


def rotation(counter: Counter, x: str, sequence: int) -> Rotation:
    return Rotation(counter.device.device_id, counter.key.kid, x, sequence)


def test_the_thumbprint_of_a_key_is_that_of_rfc_8037() -> None:
    assert kid_of("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo") == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_the_old_key_signs_what_is_below_and_the_new_one_what_follows(world: World) -> None:
    counter = world.counter()
    world.one(counter)
    waiting = counter.event()  # signed before the rotation, sent after it
    device = world.devices.rotate(rotation(counter, x_of(50), 3), NOW)
    assert world.take(counter, waiting)[0].state == "taken"
    assert world.one(counter).reason == "key_ended"
    counter.sequence -= 1
    counter.key = world.devices.keys([device.kid])[device.kid]
    assert world.one(counter).state == "taken"
    counter.sequence = 1
    assert world.one(counter).reason == "key_ended"


def test_a_rotation_whose_answer_was_lost_is_asked_for_again(world: World) -> None:
    counter = world.counter()
    first = world.devices.rotate(rotation(counter, x_of(50), 1), NOW)
    assert world.devices.rotate(rotation(counter, x_of(50), 1), NOW + 9) == first
    with world.engine.connect() as connection:
        told = [one.entry.action for one in entries_of(connection)]
        assert check_trail(connection) is None
    assert told == ["edge.code_created", "edge.enrolled", "edge.key_rotated"]


def test_a_key_that_has_ended_can_name_no_other(world: World) -> None:
    counter = world.counter()
    world.devices.rotate(rotation(counter, x_of(50), 1), NOW)
    for wish, code in ((rotation(counter, x_of(51), 1), "key_ended"), (rotation(counter, x_of(51), 9), "key_ended")):
        with pytest.raises(NotAdmitted) as problem:
            world.devices.rotate(wish, NOW)
        assert problem.value.code == code


def test_a_new_key_signs_nothing_that_was_taken(world: World) -> None:
    counter = world.counter()
    world.take(counter, *[counter.event() for _ in range(3)])
    with pytest.raises(NotAdmitted) as problem:
        world.devices.rotate(rotation(counter, x_of(50), 3), NOW)
    assert problem.value.code == "sequence_regression"


def test_a_revoked_device_is_refused_and_what_it_sends_is_kept_sealed(world: World) -> None:
    counter = world.counter()
    kept = counter.event()
    world.take(counter, kept)
    assert world.devices.revoke(counter.device.device_id, "an", "it was stolen", NOW)
    assert not world.devices.revoke(counter.device.device_id, "an", "again", NOW)
    assert world.one(counter).reason == "revoked"
    assert world.take(counter, kept)[0].state == "repeated"  # it was taken before, and stays so
    with pytest.raises(NotAdmitted):
        world.devices.rotate(rotation(counter, x_of(50), 9), NOW)
    found = world.devices.get(counter.device.device_id)
    assert found
    assert found.revoked == (NOW, "an", "it was stolen")
