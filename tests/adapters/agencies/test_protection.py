"""An address that may no longer be held is gone: from the tables, and from the bytes on the disk."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.agencies import open_agency
from hub.database import open_database, sqlite_url
from hub.destination import Event
from tests.adapters.agencies.register import HANOI, LAN, MINH, NAME, Register
from tests.adapters.agencies.story import held

SECRET = {**HANOI, "ward_code": "09877", "detail": "ngõ 42 phố Ẩn Danh"}
TRACES = [trace.encode() for trace in ("09877", "Ẩn Danh")]
TAKING_ADDRESSES = ["tax", "insurance", "welfare", "bank"]


def moves(register: Register, subject: str) -> list[Event]:
    """Return two moves to the secret address, so that it is in the history as well."""
    where = {"kind": "PERMANENT", "to_address": SECRET, "from_address": SECRET}
    days = ("2024-01-01", "2025-01-01")
    return [register.tells("ResidenceChanged", subject, moved_on=day, **where) for day in days]


def strict(register: Register, subject: str) -> Event:
    return register.tells("AddressProtectionChanged", subject, level="STRICT", valid_from="2025-02-01")


def traces_in(folder: Path) -> list[str]:
    """Return the files in which something of the address can still be read."""
    files = [path for path in folder.iterdir() if path.is_file()]
    return [path.name for path in files if any(trace in path.read_bytes() for trace in TRACES)]


@pytest.mark.parametrize("agency", TAKING_ADDRESSES)
def test_no_table_holds_the_address_after_strict_protection(agency: str, database_url: str) -> None:
    register = Register()
    with closing(open_agency(agency, database_url)) as system:
        system.deliver(moves(register, LAN))
        engine = open_database(database_url)
        assert "09877" in str(held(engine))
        system.deliver([strict(register, LAN)])
        tables = str(held(engine))
        assert "09877" not in tables
        assert "Ẩn Danh" not in tables
        assert "2025-01-01" in tables, "that there was a move is no secret"
        system.deliver(moves(register, LAN))
        assert "09877" not in str(held(engine)), "nor is it kept when it comes by mistake"
        engine.dispose()


@pytest.mark.parametrize("agency", TAKING_ADDRESSES)
def test_the_bytes_of_the_file_hold_nothing_of_it_at_once(agency: str, tmp_path: Path) -> None:
    register = Register()
    # Other people around the protected one, so that the pages are full and get reused.
    crowd = [
        register.tells("ResidenceChanged", f"0013010{n:05d}", kind="PERMANENT", to_address=HANOI, moved_on="2024-01-01")
        for n in range(300)
    ]
    with closing(open_agency(agency, sqlite_url(tmp_path / "agency.db"))) as system:
        system.deliver([*crowd[:150], *moves(register, LAN), *crowd[150:]])
        assert traces_in(tmp_path), "the test must be able to see the address"
        system.deliver([strict(register, LAN)])
        assert traces_in(tmp_path) == []
    assert traces_in(tmp_path) == []


def test_what_a_killed_process_left_in_the_journal_goes_with_the_next_delivery(tmp_path: Path) -> None:
    register = Register()
    url = sqlite_url(tmp_path / "agency.db")
    with closing(open_agency("tax", url)) as system:
        system.deliver(moves(register, LAN))
        # A reader that holds the journal open stands for the process that died before cutting it.
        engine = open_database(url)
        with engine.connect().execution_options(reading=True) as reader:
            reader.execute(sa.text("SELECT count(*) FROM applied_events"))
            system.deliver([strict(register, LAN)])
            assert traces_in(tmp_path) != []
        engine.dispose()
        with closing(open_agency("tax", url)) as successor:
            successor.deliver([])
            assert traces_in(tmp_path) == []


def test_protection_follows_the_person_through_a_merger(database_url: str) -> None:
    register = Register()
    with closing(open_agency("tax", database_url)) as system:
        system.deliver([*moves(register, LAN), strict(register, MINH)])
        engine = open_database(database_url)
        assert "09877" in str(held(engine)), "so far they are two persons"
        system.deliver([register.tells("PersonsMerged", MINH, merged_numbers=[LAN])])
        assert "09877" not in str(held(engine))
        engine.dispose()


def everything(engine: sa.Engine, table: str) -> Sequence[Any]:
    with engine.connect() as connection:
        return connection.execute(sa.text(f"SELECT * FROM {table}")).mappings().all()


def test_a_withdrawn_consent_leaves_nothing_of_the_customer_but_the_withdrawal(tmp_path: Path) -> None:
    register = Register()
    consent = {"agency": "bank", "purpose": "customer-due-diligence"}
    url = sqlite_url(tmp_path / "bank.db")
    with closing(open_agency("bank", url)) as system:
        granted = register.tells("ConsentGranted", granted_on="2025-01-01", evidence="x", **consent)
        named = register.tells("PersonDetailsCorrected", name={**NAME, "given": "Ẩn Danh"})
        system.deliver([granted, named, *moves(register, LAN)])
        assert traces_in(tmp_path)
        system.deliver([register.tells("ConsentWithdrawn", withdrawn_on="2025-05-08", **consent)])
        assert traces_in(tmp_path) == []
        engine = open_database(url)
        assert everything(engine, "customers")[0]["state"] == "blocked"
        assert everything(engine, "withdrawals")[0]["withdrawn_on"] == "2025-05-08"
        assert len(everything(engine, "applied_events")) == 5
        engine.dispose()
