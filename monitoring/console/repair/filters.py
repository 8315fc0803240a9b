"""The filters of failures as somebody typed them: kept word for word, and read into a selection."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self
from urllib.parse import urlencode

from starlette.datastructures import ImmutableMultiDict

from hub.replays import Kind
from replay.filters import selection_of
from replay.selection import BadSelection, Selection

#: The filters of one line each. Persons are never among them: no personal number stands in a URL.
PLAIN: Final = ("agency", "type", "error_class", "since", "until", "attempts")
#: A moment without an offset, as people write it here: Vietnam's time.
_LOCAL = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2})(:[0-9]{2})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
#: Characters of one filter that are kept; nothing that can be meant is longer.
_LONGEST: Final = 200
_LONGEST_IDS: Final = 8_000


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed, as it was typed."""

    kind: Kind = Kind.DELIVERIES
    agency: str = ""
    type: str = ""
    error_class: str = ""
    since: str = ""
    until: str = ""
    attempts: str = ""
    #: One id a line.
    event_ids: str = ""
    quarantined: bool = False
    #: Everything that has failed is meant, and it was said so.
    all: bool = False
    #: Where the persons' numbers are kept for this session; empty: no persons.
    persons: str = ""

    @classmethod
    def of(cls, given: ImmutableMultiDict[str, Any]) -> Self:
        """Take what a URL or a form gives. What can't be meant is kept too, so that it can be shown and said."""
        kind = Kind.REFUSED if _text(given, "kind") == Kind.REFUSED else Kind.DELIVERIES
        ids = "\n".join(str(one) for one in given.getlist("event_ids"))[:_LONGEST_IDS]
        plain: dict[str, Any] = {name: _text(given, name) for name in PLAIN}
        return cls(
            kind,
            **plain,
            event_ids="\n".join(line.strip() for line in ids.splitlines() if line.strip()),
            quarantined=_text(given, "quarantined") == "1",
            all=_text(given, "all") == "1",
            persons=_text(given, "persons_of"),
        )

    @property
    def ids(self) -> Sequence[str]:
        """The event ids."""
        return self.event_ids.splitlines()

    @property
    def narrows(self) -> bool:
        """Whether anything is filtered."""
        return replace(self, kind=Kind.DELIVERIES, quarantined=False, all=False) != Typed()

    def selection(self, persons: Sequence[str] | None = None) -> Selection:
        """Return what is meant; `persons` are the numbers behind `self.persons`. Raises `BadSelection`.

        Without any filter it means nothing, unless `all` was said.
        """
        content: dict[str, object] = {name: getattr(self, name) for name in PLAIN if getattr(self, name)}
        content |= {name: with_offset(str(content[name])) for name in ("since", "until") if name in content}
        if self.ids:
            content["event_ids"] = list(self.ids)
        if self.persons:
            if persons is None:
                raise BadSelection("persons: they are not known any more; name them again")
            content["persons"] = list(persons)
        return selection_of(content | {"quarantined": self.quarantined, "all": self.all})

    def looked_at(self, persons: Sequence[str] | None = None) -> Selection:
        """Return the same for looking only: without any filter all. Raises `BadSelection`."""
        return self.selection(persons) if self.narrows else Selection()

    def fields(self, **other: str) -> Iterator[tuple[str, str]]:
        """Yield the names and values with which a link or a form says the same; `other` ones take their place."""
        known = {name: getattr(self, name) for name in PLAIN}
        known |= {
            "kind": self.kind.value if self.kind is Kind.REFUSED else "",
            "quarantined": "1" if self.quarantined else "",
            "all": "1" if self.all else "",
            "persons_of": self.persons,
        } | other
        yield from ((name, value) for name, value in known.items() if value)
        if "event_ids" not in other:
            yield from (("event_ids", one) for one in self.ids)

    def query(self, **other: str) -> str:
        """Return the same as the query of a URL, with its question mark; empty when nothing is filtered."""
        fields = list(self.fields(**other))
        return f"?{urlencode(fields)}" if fields else ""


def _text(given: ImmutableMultiDict[str, Any], name: str) -> str:
    value = given.get(name, "")
    return value.strip()[:_LONGEST] if isinstance(value, str) else ""


def with_offset(text: str) -> str:
    """Give a moment or a day that has none the offset of Vietnam; in a URL `+` may have become a space."""
    if _DATE.fullmatch(text):
        return f"{text}T00:00:00+07:00"
    local = _LOCAL.fullmatch(text)
    if local is not None:
        return f"{local[1]}T{local[2]}{local[3] or ':00'}+07:00"
    return text.replace(" ", "+")
