"""The file of linked procedures: checked before anything starts, with the line and what is allowed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from deploy.procedures import procedures_of, read_procedures
from deploy.settings import BadSetting, load_settings
from hub.procedures.definition import Kind, Procedures
from tests.commands import Dancu
from tests.hub.making import CATALOGUE

AGENCIES = ("insurance", "tax", "welfare")
FILE = """\
offices:
  police: {vi: Công an, en: police}
procedures:
  - name: birth
    title: {vi: Khai sinh, en: Birth}
    basis: a decree
    begins: BirthRegistered
    since: 2026-01-01
    steps:
      - name: residence
        title: {vi: Thường trú, en: Residence}
        kind: event
        type: ResidenceChanged
        changes: [CREATED]
        agency: police
        within: 7
      - name: card
        title: {vi: Thẻ, en: Card}
        kind: acknowledged
        after: residence
        agency: insurance
        within: 5
days_off: [2026-12-24]
"""


def read(tmp_path: Path, text: str = FILE) -> Procedures:
    """Read a file of an operator."""
    (tmp_path / "procedures.yaml").write_text(text)
    return read_procedures(tmp_path / "procedures.yaml", CATALOGUE, AGENCIES)


def test_a_file_is_read_as_it_is_written(tmp_path: Path) -> None:
    rules = read(tmp_path)
    (birth,) = rules.each
    assert (birth.name, birth.begins, birth.since) == ("birth", "BirthRegistered", date(2026, 1, 1))
    assert [(step.kind, step.agency, step.within, step.after) for step in birth.steps] == [
        (Kind.EVENT, "police", 7, None),
        (Kind.ACKNOWLEDGED, "insurance", 5, "residence"),
    ]
    assert str(rules.offices["police"]) == "Công an / police"
    assert rules.days_off == {date(2026, 12, 24)}


def test_other_deadlines_are_other_rules(tmp_path: Path) -> None:
    assert read(tmp_path).digest == read(tmp_path).digest
    assert read(tmp_path).digest != read(tmp_path, FILE.replace("within: 7", "within: 8")).digest


@pytest.mark.parametrize(
    ("before", "after", "line", "said"),
    [
        ("begins: BirthRegistered", "begins: Birth", 7, "'Birth' is not possible here. Allowed: AddressProtection"),
        ("kind: event", "kind: news", 12, "Allowed: event, acknowledged"),
        ("type: ResidenceChanged", "type: Moved", 13, "'Moved' is not possible here. Allowed: "),
        ("[CREATED]", "[CREATED, ENDED]", 14, "'ENDED' is not possible here. Allowed: CEASED, CORRECTED, CREATED"),
        ("[CREATED]", "[ANNULLED]", 14, "Allowed: CEASED, CORRECTED, CREATED"),
        ("agency: insurance", "agency: bhxh", 21, "'bhxh' is not possible here. Allowed: insurance, police, tax"),
        ("after: residence", "after: card", 20, "'card' is not possible here. Allowed: residence"),
        ("within: 5", "within: 0", 22, "0 is less than the minimum of 1"),
        ("within: 5", "within: soon", 22, "'soon' is not of type 'integer'"),
        ("within: 7", "withing: 7", 16, "Allowed: name, title, kind, agency, within, after, type, changes"),
        ("since: 2026-01-01", "since: soon", 8, "'soon' is no date. Write it so: 2026-02-14"),
        ("[2026-12-24]", "[24.12.2026]", 23, "is no date"),
        ("name: card", "name: residence", 17, "'residence' is there twice"),
        ("name: birth", "name: Birth", 4, "does not match"),
        ("        type: ResidenceChanged\n", "", 10, "needs `type`"),
        ("after: residence", "type: ResidenceChanged", 20, "`type` is for steps of the kind event"),
        ("kind: event", "kind: [", 14, "not YAML"),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_what_is_allowed(
    tmp_path: Path, before: str, after: str, line: int, said: str
) -> None:
    with pytest.raises(BadSetting) as problem:
        read(tmp_path, FILE.replace(before, after, 1))
    assert f"DANCU_PROCEDURES: {tmp_path}/procedures.yaml:{line}: " in str(problem.value)
    assert said in str(problem.value)


def test_one_event_opens_one_case(tmp_path: Path) -> None:
    twice = FILE.replace("days_off: [2026-12-24]\n", "") + FILE.partition("procedures:\n")[2].replace(
        "name: birth", "name: birth-2", 1
    )
    with pytest.raises(BadSetting, match="begins another procedure already"):
        read(tmp_path, twice)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match=r"DANCU_PROCEDURES: .*none\.yaml: can't be read"):
        read_procedures(tmp_path / "none.yaml", CATALOGUE, AGENCIES)


def test_the_shipped_procedures_are_followed_as_far_as_there_are_agencies(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path)
    assert [one.name for one in procedures_of(settings, CATALOGUE, AGENCIES).each] == ["birth", "death"]
    assert [one.name for one in procedures_of(settings, CATALOGUE, ["insurance"]).each] == ["birth"]
    assert procedures_of(settings, CATALOGUE, ["land"]).each == []


def test_a_file_in_the_home_goes_before_the_shipped_and_a_named_one_before_both(tmp_path: Path) -> None:
    home, named = tmp_path / "home", tmp_path / "named.yaml"
    home.mkdir()
    (home / "procedures.yaml").write_text(FILE)
    named.write_text("procedures: []\n")
    assert len(procedures_of(load_settings(home=home), CATALOGUE, AGENCIES).each[0].steps) == 2
    assert procedures_of(load_settings(home=home, procedures=named), CATALOGUE, AGENCIES).each == ()


def test_a_bad_file_ends_the_command_before_it_does_anything(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(FILE.replace("within: 5", "within: 0"))
    answer = Dancu(tmp_path / "home", {"DANCU_PROCEDURES": str(file)})("run", "--until-idle")
    assert answer.code == 2
    assert f"DANCU_PROCEDURES: {file}:22: " in answer.err
