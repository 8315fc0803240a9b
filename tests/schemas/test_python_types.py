"""The Python types of an agency's events fit its client and its events, as a type checker sees it."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from schemas.catalogue import load_catalogue
from schemas.python_types import python_types

CATALOGUE = load_catalogue()
AGENCIES = sorted({agency for agency, _ in CATALOGUE.views})
CLIENT = Path(__file__).parents[2] / "consumers" / "client.py"
USE = """
from dancu_feed import Feed, FileCursor
from tax_types import events

for event in events(Feed("https://hub.example/feeds/tax", FileCursor("tax.cursor"), token="t")):
    if event.type == "DeathRegistered":
        died: str = event.data["died_on"]
        event.data["no_such_field"]
"""


def types_of(agency: str) -> str:
    """Return the module of an agency."""
    return python_types([view for (name, _), view in sorted(CATALOGUE.views.items()) if name == agency])


@pytest.mark.parametrize("agency", AGENCIES)
def test_every_type_and_field_of_every_agency_is_there(agency: str) -> None:
    classes = {node.name: node for node in ast.walk(ast.parse(types_of(agency))) if isinstance(node, ast.ClassDef)}
    for (name, type_name), view in CATALOGUE.views.items():
        if name == agency:
            fields = [node.target.id for node in classes[type_name].body if isinstance(node, ast.AnnAssign)]  # type: ignore[union-attr]
            assert fields == list(view.fields)
            assert f"{type_name}Event" in classes


def test_a_type_checker_knows_the_fields_of_each_type_and_finds_a_wrong_one(tmp_path: Path) -> None:
    for agency in AGENCIES:
        (tmp_path / f"{agency}_types.py").write_text(types_of(agency))
    (tmp_path / "dancu_feed.py").write_bytes(CLIENT.read_bytes())
    (tmp_path / "use.py").write_text(USE)
    files = sorted(path.name for path in tmp_path.glob("*.py"))
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--cache-dir", str(tmp_path / "cache")]
    done = subprocess.run([*command, *files], cwd=tmp_path, capture_output=True, text=True)
    errors = [line for line in done.stdout.splitlines() if ": error: " in line]
    assert errors == ['use.py:8: error: TypedDict "DeathRegistered" has no key "no_such_field"  [typeddict-item]']
