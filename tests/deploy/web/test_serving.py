"""What a web process does beside answering."""

from __future__ import annotations

from deploy.web.serving import _looking_ahead


def test_what_the_console_shows_first_is_looked_at_once_before_anybody_asks_whatever_fails() -> None:
    seen: list[str] = []

    def fail() -> None:
        seen.append("failed")
        raise OSError

    with _looking_ahead([fail, lambda: seen.append("looked")]):
        pass
    assert seen == ["failed", "looked"]
