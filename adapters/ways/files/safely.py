"""Files that are there whole or not at all, whatever is killed; and the folder's troubles in plain words."""

from __future__ import annotations

import errno
import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from hub.destination import Unavailable

#: The agency's group may read what is in the folder; nobody else may.
FILE_MODE, FOLDER_MODE = 0o640, 0o750
_CHUNK = 1 << 20
_WORDS = {
    errno.ENOSPC: "the disk is full. Make room; nothing is lost",
    errno.EDQUOT: "the quota is used up. Make room; nothing is lost",
    errno.ENOENT: "the folder is not there. Is the share mounted? Make it, or correct `folder` in the agreement",
    errno.ENOTDIR: "there is a file in place of the folder",
    errno.EACCES: "the hub's account may not write there. Give it the right to",
    errno.EPERM: "the hub's account may not write there. Give it the right to",
    errno.EROFS: "the file system is read-only",
}


class Sealed(NamedTuple):
    """What is known of a file that was written."""

    bytes: int
    #: In hexadecimal.
    sha256: str


@contextmanager
def written(target: Path) -> Iterator[IO[bytes]]:
    """Write a file under a temporary name; it gets its own when it is whole and on the disk."""
    temporary = target.with_name(f".{target.name}.tmp")
    descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, FILE_MODE)
    with os.fdopen(descriptor, "w+b") as file:
        os.fchmod(descriptor, FILE_MODE)  # whatever the umask is
        yield file
        file.flush()
        os.fsync(descriptor)
    temporary.rename(target)
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def seal(file: Path) -> Sealed:
    """Return a file's size and hash."""
    digest, size = hashlib.sha256(), 0
    with file.open("rb") as content:
        while chunk := content.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return Sealed(size, digest.hexdigest())


@contextmanager
def in_plain_words(folder: Path) -> Iterator[None]:
    """Turn what a disk, a share or a journal in the folder can do into `Unavailable`: it comes again."""
    try:
        yield
    except OSError as error:
        words = _WORDS.get(error.errno or 0, error.strerror or type(error).__name__)
        raise Unavailable(f"{folder}: {words}") from None
    except sqlite3.OperationalError as error:
        raise Unavailable(f"{folder}: the journal (.dancu/journal.db) can't be used now: {error}") from None
    except sqlite3.DatabaseError as error:
        said = "restore it, or move it away to begin a new one (events may then come twice)"
        raise Unavailable(f"{folder}: the journal (.dancu/journal.db) is damaged: {error}; {said}") from None
