"""The list of connections: filtered, sorted, and as a file for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

import pytest
from bs4 import BeautifulSoup

from monitoring.connections import Connection, Party, State
from monitoring.console.listing import Wanted, as_csv
from tests.monitoring.console.own_hub import Browser, OwnHub, open_own_hub


def connection(agency: str, sector: str, state: State, contact: int | None, parked: int) -> Connection:
    """Return a connection."""
    party = Party(agency, f"Cơ quan {agency}", f"Office {agency}", sector, "sql")
    return Connection(party, state, contact, None, contact, parked * 2, parked, "=HYPERLINK(1)" if parked else None)


EVERY = (
    connection("a", "locality", State.CONNECTED, 5, 0),
    connection("b", "ministry", State.FAILING, 9, 3),
    connection("c", "bank", State.NEVER_CONNECTED, None, 1),
)


def names(found: Sequence[Connection]) -> str:
    """Return the agencies in order."""
    return "".join(one.party.agency for one in found)


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("state", "bca"),
        ("-state", "acb"),
        ("agency", "abc"),
        ("-agency", "cba"),
        ("sector", "bca"),
        ("contact", "abc"),
        ("-contact", "bac"),
        ("-parked", "bca"),
        ("pending", "acb"),
        ("nonsense", "bca"),
    ],
)
def test_it_is_sorted_by_any_column_and_what_is_not_known_comes_last(sort: str, order: str) -> None:
    assert names(Wanted(sort=sort).of(EVERY)) == order


@pytest.mark.parametrize(
    ("wanted", "order"),
    [
        (Wanted(sector="bank"), "c"),
        (Wanted(state="failing"), "b"),
        (Wanted(q=" OFFICE b "), "b"),
        (Wanted(q="cơ quan A"), "a"),
        (Wanted(q="zzz"), ""),
        (Wanted(sector="no-sector"), ""),
    ],
)
def test_it_is_filtered_by_sector_state_and_text(wanted: Wanted, order: str) -> None:
    assert names(wanted.of(EVERY)) == order


def test_a_head_of_a_column_leads_to_its_order_and_keeps_the_filter() -> None:
    wanted = Wanted(sector="bank", sort="agency")
    assert wanted.by("parked") == "/console/connections?sector=bank&sort=parked"
    assert wanted.by("agency") == "/console/connections?sector=bank&sort=-agency"
    assert (wanted.aria("agency"), wanted.aria("parked")) == ("ascending", None)
    assert Wanted(sort="-agency").aria("agency") == "descending"
    assert wanted.address(file=".csv") == "/console/connections.csv?sector=bank&sort=agency"


def test_the_file_is_for_spreadsheets_and_no_cell_is_a_formula() -> None:
    content = as_csv(Wanted().of(EVERY))
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert [row["agency"] for row in rows] == ["b", "c", "a"]
    assert rows[0]["name_vi"] == "Cơ quan b"
    assert rows[0]["reason"] == "'=HYPERLINK(1)"
    assert rows[1]["last_contact"] == ""
    assert rows[2]["last_contact"] == "1970-01-01T00:00:00.005Z"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnHub]:
    """A hub with the five shipped agencies."""
    with open_own_hub(tmp_path_factory.mktemp("connections") / "home") as own:
        yield own


@pytest.fixture(scope="module")
def browser(own: OwnHub) -> Browser:
    """Somebody who may look."""
    return own.browser("an", "viewer")


def rows(browser: Browser, query: str = "") -> list[str]:
    """Return the agencies that a page shows, in order."""
    found = BeautifulSoup(browser.get(f"/console/connections{query}").text, "html.parser")
    return [str(row["data-agency"]) for row in found.select("tr[data-agency]")]


def test_the_page_shows_every_agency_and_follows_the_address(browser: Browser) -> None:
    assert rows(browser, "?sort=agency") == ["bank", "insurance", "land", "tax", "welfare"]
    assert rows(browser, "?sort=-agency&sector=ministry") == ["welfare", "tax", "land", "insurance"]
    assert rows(browser, "?q=thu%E1%BA%BF") == ["tax"]


def test_an_empty_list_says_what_to_do(browser: Browser) -> None:
    page = browser.get("/console/connections?q=zzz&lang=en").text
    assert "No agency fits the filter." in page
    assert "Show all" in page


def test_what_was_typed_is_shown_as_text(browser: Browser) -> None:
    page = browser.get("/console/connections?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_one_that_is_too_long_is_refused_in_words(browser: Browser) -> None:
    answer = browser.get(f"/console/connections?lang=vi&q={'x' * 101}")
    assert answer.status_code == 400
    assert "Không đọc được yêu cầu" in answer.text


def test_the_file_has_what_the_page_shows(browser: Browser) -> None:
    answer = browser.get("/console/connections.csv?sector=ministry&sort=agency")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    found = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert [row["agency"] for row in found] == rows(browser, "?sector=ministry&sort=agency")


def test_what_somebody_has_just_done_is_seen_at_once(own: OwnHub) -> None:
    mine = own.browser()
    badge = 'tr[data-agency="land"][data-state="{}"]'
    first = BeautifulSoup(mine.get("/console/connections").text, "html.parser")
    assert first.select_one(badge.format("suspended")) is None
    assert mine.post("/console/agencies/land/suspend", {"reason": "they move house"}).status_code == 303
    then = BeautifulSoup(mine.get("/console/connections").text, "html.parser")
    assert then.select_one(badge.format("suspended")) is not None
    assert "they move house" in then.text
