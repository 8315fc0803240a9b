"""When a number changes or persons are merged, everything held follows, and goes back when that was wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.agencies import open_agency
from adapters.agencies.sql_system import SqlSystem
from hub.database import open_database
from tests.adapters.agencies.register import HANOI, HOA, LAN, MINH, NAME, Register

NEW = "079301999999"


class Office:
    """An agency's system with a look at its tables."""

    def __init__(self, name: str, url: str) -> None:
        self.system: SqlSystem = open_agency(name, url)
        self.engine = open_database(url)
        self.system.deliver([])

    def close(self) -> None:
        self.system.close()
        self.engine.dispose()

    def ask(self, query: str) -> Sequence[Any]:
        with self.engine.connect() as connection:
            rows = connection.execute(sa.text(query)).all()
        return [row[0] if len(row) == 1 else tuple(row) for row in rows]

    def enter(self, statement: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(sa.text(statement))


@pytest.fixture
def tax(database_url: str) -> Iterator[Office]:
    with closing(Office("tax", database_url)) as office:
        yield office


@pytest.fixture
def welfare(database_url: str) -> Iterator[Office]:
    with closing(Office("welfare", database_url)) as office:
        yield office


@pytest.fixture
def land(database_url: str) -> Iterator[Office]:
    with closing(Office("land", database_url)) as office:
        yield office


def test_rows_about_the_person_and_rows_of_others_that_name_the_person_follow(tax: Office) -> None:
    register = Register()
    child = register.tells("BirthRegistered", HOA, name=NAME, born_on="2024-01-01", mother_number=LAN)
    wedding = register.tells("MarriageRegistered", MINH, married_on="2020-01-01", spouse_number=LAN)
    move = register.tells("ResidenceChanged", LAN, kind="PERMANENT", to_address=HANOI, moved_on="2023-01-01")
    change = register.tells("PersonalNumberChanged", LAN, old_number=LAN, new_number=NEW)
    tax.system.deliver([child, wedding, move])
    tax.system.deliver([change])
    assert tax.ask("SELECT taxpayer FROM dependants") == [NEW]
    assert tax.ask(f"SELECT spouse FROM taxpayers WHERE person = '{MINH}'") == [NEW]
    assert tax.ask("SELECT person FROM managing_offices") == [NEW]
    assert tax.ask(f"SELECT count(*) FROM taxpayers WHERE person = '{LAN}'") == [0]

    tax.system.deliver([register.annuls(change)])
    assert tax.ask("SELECT taxpayer FROM dependants") == [LAN]
    assert tax.ask(f"SELECT spouse FROM taxpayers WHERE person = '{MINH}'") == [LAN]
    assert tax.ask("SELECT person FROM managing_offices") == [LAN]
    assert tax.ask(f"SELECT count(*) FROM taxpayers WHERE person = '{NEW}'") == [0]


def test_an_event_that_still_comes_under_the_old_number_reaches_the_person(tax: Office) -> None:
    register = Register()
    change = register.tells("PersonalNumberChanged", NEW, old_number=LAN, new_number=NEW)
    tax.system.deliver([change, register.tells("DeathRegistered", LAN, died_on="2025-03-01")])
    tax.system.deliver([register.tells("PersonDetailsCorrected", LAN, name=NAME)])
    child = register.tells("BirthRegistered", HOA, name=NAME, born_on="2024-01-01", mother_number=LAN)
    tax.system.deliver([child])
    assert tax.ask(f"SELECT person, state, full_name FROM taxpayers WHERE person <> '{HOA}'") == [
        (NEW, "closed", "Nguyễn Thị Lan")
    ]
    assert tax.ask("SELECT taxpayer FROM dependants") == [NEW]
    assert tax.ask("SELECT subject FROM applied_events ORDER BY applied_order") == [NEW, LAN, LAN, HOA]


def test_what_came_under_a_number_that_was_never_valid_belongs_to_the_old_one(welfare: Office) -> None:
    register = Register()
    change = register.tells("PersonalNumberChanged", LAN, old_number=LAN, new_number=NEW)
    welfare.system.deliver([change])
    welfare.system.deliver([register.tells("DeathRegistered", NEW, died_on="2025-03-01")])
    welfare.system.deliver([register.tells("CardVerified", NEW, site_id="ubnd-1", verified_at="2025-01-01")])
    welfare.enter(f"INSERT INTO payment_accounts (id, person, account) VALUES (1, '{NEW}', 'A-1')")
    welfare.system.deliver([register.annuls(change)])
    assert welfare.ask("SELECT person, state FROM beneficiaries") == [(LAN, "stopped")]
    assert welfare.ask("SELECT person FROM proofs_of_life") == [LAN]
    assert welfare.ask("SELECT person FROM payment_accounts") == [LAN]


def test_the_payment_account_survives_moves_and_follows_the_number(welfare: Office) -> None:
    register = Register()
    welfare.enter(f"INSERT INTO payment_accounts (id, person, account) VALUES (1, '{LAN}', 'A-1')")
    welfare.enter(f"INSERT INTO payment_accounts (id, person, account) VALUES (2, '{MINH}', 'B-2')")
    merge = register.tells("PersonsMerged", MINH, merged_numbers=[LAN])
    move = register.tells("ResidenceChanged", LAN, kind="PERMANENT", to_address=HANOI, moved_on="2023-01-01")
    welfare.system.deliver([move, merge])
    accounts = "SELECT person, account FROM payment_accounts ORDER BY id"
    assert welfare.ask(accounts) == [(MINH, "A-1"), (MINH, "B-2")]
    welfare.system.deliver([register.annuls(merge)])
    assert welfare.ask(accounts) == [(LAN, "A-1"), (MINH, "B-2")]
    assert welfare.ask(f"SELECT paying_commune FROM beneficiaries WHERE person = '{LAN}'") == ["VN34/01/00004"]


def test_merged_persons_are_one_and_are_parted_when_the_merger_is_annulled(welfare: Office) -> None:
    register = Register()
    death = register.tells("DeathRegistered", LAN, died_on="2025-03-01")
    born = register.tells("BirthRegistered", MINH, name=NAME, born_on="1950-01-01")
    merge = register.tells("PersonsMerged", MINH, merged_numbers=[LAN])
    welfare.system.deliver([death, born, merge])
    assert welfare.ask("SELECT person, state, born_on FROM beneficiaries") == [(MINH, "stopped", "1950-01-01")]
    welfare.system.deliver([register.annuls(merge)])
    assert welfare.ask("SELECT person, state FROM beneficiaries ORDER BY person") == [(MINH, "paid"), (LAN, "stopped")]


def test_numbers_that_changed_twice_lead_to_the_last(tax: Office) -> None:
    register = Register()
    tax.system.deliver([register.tells("DeathRegistered", LAN, died_on="2025-03-01")])
    tax.system.deliver([register.tells("PersonalNumberChanged", LAN, old_number=LAN, new_number=HOA)])
    tax.system.deliver([register.tells("PersonalNumberChanged", NEW, old_number=HOA, new_number=NEW)])
    assert tax.ask("SELECT person, state FROM taxpayers") == [(NEW, "closed")]


def test_an_event_of_before_the_change_stays_with_whoever_had_the_number(tax: Office) -> None:
    register = Register()
    somebody = register.tells("PersonDetailsCorrected", NEW, name={"family": "Trần", "given": "Bình"})
    change = register.tells("PersonalNumberChanged", LAN, old_number=LAN, new_number=NEW)
    tax.system.deliver([somebody, change])
    tax.system.deliver([register.annuls(change)])
    assert (NEW, "Trần Bình") in tax.ask("SELECT person, full_name FROM taxpayers")


def test_titles_are_flagged_renamed_and_re_keyed_and_all_of_it_is_undone(land: Office) -> None:
    register = Register()
    land.enter(f"INSERT INTO titles (title_no, owner_number, owner_name) VALUES ('CH1', '{LAN}', 'Nguyen Lan')")
    named = register.tells("PersonDetailsCorrected", LAN, name=NAME)
    change = register.tells("PersonalNumberChanged", LAN, old_number=LAN, new_number=NEW)
    death = register.tells("DeathRegistered", NEW, died_on="2025-03-01")
    titles = "SELECT owner_number, owner_name, CASE WHEN flagged THEN 1 ELSE 0 END FROM titles"
    land.system.deliver([named, change, death])
    assert land.ask(titles) == [(NEW, "Nguyễn Thị Lan", 1)]
    land.system.deliver([register.annuls(change)])
    assert land.ask(titles) == [(LAN, "Nguyễn Thị Lan", 1)]
    land.system.deliver([register.annuls(death), register.annuls(named)])
    assert land.ask(titles) == [(LAN, "Nguyen Lan", 0)]
