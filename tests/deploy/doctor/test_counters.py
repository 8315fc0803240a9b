"""The key to which counters seal, as the doctor sees it: there, usable, and the owner's alone."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from adapters.edge_intake.hub_keys import load_or_make
from adapters.ways.way import Place
from deploy.bootstrap import open_hub
from deploy.doctor import State
from deploy.doctor.counters import check_counters
from deploy.doctor.ways import Office
from deploy.settings import load_settings
from hub.edge.tables import devices
from schemas.catalogue import load_catalogue
from tests.deploy.doctor.looking import Doctor

_DEVICE = {"device_id": "d1", "name": "counter", "site_id": "s1", "purposes": "[]", "enrolled_at": 1, "kid": "k"}


def test_a_hub_that_has_met_no_counter_makes_its_key_when_it_needs_one(doctor: Doctor) -> None:
    found = doctor().one("edge.key")
    assert (found.state, "made when it is needed" in found.what) == (State.OK, True)


def test_a_key_that_is_lost_or_open_to_others_or_damaged_is_a_problem(doctor: Doctor) -> None:
    with open_hub(load_settings(home=doctor.home)) as hub:
        file = hub.home.edge_key
        load_or_make(file)
        assert doctor().one("edge.key").state is State.OK
        file.chmod(0o644)
        assert "chmod 600" in doctor().problem("edge.key")
        file.chmod(0o600)
        file.write_text("{}")
        assert "holds no X25519 key" in doctor().problem("edge.key")
        file.unlink()
        with hub.deliveries_db.begin() as connection:
            connection.execute(sa.insert(devices), _DEVICE)
        assert "No such file" in doctor().problem("edge.key")


def test_a_key_file_that_is_set_is_the_one_that_counts(doctor: Doctor, tmp_path: Path) -> None:
    assert "No such file" in doctor(edge_key_file=tmp_path / "key.json").problem("edge.key")
    load_or_make(tmp_path / "key.json")
    assert doctor(edge_key_file=tmp_path / "key.json").one("edge.key").state is State.OK


def test_many_processes_with_counters_and_no_common_key_are_warned(tmp_path: Path) -> None:
    with open_hub(load_settings(home=tmp_path / "home")) as hub:
        office = Office(Place(tmp_path, load_catalogue(), {}), hub.deliveries_db, on_kafka=True)
        (none,) = check_counters(None, tmp_path / "own", office)
        assert none.state is State.SKIPPED
        with hub.deliveries_db.begin() as connection:
            connection.execute(sa.insert(devices), _DEVICE)
        (found,) = check_counters(None, tmp_path / "own", office)
        assert (found.state, "DANCU_EDGE_KEY_FILE" in found.what) == (State.WARNING, True)
