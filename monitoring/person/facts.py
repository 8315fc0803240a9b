"""Pure: what holds for a person today, as far as the registers have told the hub, and which event says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from hub.edge.cards import Card, state_of
from monitoring.person.acts import Act
from monitoring.person.places import address_text
from schemas.conversion import iso_date

#: What tells of somebody's name, sex and birth; the newest word holds.
_DETAILS: Final = ("BirthRegistered", "PersonDetailsCorrected", "DeathRegistered")


class Fact(NamedTuple):
    """Something that holds for the person."""

    #: A key of `monitoring.person.words.FACTS`.
    what: str
    #: In the form of the schema: a date, a name, an address; an upper-case word is a key of `VALUES`.
    value: str | None
    #: The first day, as an ISO date.
    since: str | None
    #: The last day, if it has one.
    until: str | None
    event_id: str
    #: The value is kept off every screen, because the person's address is protected.
    protected: bool = False

    def __repr__(self) -> str:
        return f"Fact({self.what})"


def current_facts(acts: Sequence[Act], today: int, *, strict: bool = False) -> list[Fact]:
    """Return them in the order in which they are read. `today`: days since 1970; `strict`: without addresses."""
    found = [*_person(acts), *_life(acts), *_residences(acts, today), *_marriage(acts), *_papers(acts, today)]
    return [one._replace(value=None, protected=True) if strict and one.what in _PLACES else one for one in found]


_PLACES: Final = frozenset({"residence", "temporary_residence", "stay", "birth_place"})
_SIMPLE: Final = ("sex", "born_on", "nationality")


def _person(acts: Sequence[Act]) -> Iterator[Fact]:
    told = [act for act in acts if act.type in _DETAILS]
    if name := _newest(told, "name"):
        parts = name.content["name"]
        words = (parts.get("family"), parts.get("middle"), parts.get("given"))
        yield _fact("name", " ".join(word for word in words if word), name)
    for field in _SIMPLE:
        if (act := _newest(told, field)) is not None:
            value = act.content[field]
            yield _fact(field, iso_date(value) if field == "born_on" else str(value), act)
    if (act := _newest(told, "birth_place")) is not None:
        yield _fact("birth_place", address_text(act.content["birth_place"]), act)


def _newest(acts: Sequence[Act], field: str) -> Act | None:
    return next((act for act in reversed(acts) if act.content.get(field) is not None), None)


def _life(acts: Sequence[Act]) -> Iterator[Fact]:
    deaths = [act for act in acts if act.type == "DeathRegistered"]
    if deaths:
        yield _fact("life", "DECEASED", deaths[0], since=deaths[0].content.get("died_on"))
    elif acts:
        yield _fact("life", "ALIVE", acts[-1])


def _residences(acts: Sequence[Act], today: int) -> Iterator[Fact]:
    every = [act for act in acts if act.type == "ResidenceChanged"]
    moves = [act for act in every if not act.ended]
    permanent = [act for act in moves if act.content.get("kind") == "PERMANENT"]
    ever_moved = any(act.content.get("kind") == "PERMANENT" for act in every)
    if permanent:
        act = max(permanent, key=_by("moved_on"))
        yield _fact("residence", _address(act, "to_address"), act, since=act.content.get("moved_on"))
    elif not ever_moved and (birth := _newest(_births(acts), "residence")) is not None:
        yield _fact("residence", _address(birth, "residence"), birth, since=birth.content.get("born_on"))
    for kind, what in (("TEMPORARY", "temporary_residence"), ("STAY", "stay")):
        for act in moves:
            until = act.content.get("until")
            if act.content.get("kind") == kind and (until is None or until >= today):
                dates = {"since": act.content.get("moved_on"), "until": until}
                yield _fact(what, _address(act, "to_address"), act, **dates)


def _births(acts: Sequence[Act]) -> list[Act]:
    return [act for act in acts if act.type == "BirthRegistered"]


def _address(act: Act, field: str) -> str | None:
    content = act.content.get(field)
    return address_text(content) if content else None


def _marriage(acts: Sequence[Act]) -> Iterator[Fact]:
    made = [act for act in acts if act.type == "MarriageRegistered"]
    ended = [act for act in acts if act.type == "MarriageEnded"]
    last, end = max(made, key=_by("married_on"), default=None), max(ended, key=_by("ended_on"), default=None)
    if end is not None and (last is None or _day(end, "ended_on") >= _day(last, "married_on")):
        why = end.content.get("reason")
        yield _fact("marriage", f"ENDED_{why}" if why else "ENDED", end, since=end.content.get("ended_on"))
    elif last is not None:
        state = "ENDED" if last.ended else "MARRIED"
        yield _fact("marriage", state, last, since=last.content.get("married_on"))


def _papers(acts: Sequence[Act], today: int) -> Iterator[Fact]:
    cards = [(act, _card(act)) for act in acts if act.type == "IdentityCardIssued"]
    for act, card in cards:
        state = state_of(card.number, [one for _, one in cards])
        until = act.content.get("expires_on")
        if state == "valid":
            expired = until is not None and until < today
            yield _fact("card", card.number, act, since=card.issued_on, until=until)
            yield _fact("card_state", "EXPIRED" if expired else "VALID", act)
        elif act is cards[-1][0]:
            yield _fact("card_state", state.upper(), act)
    for act in [act for act in acts if act.type == "IdentityAccountActivated"][-1:]:
        ended = "ENDED" if act.ended else str(act.content.get("level"))
        yield _fact("account", ended, act, since=act.content.get("activated_on"))


def _card(act: Act) -> Card:
    said: Mapping[str, Any] = act.content
    before = (said.get("previous_document_number"), said.get("previous_document_state"))
    return Card(said.get("document_number"), said.get("issued_on"), act.ended, *before, act.position)


def _fact(what: str, value: str | None, act: Act, since: int | None = None, until: int | None = None) -> Fact:
    return Fact(what, value, _iso(since), _iso(until), act.event_id)


def _iso(day: int | None) -> str | None:
    return None if day is None else iso_date(day)


def _by(field: str) -> Callable[[Act], tuple[int, int]]:
    return lambda act: (_day(act, field), act.position)


def _day(act: Act, field: str) -> int:
    day = act.content.get(field)
    return day if isinstance(day, int) else 0
