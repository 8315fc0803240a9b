"""Who asks for something: as told, or the user of the session; nobody is refused, everywhere in the same words."""

from __future__ import annotations

import getpass

import pytest
import typer

from deploy.cli.agency import step
from deploy.cli.shell import asker


def test_who_asks_is_told_or_is_the_user_of_this_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "lan")
    assert (asker(None), asker(" minh ")) == ("lan", "minh")


@pytest.mark.parametrize("by", ["", "  "])
def test_nobody_is_refused(by: str, capsys: pytest.CaptureFixture[str]) -> None:
    for ask in (lambda: asker(by), lambda: step("why", by)):
        with pytest.raises(typer.Exit) as ended:
            ask()
        assert ended.value.exit_code == 2


def test_a_user_without_a_name_as_in_a_container_must_say_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 10001")

    monkeypatch.setattr(getpass, "getuser", nameless)
    assert asker("lan") == "lan"
    with pytest.raises(typer.Exit):
        asker(None)
