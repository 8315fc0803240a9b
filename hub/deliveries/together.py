"""Lets threads that write at once share one transaction, so that many feeds cost no more than a few."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

#: So many wishes share a transaction at most.
_MOST = 32


@dataclass(slots=True)
class _Wish:
    """What a thread wants to be written."""

    write: Callable[[sa.Connection], None]
    done: bool = False
    error: BaseException | None = None


class Together:
    """Writes to one database. Each writer waits until what it wanted is committed, as it would alone.

    On SQLite, where one transaction waits for the other anyway and each waits for the disk. They wait in turn: SQLite
    itself would let them look again and again, and the unlucky one wait for ever. PostgreSQL does better with many
    transactions at once.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._alone = engine.dialect.name != "sqlite"
        self._asking = threading.Lock()
        self._writing = threading.Lock()
        self._wishes: deque[_Wish] = deque()

    def run(self, write: Callable[[sa.Connection], None]) -> None:
        """Let `write` be called in a transaction, perhaps among others, perhaps by another thread. Raises its errors.

        It may be called twice: whose transaction fails is tried again alone.
        """
        if self._alone:
            with self._engine.begin() as connection:
                write(connection)
            return
        mine = _Wish(write)
        with self._asking:
            self._wishes.append(mine)
        while not mine.done:
            with self._writing:
                if not mine.done:
                    self._fulfil(self._next())
        if mine.error is not None:
            raise mine.error

    def _next(self) -> list[_Wish]:
        with self._asking:
            return [self._wishes.popleft() for _ in range(min(_MOST, len(self._wishes)))]

    def _fulfil(self, wishes: list[_Wish]) -> None:
        try:
            with self._engine.begin() as connection:
                for wish in wishes:
                    wish.write(connection)
        except Exception as error:
            if len(wishes) == 1:
                wishes[0].error = error
            else:  # the trouble of one is not the others'
                for wish in wishes:
                    self._fulfil([wish])
        except BaseException as error:
            for wish in wishes:
                wish.error = error
            raise
        finally:
            for wish in wishes:
                wish.done = True
