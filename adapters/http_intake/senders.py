"""Who may send: names, the hashes of their tokens, and what each may speak for. No token is kept anywhere."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hub.access.digest import digest_of
from hub.intake.desk import Unread

_LINE = re.compile(r"(?P<name>[a-z][a-z0-9-]{0,39})\s+sha256:(?P<hash>[0-9a-f]{64})(\s+(?P<prefix>/\S{0,299}))?")
_FORM = "NAME sha256:HEX [/source/prefix/]"


class BadTokens(Exception):
    """The file with the tokens can't be used. Says which line and what belongs there."""


@dataclass(frozen=True, slots=True)
class Sender:
    """A source that may send events."""

    #: Lower-case letters, digits and `-`, from a letter on.
    name: str
    #: SHA-256 of the token, in hexadecimal.
    digest: str = field(repr=False)
    #: What its events' `source` begins with; None: anything.
    prefix: str | None = None

    def may_say(self, source: str | None) -> bool:
        """Whether an event of this source may come from here. One without a source is for intake to refuse."""
        if self.prefix is None or source is None:
            return True
        if "%" in source or ".." in source.split("/"):
            return False  # another way to write a place that is not below the prefix
        below = self.prefix if self.prefix.endswith("/") else self.prefix + "/"
        return source == self.prefix or source.startswith(below)


def forbidden(sender: Sender, raw: bytes) -> Unread:
    """Return the refusal of an event that its sender may not speak for."""
    return Unread(raw, "forbidden_source", f"source: {sender.name} may only send what begins with {sender.prefix}")


#: Whoever sends from this machine where no tokens are asked for.
LOCAL = Sender("local", "")


def new_token(name: str, prefix: str | None = None) -> tuple[str, str]:
    """Return a new token and the line for the file. Raises `BadTokens` for a name or prefix that can't be one."""
    token = "dancu_" + secrets.token_urlsafe(32)
    line = " ".join(filter(None, (name, f"sha256:{digest_of(token)}", prefix)))
    read_sender(line, "the new line")
    return token, line


def read_sender(line: str, where: str) -> Sender:
    """Read a line. Raises `BadTokens`, without what stands in it."""
    found = _LINE.fullmatch(line.strip())
    if found is None:
        raise BadTokens(f"{where}: is not {_FORM}. `dancu intake token NAME` prints such a line.")
    return Sender(found["name"], found["hash"], found["prefix"])


class Senders:
    """The senders in a file, one on a line; `#` begins a comment. A changed file is read again by itself.

    A name may stand there twice, with an old and a new token. Raises `BadTokens` where the file can't be read, also
    later: as long as nobody can say who may send, nobody may.
    """

    def __init__(self, path: Path) -> None:
        """Read the file."""
        self._path = path
        self._state: tuple[int, int, int] | None = None
        self._senders: Sequence[Sender] = ()
        self._read_if_changed()

    def of(self, token: str) -> Sender | None:
        """Return whose token this is. Takes the same time for every wrong one."""
        self._read_if_changed()
        digest, found = digest_of(token), None
        for sender in self._senders:
            if hmac.compare_digest(sender.digest, digest):
                found = sender
        return found

    def _read_if_changed(self) -> None:
        try:
            stat = self._path.stat()
            state = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            if state == self._state:
                return
            lines = self._path.read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise BadTokens(f"{self._path}: can't be read: {error.strerror}") from error
        except UnicodeDecodeError:
            raise BadTokens(f"{self._path}: is not UTF-8") from None
        numbered = [(number, line.partition("#")[0].strip()) for number, line in enumerate(lines, 1)]
        self._senders = [read_sender(line, f"{self._path}:{number}") for number, line in numbered if line]
        self._state = state
