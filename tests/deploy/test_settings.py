"""Settings and agreements that can't be used: the command says which, why, and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands import Dancu

MANIFEST = """\
agency: tax
name:
  vi: Cục Thuế
  en: Tax Department
sector: ministry
valid:
  from: "2025-01-01"
population: everyone
grants:
  - types: [DeathRegistered]
    purpose: taxation
    basis: {statute: "Tax Administration Law 38/2019/QH14"}
delivery:
  way: sql
"""


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DANCU_BATCH", "x", "1 to 100,000"),
        ("DANCU_BATCH", "0", "1 to 100,000"),
        ("DANCU_DELIVERY_BATCH", "10001", "1 to 10,000"),
        ("DANCU_JOIN_WINDOW", "-1", "0 to 86,400"),
        ("DANCU_CORRECTION_WAIT", "soon", "0 to 86,400"),
        ("DANCU_LOG_LEVEL", "LOUD", "DEBUG, INFO, WARNING or ERROR"),
    ],
)
def test_a_bad_setting_is_named_with_what_is_allowed(tmp_path: Path, name: str, value: str, said: str) -> None:
    answer = Dancu(tmp_path / "home", {name: value})("status")
    assert answer.code == 2
    assert f"{name}: " in answer.err
    assert said in answer.err
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("before", "after", "line", "said"),
    [
        ("sector: ministry", "sector: church", 5, "Allowed: ministry, enterprise, telecom, locality, bank"),
        ("DeathRegistered", "DeathForetold", 10, "unknown event type 'DeathForetold'. Allowed: AddressProtection"),
        ("population: everyone", "population: }", 8, "not YAML"),
        ("way: sql", "way: pigeon", 14, "Allowed: feed, files, kafka, sql, webhook"),
        ("2025-01-01", "2025-02-30", None, "'2025-02-30' is no date"),
    ],
)
def test_a_bad_manifest_is_named_with_file_and_line_and_what_is_allowed(
    tmp_path: Path, before: str, after: str, line: int | None, said: str
) -> None:
    folder = tmp_path / "agreements"
    folder.mkdir()
    (folder / "tax.yaml").write_text(MANIFEST.replace(before, after), encoding="utf-8")
    answer = Dancu(tmp_path / "home", {"DANCU_AGREEMENTS": str(folder)})("run", "--until-idle")
    assert answer.code == 1
    assert f"{folder / 'tax.yaml'}:" + (f"{line}:" if line else "") in answer.err
    assert said in answer.err


def test_an_agreement_whose_database_is_not_named_says_which_variable_to_set(tmp_path: Path) -> None:
    folder = tmp_path / "agreements"
    folder.mkdir()
    (folder / "tax.yaml").write_text(MANIFEST + "  url_env: TAX_DATABASE\n", encoding="utf-8")
    answer = Dancu(tmp_path / "home", {"DANCU_AGREEMENTS": str(folder)})("run", "--until-idle")
    assert answer.code == 2
    assert "TAX_DATABASE: not set; the agreement of tax takes its database URL from it" in answer.err
