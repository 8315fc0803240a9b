"""Whatever a desk refuses is said in Vietnamese too. The texts are gathered from the code that raises them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitoring.console.repair.refusals import REFUSALS, refusal_of

_ROOT = Path(__file__).parents[4]
_WHERE = (
    "replay/selection.py",
    "replay/filters.py",
    "replay/desk.py",
    "replay/refused.py",
    "hub/replays/store.py",
    "hub/replays/freezing.py",
    "hub/contacts/rewinds.py",
    "consumers/rewinding.py",
    "monitoring/console/saying_why.py",
    "monitoring/console/repair/filters.py",
    "monitoring/console/repair/asked.py",
    "monitoring/console/routes/agency.py",
)
#: What stands in the places of a text.
_VALUES = {"row.state": "paused", "replay.state": "done", "move": "started", "' or '.join(sorted(allowed))": "approved"}


def _texts() -> Iterator[tuple[type[Exception], str]]:
    kinds = {kind.__name__: kind for kind in REFUSALS}
    for place in _WHERE:
        raised = [node.exc for node in ast.walk(ast.parse((_ROOT / place).read_text())) if isinstance(node, ast.Raise)]
        for made in raised:
            if isinstance(made, ast.Call) and isinstance(made.func, ast.Name) and made.func.id in kinds and made.args:
                yield kinds[made.func.id], _filled(made.args[0])


def _filled(text: ast.expr) -> str:
    if isinstance(text, ast.Constant):
        return str(text.value)
    assert isinstance(text, ast.JoinedStr), ast.unparse(text)
    return "".join(
        str(part.value) if isinstance(part, ast.Constant) else _VALUES.get(ast.unparse(part)[3:-2], "7")
        for part in text.values
    )


@pytest.mark.parametrize(("kind", "text"), sorted(set(_texts()), key=str))
def test_it_is_said_in_vietnamese(kind: type[Exception], text: str) -> None:
    said = refusal_of(kind(text))
    assert said.words.en == text
    assert said.words.vi != text, "add a line to monitoring/console/repair/refusals.py"


def test_there_are_many_of_them() -> None:
    assert len(set(_texts())) > 25


def test_no_refusal_without_arguments_is_left_out() -> None:
    for kind in REFUSALS:
        try:
            error = kind()
        except TypeError:
            continue
        if str(error):
            assert refusal_of(error).words.vi != str(error)
