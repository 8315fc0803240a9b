"""What an ATR promises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.card_reader.channel import takes_extended


@pytest.mark.parametrize(
    ("atr", "extended"),
    [
        ("3B8A80018031F873F741E082900075", True),
        ("3B8A80018031F873F741A082900035", False),
        ("3B8880010031C173C84040009000", True),
        ("3B8880010031C173C84000009000", False),
        ("3B8180018080", False),
        ("3B00", False),
        ("3B", False),
        ("", False),
        ("3B8A8001803173F7", False),
    ],
)
def test_extended_length_is_promised_in_the_historical_bytes(atr: str, extended: bool) -> None:
    assert takes_extended(bytes.fromhex(atr)) is extended


@given(st.binary(max_size=40))
def test_any_bytes_promise_something_or_nothing(atr: bytes) -> None:
    assert takes_extended(atr) in (True, False)
