"""Reads what the hub answers to a batch of events. Nothing is believed that does not name the event it is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from adapters.card_reader.producer.outbox import Waiting

_STATES = ("taken", "repeated", "refused")
_LIVES = ("alive", "deceased", "unknown")
_CARDS = ("valid", "replaced", "lost", "unknown")
#: Characters of a reason or an alert.
_LONGEST = 80


class NoAnswer(Exception):
    """What came is no answer to what was sent."""


class Verdict(NamedTuple):
    """What the hub did with one event."""

    event: Waiting
    #: `taken`, `repeated` (it had it) or `refused`.
    state: str
    reason: str | None
    #: `life`, `card` and `alerts`; None: it has nothing to say.
    answer: Mapping[str, Any] | None


def read_verdicts(body: object, sent: Sequence[Waiting]) -> list[Verdict]:
    """Return the verdicts on events that were sent; events without one are still to be sent. Raises `NoAnswer`."""
    results = body.get("results") if isinstance(body, Mapping) else None
    if not isinstance(results, list):
        raise NoAnswer("something else than the hub answers there")
    if len(results) > len(sent):
        raise NoAnswer("the hub answers about more events than it was asked about")
    return [_verdict(result, event) for result, event in zip(results, sent, strict=False)]


def _verdict(result: object, event: Waiting) -> Verdict:
    """The results are in the order of the events. One that the hub could not even open has no name."""
    said = result if isinstance(result, Mapping) else {}
    name, state = (said.get("sequence"), said.get("id")), said.get("state")
    is_nameless = name == (None, None) and state == "refused"
    if state not in _STATES or not (is_nameless or name == (event.sequence, event.id)):
        raise NoAnswer("the hub answers about events that it was not asked about")
    return Verdict(event, str(state), _word(said.get("reason")), _answer(said.get("answer")))


def _answer(said: object) -> dict[str, Any] | None:
    if not isinstance(said, Mapping):
        return None
    life, card, alerts = said.get("life"), said.get("card"), said.get("alerts")
    return {
        "life": life if life in _LIVES else "unknown",
        "card": card if card in _CARDS else "unknown",
        "alerts": [word for one in alerts if (word := _word(one))] if isinstance(alerts, list) else [],
    }


def _word(said: object) -> str | None:
    """Return a short code or name; nothing that could be a person's number survives."""
    if isinstance(said, Mapping):
        said = said.get("kind")
    if not isinstance(said, str):
        return None
    return "".join(c for c in said if c.isalpha() or c in "_- ")[:_LONGEST] or None
