"""The registry of agencies."""

from __future__ import annotations

import pytest

from adapters.agencies import AGENCIES
from adapters.agencies.agency import Agency


def test_every_module_with_an_agency_is_found() -> None:
    assert set(AGENCIES) == {"tax", "insurance", "land", "welfare", "bank"}


@pytest.mark.parametrize("agency", AGENCIES.values(), ids=lambda agency: agency.name)
def test_every_table_of_an_agency_has_a_part_in_its_machinery(agency: Agency) -> None:
    parts = {*agency.derived, *agency.logs.values(), *(owned.table for owned in agency.owned)}
    assert parts == set(agency.metadata.tables.values())


@pytest.mark.parametrize("agency", AGENCIES.values(), ids=lambda agency: agency.name)
def test_every_derived_table_tells_whose_row_it_is(agency: Agency) -> None:
    for table in (*agency.derived, *agency.logs.values()):
        assert not table.c.person.nullable
