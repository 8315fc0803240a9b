"""The documents say what is so: links lead somewhere, commands and settings exist, and no machine is named."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.core import TyperGroup
from typer.testing import CliRunner

from deploy.cli import app
from deploy.edge.settings import EdgeSettings
from deploy.settings import Settings
from schemas.catalogue import load_catalogue

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_COMMAND = re.compile(r"`(dancu [^`]+)`")
_SETTING = re.compile(r"DANCU_[A-Z_]+[A-Z]")
#: Folders of one machine; put together here, so that this file has none of them.
_FOREIGN = re.compile("|".join(["/" + name + r"(?:/|\b)" for name in ("root", "work", "home/[a-z]+")]) + r"|/tmp/\w")


@cache
def tracked() -> tuple[Path, ...]:
    """Return the files that belong to the project: those in git and new ones that git does not ignore."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True, text=True)
        names = done.stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):  # a tree without git, such as an unpacked archive
        hidden = {".venv", ".git", ".dancu", "build", "dist", "__pycache__"}
        found = (path.relative_to(ROOT) for path in ROOT.rglob("*"))
        names = [str(path) for path in found if not hidden & set(path.parts) and "cache" not in path.parts[0]]
    return tuple(path for name in names if name and (path := ROOT / name).is_file())


@cache
def documents() -> tuple[Path, ...]:
    """Return the Markdown files of the project."""
    return tuple(path for path in tracked() if path.suffix == ".md")


def anchors(document: Path) -> set[str]:
    """Return the anchors that GitHub makes of a document's headings."""
    titles = re.findall(r"^#+ (.+)$", _FENCE.sub("", document.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def commands(document: Path) -> Iterator[str]:
    """Yield every `dancu …` that a document shows, in its text and after a prompt."""
    text = document.read_text("utf-8")
    yield from _COMMAND.findall(_FENCE.sub("", text))
    for _, content in _FENCE.findall(text):
        for line in content.splitlines():
            parts = (part.strip() for part in line.removeprefix("$ ").split("|"))
            yield from (part for part in parts if part.startswith("dancu "))


def wrong_in(command: str) -> str | None:
    """Return what of a command does not exist: a command or an option. Values are not looked at."""
    node: Any = typer.main.get_command(app)
    known = {option for parameter in node.params for option in parameter.opts}
    for word in shlex.split(command.replace("…", " "), comments=True)[1:]:
        if word.startswith("--"):
            if word.partition("=")[0] not in known | {"--help"}:
                return word
        elif isinstance(node, TyperGroup):
            if word in node.commands:
                node = node.commands[word]
                known |= {option for parameter in node.params for option in parameter.opts}
            elif word.islower() and word not in ("or", "and"):
                return word
    return None


def test_the_documents_are_found() -> None:
    names = {path.name for path in documents()}
    assert {"README.md", "CHANGELOG.md", "glossary.md", "architecture.md", "semantics.md", "operations.md"} <= names


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_to_a_file_and_a_heading(document: Path) -> None:
    for target in _LINK.findall(_FENCE.sub("", document.read_text("utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (document.parent / name).resolve() if name else document
        assert path.exists(), f"{document.name}: {target}"
        assert not anchor or anchor in anchors(path), f"{document.name}: {target}"


def test_every_decision_is_listed_once_and_numbered_in_a_row() -> None:
    files = sorted(path.name for path in (ROOT / "docs" / "decisions").glob("*.md"))
    listed = re.findall(r"\(decisions/(\S+\.md)\)", (ROOT / "docs" / "README.md").read_text("utf-8"))
    assert listed == files
    assert [name[:4] for name in files] == [f"{number:04d}" for number in range(1, len(files) + 1)]


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_and_option_that_is_shown_exists(document: Path) -> None:
    wrong = {command: found for command in commands(document) if (found := wrong_in(command))}
    assert wrong == {}


def test_a_command_or_option_that_does_not_exist_is_noticed() -> None:
    assert [wrong_in(shown) for shown in ("dancu vanish", "dancu run --fast", "dancu schemas check")] == [
        "vanish",
        "--fast",
        None,
    ]


def test_the_readme_shows_every_command() -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    text = README.read_text("utf-8")
    assert [name for name in group.commands if f"`dancu {name}" not in text] == []


def test_every_setting_is_in_the_readme_with_its_default_and_no_other() -> None:
    rows = dict(re.findall(r"^\| `(DANCU_[A-Z_]+)` \| (.*?) \|", README.read_text("utf-8"), re.MULTILINE))
    fields = {f"DANCU_{name.upper()}": field for name, field in Settings.model_fields.items()}
    assert rows.keys() == fields.keys()
    for name, field in fields.items():
        assert field.default is None or rows[name] == f"`{field.default}`", name


def test_every_setting_of_a_counter_is_told_with_its_default() -> None:
    text = (ROOT / "docs" / "edge.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `(DANCU_EDGE_[A-Z_]+)` \| (.*?) \|", text, re.MULTILINE))
    for name, field in EdgeSettings.model_fields.items():
        row = rows[f"DANCU_EDGE_{name.upper()}"]
        assert field.default in (None, False) or row == f"`{field.default}`", name


def test_no_document_names_a_setting_that_does_not_exist() -> None:
    known = {f"DANCU_{name.upper()}" for name in Settings.model_fields}
    known |= {f"DANCU_EDGE_{name.upper()}" for name in EdgeSettings.model_fields}
    assert {name for path in documents() for name in _SETTING.findall(path.read_text("utf-8"))} <= known


def test_the_matrix_in_the_semantics_is_the_one_that_holds() -> None:
    columns = ("CREATED", "CORRECTED", "ANNULLED", "CEASED")
    told: dict[str, set[str]] = {}
    for line in (ROOT / "docs" / "semantics.md").read_text("utf-8").splitlines():
        names, *ticks = [cell.strip() for cell in line.strip("|").split("|")]
        if "✓" in ticks:
            allowed = {change for change, tick in zip(columns, ticks, strict=False) if tick == "✓"}
            told.update(dict.fromkeys(names.split(", "), allowed))
    assert told == {name: set(kind.changes) for name, kind in load_catalogue().types.items()}


def test_the_console_of_the_readme_does_what_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = next(content for _, content in _FENCE.findall(README.read_text("utf-8")) if "--fixed" in content)
    shown = [line for line in text.splitlines() if line.startswith("$ ")]
    assert [line.split()[-2:] for line in shown[:2]] == [[">", "death.json"], ["ingest", "death.json"]]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DANCU_HOME", str(tmp_path / "home"))
    run = CliRunner()
    Path("death.json").write_text(run.invoke(app, shlex.split(shown[0])[2:-2]).stdout)
    assert text.split("death.json\n")[2].startswith(run.invoke(app, ["ingest", "death.json"]).stderr)
    refused = run.invoke(app, ["ingest", "-", "--json"], input='{"type":"DeathRegistered"')
    assert refused.stderr + refused.stdout in text
    event_id = shown[-2].split()[-1]
    assert event_id in Path("death.json").read_text()
    assert f"{event_id} · DeathRegistered · 001•••••••80" in text
    assert run.invoke(app, ["explain", event_id]).stdout.startswith(f"{event_id} · DeathRegistered · 001•••••••80")


def test_no_file_names_a_place_of_one_machine() -> None:
    found = []
    for path in tracked():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {hit}" for hit in _FOREIGN.findall(text)]
    assert found == []
