"""What an endpoint answered, short, and without anything of a person: answers often repeat what was sent."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote

from hub.destination import Event
from hub.discretion import hidden_numbers

#: Bytes of an answer that are looked at.
LOOKED_AT: Final = 8192
_HIDDEN = "•••"
#: Old personal numbers (9 digits) that stand alone.
_OLD_NUMBER = re.compile(r"(?<![\w-])\d{9}(?![\w-])")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_GAPS = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
#: From so many letters on a value is hidden also inside of a word.
_LONG = 5


def excerpt(body: bytes, events: Sequence[Event], length: int = 500) -> str:
    """Return at most `length` characters of an answer, on one line, in which no value of the events survives.

    Values are found with and without accents, in small and capital letters, and however JSON, HTML or URLs write them.
    """
    text = _ESCAPED.sub(_letter, body.decode("utf-8", "replace"))
    text = unicodedata.normalize("NFC", unquote(html.unescape(text)))
    text = _GAPS.sub(" ", text).strip()
    if len(body) >= LOOKED_AT:
        text = text.rpartition(" ")[0]  # the last word may be half a number or half a name
    text = _OLD_NUMBER.sub(_HIDDEN, hidden_numbers(_without(text, events), _HIDDEN))
    return text if len(text) <= length else text[: length - 1] + "…"


def _without(text: str, events: Sequence[Event]) -> str:
    """Hide the values of the events."""
    plain = _folded(text)
    found = {value for value in set(_values(events)) if value in plain}
    if not found:
        return text
    longest_first = sorted(found, key=len, reverse=True)
    pattern = "|".join(_pattern(value) for value in longest_first)
    parts, end = [], 0
    for hit in re.finditer(pattern, plain):
        parts += [text[end : hit.start()], _HIDDEN]
        end = hit.end()
    return "".join([*parts, text[end:]])


def _pattern(value: str) -> str:
    return re.escape(value) if len(value) >= _LONG else rf"(?<!\w){re.escape(value)}(?!\w)"


def _letter(found: re.Match[str]) -> str:
    letter = chr(int(found[1], 16))
    return letter if letter.isprintable() else " "


def _folded(text: str) -> str:
    """Return the text in small letters without accents, letter by letter, so that places stay the same."""
    return "".join(map(_plain, text))


@lru_cache(maxsize=4096)
def _plain(letter: str) -> str:
    return {"đ": "d", "Đ": "d"}.get(letter) or unicodedata.normalize("NFD", letter)[0].lower()[0]


def _values(events: Iterable[Event]) -> Iterator[str]:
    for event in events:
        yield event.subject
        for value in _leaves(event.data):
            folded = _folded(unicodedata.normalize("NFC", _GAPS.sub(" ", value).strip()))
            yield from filter(_tells, {folded, *folded.split()})


def _tells(value: str) -> bool:
    """Whether a value may tell something of a person; the shortest are codes, and stand in half of all messages."""
    return len(value) >= (3 if value.isdigit() else 2)


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _leaves(item)
