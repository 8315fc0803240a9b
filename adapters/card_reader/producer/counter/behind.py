"""What the page shows and what its keys do: the counter's desk, put together with its line to the hub."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from adapters.card_reader.producer.counter import words
from adapters.card_reader.producer.outbox_file import Stop, Stopped

if TYPE_CHECKING:
    from adapters.card_reader.producer.service import Counter


class CounterPage:
    """One counter's page."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def look(self, after: int, seconds: float) -> dict[str, Any]:
        """Return what is to be shown, when it is not that of version `after`, or after so many seconds."""
        outbox = self._counter.recorder.outbox
        seen = self._counter.desk.look(after, seconds)
        contact, trouble = outbox.line()
        return {
            **seen,
            "purposes": [{"id": one, **_purpose(one).toned("quiet")} for one in self._counter.purposes],
            "stopped": self._stopped(),
            "line": {"waiting": outbox.waiting, "contact": contact, "down": trouble is not None},
            "alarms": [
                {"id": one["id"], "at": one["at"], **words.answer_words(one)} for one in outbox.alarms.all()[:20]
            ],
        }

    def told(self, what: str, content: Mapping[str, Any]) -> dict[str, Any] | None:
        """Do what the operator asked for and return what to say about it; None: nobody knows what that is."""
        text, purpose, reader = (content.get(name) for name in ("text", "purpose", "reader"))
        if what in ("key", "code") and isinstance(text, str) and isinstance(purpose, str):
            name = reader if isinstance(reader, str) and reader else None
            said = self._counter.ask(text, purpose, name, code=what == "code")
            return {"said": said and said.toned("fail")}
        if what == "clear":
            self._counter.desk.clear()
            return {"said": None}
        if what == "seen" and isinstance(content.get("id"), str):
            return self._seen(content["id"])
        return None

    def _seen(self, event_id: str) -> dict[str, Any]:
        try:
            self._counter.recorder.outbox.alarms.seen(event_id)
        except Stopped as stopped:
            return {"said": words.STOPS[stopped.why].toned("fail")}
        with self._counter.desk.changing():  # all pages of this counter look again
            return {"said": None}

    def _stopped(self) -> dict[str, Any] | None:
        try:
            self._counter.recorder.outbox.check()
        except Stopped as stopped:
            return words.STOPS[Stop(stopped.why)].toned("fail")
        return None


def _purpose(name: str) -> words.Words:
    return words.PURPOSES.get(name, words.Words(name, name))
