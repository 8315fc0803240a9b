"""Manifests that can't be used are refused before anything starts: with the file, the line and what is allowed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import deploy
from hub.agreements import AgreementProblem, load_agreements, read_agreement
from hub.patience import Patience
from hub.rules import Rules
from tests.hub.making import CATALOGUE, LAN, MAI

TAX = (Path(deploy.__file__).parent / "agreements" / "tax.yaml").read_text(encoding="utf-8")


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def problem(folder: Path, text: str | bytes) -> str:
    manifest = folder / "tax.yaml"
    manifest.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(AgreementProblem) as found:
        load_agreements(folder, CATALOGUE)
    assert str(manifest) in str(found.value)
    return str(found.value).removeprefix(str(manifest))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("agency: tax", "agency: Tax Office", "agency: 'Tax Office' does not match"),
        ("sector: ministry", "sector: ministery", "Allowed: ministry, enterprise, telecom, locality, bank"),
        ("sector: ministry", "colour: red\nsector: ministry", "Allowed: agency, name, sector, valid, population"),
        ("      - DeathRegistered", "      - Died", "unknown event type 'Died'. Allowed: AddressProtectionChanged"),
        ("      - DeathRegistered", "      - CardVerified", "'tax' has no view of CardVerified"),
        ("      - DeathRegistered", "      - BirthRegistered", "BirthRegistered is granted twice"),
        ('  from: "2025-01-01"', '  from: "2025-02-30"', "valid/from: '2025-02-30' is no date"),
        ('  from: "2025-01-01"', '  from: "1 July"', "valid/from: '1 July' does not match"),
        ('  from: "2025-01-01"', "  from: 2025-01-01", "is not of type 'string'"),
        ("population: everyone", 'population: {provinces: ["02"]}', "'02' is no province of today. Allowed: 01, 04"),
        ("population: everyone", "population: nobody", "population: "),
        ("    purpose: tax-administration", "    purpose: Tax!", "grants/0/purpose: 'Tax!' does not match"),
        ("population: everyone", "population: everyone\nview: nobody", "Allowed: bank, insurance, land, tax, welfare"),
        ("  way: sql", "  way: pigeon", "delivery/way: 'pigeon' is no way. Allowed: feed, files, kafka, sql, webhook"),
        ("  way: sql", "  way: sql\n  url_env: not-a-name", "delivery/url_env: 'not-a-name' does not match"),
    ],
)
def test_a_bad_value_is_told_with_its_line(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert TAX.count(old) == 1
    text = TAX.replace(old, new)
    found = problem(tmp_path, text)
    assert words in found
    line = re.match(r":(\d+): ", found)
    assert line is not None
    assert abs(int(line[1]) - line_of(text, new)) <= 1


def test_only_changes_of_protection_can_depend_on_what_was_received(tmp_path: Path) -> None:
    text = TAX.replace("    purpose:", "    only_if_received: true\n    purpose:")
    assert "only_if_received is for AddressProtectionChanged only, not for BirthRegistered" in problem(tmp_path, text)


@pytest.mark.parametrize("text", ["agency: [", "a: b: c", "\t- x"])
def test_what_is_no_yaml_is_told_with_its_line(tmp_path: Path, text: str) -> None:
    assert re.match(r":\d: not YAML: ", problem(tmp_path, text))


@pytest.mark.parametrize("text", [b"agency: \xff", b"agency: \x00"])
def test_what_is_no_text_is_told(tmp_path: Path, text: bytes) -> None:
    assert "can't be read as text in UTF-8" in problem(tmp_path, text)


@pytest.mark.parametrize("text", ["", "- tax", "tax"])
def test_what_is_no_manifest_is_told(tmp_path: Path, text: str) -> None:
    assert "the manifest: " in problem(tmp_path, text)


def test_a_missing_part_is_told(tmp_path: Path) -> None:
    assert "'sector' is a required property" in problem(tmp_path, TAX.replace("sector: ministry\n", ""))


def test_a_folder_without_manifests_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(AgreementProblem, match="no agreement"):
        load_agreements(tmp_path, CATALOGUE)


def test_one_agency_has_one_manifest(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(TAX, encoding="utf-8")
    assert "'tax' already has another manifest" in problem(tmp_path, TAX)


def listed(folder: Path, persons: bytes | None) -> Path:
    manifest = folder / "tax.yaml"
    manifest.write_text(TAX.replace("everyone", "{persons_file: persons.txt}"), encoding="utf-8")
    if persons is not None:
        (folder / "persons.txt").write_bytes(persons)
    return manifest


def test_the_persons_of_a_file_are_read(tmp_path: Path) -> None:
    agreement = read_agreement(listed(tmp_path, f"{LAN}\n\n  {MAI}\r\n".encode()), CATALOGUE)
    assert agreement.population.persons == frozenset({LAN, MAI})


@pytest.mark.parametrize(
    ("persons", "words"),
    [
        (None, "persons_file can't be read: No such file"),
        (b"\xff", "persons_file can't be read: not UTF-8"),
        (b"001190111111\n\n12345\n", "persons.txt:3: not a personal number of 12 digits"),
    ],
)
def test_a_bad_list_of_persons_is_told_without_what_stands_there(
    tmp_path: Path, persons: bytes | None, words: str
) -> None:
    manifest = listed(tmp_path, persons)
    with pytest.raises(AgreementProblem, match=words) as found:
        read_agreement(manifest, CATALOGUE)
    assert "12345\n" not in str(found.value)


def test_the_variable_of_a_database_is_kept_for_whoever_opens_it(tmp_path: Path) -> None:
    manifest = tmp_path / "tax.yaml"
    manifest.write_text(TAX.replace("  way: sql", "  way: sql\n  url_env: TAX_DATABASE"), encoding="utf-8")
    assert read_agreement(manifest, CATALOGUE).delivery == {"way": "sql", "url_env": "TAX_DATABASE"}


def test_who_reads_its_topic_itself_must_be_told_when_to_erase_addresses(tmp_path: Path) -> None:
    by_kafka = TAX.replace("  way: sql", "  way: kafka")
    manifest = tmp_path / "tax.yaml"
    manifest.write_text(by_kafka, encoding="utf-8")
    assert read_agreement(manifest, CATALOGUE).delivery == {"way": "kafka"}
    untold = by_kafka.replace("      - AddressProtectionChanged\n", "")
    words = problem(tmp_path, untold)
    assert words.startswith(f":{line_of(untold, '  way: kafka')}: delivery/way: kafka, and addresses are granted")
    assert "ResidenceChanged" in words


def test_many_agencies_may_see_what_one_folder_of_views_says(tmp_path: Path) -> None:
    for name in ("province_01", "province_79"):
        text = TAX.replace("agency: tax", f"agency: {name}").replace("population:", "view: tax\npopulation:")
        (tmp_path / f"{name}.yaml").write_text(text)
    agreements = load_agreements(tmp_path, CATALOGUE)
    assert agreements.borrowed == {"province_01": "tax", "province_79": "tax"}
    lent = Rules.of(CATALOGUE, agreements, Patience(0, 0)).catalogue
    for type_name in agreements.by_agency["province_79"].grants:
        assert lent.view("province_79", type_name) is CATALOGUE.view("tax", type_name)
    assert CATALOGUE.view("province_79", "DeathRegistered") is None
    assert CATALOGUE.lending({}) is CATALOGUE
