"""What the edge commands need from the extra `edge`, and what is said where it is not installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from deploy.cli.shell import fail

#: Packages of the extra, as they are imported, and the distributions that bring them.
_PACKAGES = {"smartcard": "pyscard", "cryptography": "cryptography", "asn1crypto": "asn1crypto", "joserfc": "joserfc"}


@contextmanager
def edge_extra() -> Iterator[None]:
    """Import what needs the extra inside of this: a missing package ends the command in plain words, exit code 1."""
    try:
        yield
    except ModuleNotFoundError as missing:
        package = _PACKAGES.get((missing.name or "").partition(".")[0])
        if package is None:
            raise
        fail(
            f"chưa cài {package} / {package} is not installed. Install the extra: pip install 'dancu-hub[edge]' "
            "(pyscard is built on this machine; on Debian and Ubuntu: apt install gcc libpcsclite-dev pcscd)"
        )
