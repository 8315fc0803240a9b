"""The nouns of the reference model: what it is told of the agencies, and what it expects of the hub."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Terms:
    """What one agency may have, as far as the model must know."""

    agency: str
    #: Event types that it has by law.
    statute: frozenset[str]
    #: Event types that it has with the person's consent for `purpose`.
    consent: frozenset[str] = frozenset()
    purpose: str = ""
    #: Types (of `statute` or `consent`) only about persons of whom it has received something before.
    only_if_received: frozenset[str] = frozenset()
    #: Codes (VN34) of the provinces it is limited to, or None.
    provinces: frozenset[str] | None = None
    #: Personal numbers it is limited to, or None.
    persons: frozenset[str] | None = None

    @property
    def limited(self) -> bool:
        """Whether it may have less than everyone's events."""
        return self.provinces is not None or self.persons is not None


@dataclass(frozen=True, slots=True)
class Due:
    """One event that an agency must get."""

    event_id: str
    #: The number valid for the person when the event was published.
    person: str
    #: What the delivered subject may be: that number, or the one sent with a change of numbers.
    subjects: frozenset[str]
    change: str
    #: Whether addresses may be in it. They must not come back later; less is always allowed.
    addresses: bool
    unmatched: bool = False
    #: The person's earlier numbers at that moment: what was published under them must come before.
    earlier: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Expected:
    """What must have happened once everything is delivered."""

    #: For each line, in order: published, joined, duplicate:event_id, duplicate:fact, duplicate:vital,
    #: refused:invalid or refused:late. A vital duplicate that stands later keeps its verdict, and is due.
    verdicts: Sequence[str]
    #: Per agency, in the order of publication.
    due: Mapping[str, Sequence[Due]]
    #: Per agency: event id and reason.
    withheld: Mapping[str, Sequence[tuple[str, str]]]
    #: Number given up → number valid at the end.
    replaced: Mapping[str, str]

    def counts(self) -> Counter[str]:
        """Return how many lines have each verdict."""
        return Counter(self.verdicts)

    def person(self, number: str) -> str:
        """Return the number that is valid at the end for whoever has or had `number`."""
        return self.replaced.get(number, number)
