"""One-time codes: good once, for a while, for one device; nothing that is kept would let anybody in."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from hub.deliveries.tables import metadata
from hub.edge import tables as t
from hub.edge.codes import LONGEST, BadGrant, Grant, new_code
from hub.edge.devices import NotAdmitted
from hub.edge.keys import BadKey
from tests.hub.edge.world import DAY, World, x_of
from tests.hub.making import NOW

GRANT = Grant("hospital-7", "79", ["proof-of-life", "health-check-in"])
WHY = ("an", "a new counter")


def code(world: World, valid: int = DAY) -> str:
    return new_code(world.engine, GRANT, WHY, NOW, valid)


def refusal(world: World, said: str, x: str = x_of(9), now: int = NOW) -> str:
    with pytest.raises(NotAdmitted) as problem:
        world.devices.enrol(said, x, "counter", now)
    return problem.value.code


def test_a_code_admits_one_device_to_one_site_and_its_purposes(world: World) -> None:
    said = code(world)
    device = world.devices.enrol(said, x_of(1), "counter 1", NOW + 5)
    assert (device.site_id, device.province, device.purposes) == (
        "hospital-7",
        "79",
        ["health-check-in", "proof-of-life"],
    )
    assert (device.last_sequence, device.last_digest, device.revoked) == (0, None, None)
    assert refusal(world, said) == "code_used"
    assert len(world.rows(t.devices)) == 1


def test_the_same_code_with_the_same_key_again_is_the_same_device_also_later(world: World) -> None:
    said = code(world)
    device = world.devices.enrol(said, x_of(1), "counter 1", NOW)
    assert world.devices.enrol(said, x_of(1), "counter 1", NOW + 2 * DAY) == device
    world.devices.revoke(device.device_id, "an", "stolen", NOW)
    assert refusal(world, said, x_of(1)) == "code_used"


def test_what_people_do_to_a_code_when_they_type_it_does_no_harm(embedded: World) -> None:
    said = code(embedded)
    typed = f"  {said.lower().replace('-', ' ').replace('1', 'l').replace('0', 'o')} "
    assert embedded.devices.enrol(typed, x_of(1), "counter", NOW).site_id == "hospital-7"


def test_no_other_code_opens_anything(world: World) -> None:
    said = code(world)
    wrong = said[:-1] + ("0" if said[-1] != "0" else "1")
    for other in (wrong, "", said[:-1], said + "A", "é" * 30, "0" * 30, "\x00" * 30):
        assert refusal(world, other) == "code_unknown"
    assert refusal(world, said, now=NOW + DAY) == "code_expired"
    assert world.devices.enrol(said, x_of(1), "counter", NOW + DAY - 1)


def test_only_a_hash_is_kept_and_the_trail_tells_who_made_it(world: World) -> None:
    said = code(world)
    world.devices.enrol(said, x_of(1), "counter", NOW)
    secret = said.replace("-", "")[10:]
    kept = str([world.rows(table) for table in metadata.sorted_tables])
    assert secret not in kept
    assert said[:5] in kept
    for words in ("edge.code_created", "edge.enrolled", "a new counter"):
        assert words in kept


def test_of_many_devices_that_use_a_code_at_once_one_comes_in(world: World) -> None:
    said = code(world)

    def try_it(number: int) -> str:
        try:
            return world.devices.enrol(said, x_of(number), "counter", NOW).device_id
        except NotAdmitted as problem:
            return problem.code

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(try_it, range(1, 7)))
    assert found.count("code_used") == 5
    assert len(world.rows(t.devices)) == len(world.rows(t.keys)) == 1


def test_a_key_belongs_to_one_device_only(world: World) -> None:
    world.devices.enrol(code(world), x_of(1), "counter", NOW)
    assert refusal(world, code(world), x_of(1)) == "key_known"
    for bad in ("", "A" * 43 + "=", "A" * 42 + "B", "é" * 43, "A" * 42 + "\n"):
        with pytest.raises(BadKey):
            world.devices.enrol(code(world), bad, "counter", NOW)


@pytest.mark.parametrize(
    ("grant", "valid"),
    [
        (GRANT._replace(site_id="a/b"), DAY),
        (GRANT._replace(site_id=""), DAY),
        (GRANT._replace(purposes=["curiosity"]), DAY),
        (GRANT._replace(purposes=[]), DAY),
        (GRANT, 0),
        (GRANT, LONGEST + 1),
    ],
)
def test_a_code_for_what_cannot_be_is_not_made(embedded: World, grant: Grant, valid: int) -> None:
    with pytest.raises(BadGrant):
        new_code(embedded.engine, grant, WHY, NOW, valid)
    assert embedded.rows(t.codes) == []
