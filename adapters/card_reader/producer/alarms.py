"""Answers of the hub that somebody at the counter must see: kept until somebody has, also when the line was down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from adapters.card_reader.producer.outbox_file import OutboxFile

#: So many are kept, the latest.
KEPT = 100


def is_alarm(answer: Mapping[str, Any]) -> bool:
    """Whether somebody must see an answer: the holder is dead, the card is not the valid one, or the hub says so."""
    return answer["life"] == "deceased" or answer["card"] in ("replaced", "lost") or bool(answer["alerts"])


class Alarms:
    """Those of one outbox. Nothing in them says who the person is: only which event, when, and what about it."""

    def __init__(self, file: OutboxFile) -> None:
        self._file = file

    def add(self, event_id: str, at: int, answer: Mapping[str, Any]) -> None:
        """Keep an answer. Raises `Stopped`."""
        with self._file.writing() as connection:
            connection.execute("INSERT OR REPLACE INTO alerts VALUES (?, ?, ?)", (event_id, at, orjson.dumps(answer)))
            beyond = "SELECT id FROM alerts ORDER BY at DESC LIMIT -1 OFFSET ?"
            connection.execute(f"DELETE FROM alerts WHERE id IN ({beyond})", (KEPT,))  # noqa: S608 - our own text

    def all(self) -> list[dict[str, Any]]:
        """Return them, the latest first."""
        with self._file.reading() as connection:
            query = "SELECT id, at, answer FROM alerts ORDER BY at DESC"
            return [{"id": one, "at": at, **orjson.loads(answer)} for one, at, answer in connection.execute(query)]

    def seen(self, event_id: str) -> None:
        """Forget one. Raises `Stopped`."""
        with self._file.writing() as connection:
            connection.execute("DELETE FROM alerts WHERE id = ?", (event_id,))
