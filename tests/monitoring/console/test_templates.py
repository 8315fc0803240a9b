"""What stands in the templates and in what they load: nothing inline, nothing from elsewhere, both languages."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

import monitoring.console
from monitoring.console.languages import EN, VI
from monitoring.console.page import environment
from tests.monitoring.console.skeleton import templates

_FOLDER = Path(monitoring.console.__file__).parent
_STATIC = _FOLDER / "static"
_OWN = sorted(path for path in _STATIC.iterdir() if path.suffix in (".css", ".js"))
_CALL = re.compile(
    r"\bt\(\s*(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')\s*,\s*(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')\s*\)"
)


@pytest.mark.parametrize("path", templates(), ids=lambda path: path.name)
def test_no_template_needs_what_the_policy_forbids(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)", text), "an inline script"
    assert not re.search(r"<style|\sstyle\s*=", text), "an inline style"
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']|javascript:|hx-on|js:", text), "an inline handler"
    assert not re.search(r"hx-trigger=\"[^\"]*\[", text), "a condition that htmx would have to evaluate"
    assert not re.search(r"https?://(?!www\.w3\.org)", text), "something from elsewhere"


@pytest.mark.parametrize("path", templates(), ids=lambda path: path.name)
def test_every_form_that_is_sent_brings_the_sessions_word(path: Path) -> None:
    for form in re.findall(r"<form\b.*?</form>", path.read_text(), re.DOTALL):
        if 'method="post"' in form and not re.search(r'action="/console/(login|language|theme)"', form):
            assert "csrf_field()" in form


@pytest.mark.parametrize("path", templates(), ids=lambda path: path.name)
def test_every_text_is_there_in_both_languages(path: Path) -> None:
    text = path.read_text()
    calls = _CALL.findall(text)
    assert all(len(min(pair, key=len)) > 2 or len(max(pair, key=len)) < 10 for pair in calls), "one is missing"
    outside = re.sub(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", "", text, flags=re.DOTALL)
    visible = re.sub(r"<(script|code|kbd)\b.*?</\1>|<[^>]*>|Dân Cư Hub|Tiếng Việt", "", outside, flags=re.DOTALL)
    assert not re.search(r"[a-zà-ỹ]{4,} [a-zà-ỹ]{2,}", visible, re.IGNORECASE), "words that are in one language only"


@pytest.mark.parametrize("lang", [VI, EN])
@pytest.mark.parametrize("path", templates(), ids=lambda path: path.name)
def test_every_template_can_be_read(path: Path, lang: str) -> None:
    environment(lang).get_template(str(path.relative_to(_FOLDER / "templates")))


@pytest.mark.parametrize("path", _OWN, ids=lambda path: path.name)
def test_our_own_styles_and_scripts_load_nothing_from_elsewhere(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"https?:|url\((?!vendor/)|@import|eval\(|new Function|innerHTML", text)
    for font in re.findall(r"url\((vendor/[^)]+)\)", text):
        assert (_STATIC / font).is_file()


def test_what_is_vendored_is_what_its_list_says() -> None:
    listed = dict(
        re.findall(r"^\| `([^`]+)` .*\| `([0-9a-f]{64})` \|$", (_STATIC / "vendor/README.md").read_text(), re.M)
    )
    vendor = _STATIC / "vendor"
    there = {str(path.relative_to(vendor)): path for path in vendor.rglob("*") if path.is_file()}
    del there["README.md"]
    assert listed == {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in there.items()}
