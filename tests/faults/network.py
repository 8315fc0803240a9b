"""A network of its own for some processes, that can be cut: what is sent over it disappears, and nobody is told."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tests.missing import skip_missing

#: An address that no card has: frames to it are dropped by whoever gets them.
_NOBODY = "02:00:00:00:00:0f"
_MAC = re.compile(r"link/ether (\S+)")


@dataclass(frozen=True, slots=True)
class Island:
    """A network namespace that reaches this machine over one cable."""

    name: str
    #: Addresses of this machine and of the island on the cable, with the cards that they are on.
    here: str
    there: str
    card_here: str
    card_there: str

    @property
    def prefix(self) -> Sequence[str]:
        """What goes before a command that is to run there."""
        return ("ip", "netns", "exec", self.name)

    def cut(self) -> None:
        """Let everything disappear that is sent in either direction, as behind a switch without power."""
        self._send_to(_NOBODY, _NOBODY)

    def mend(self) -> None:
        """Let everything come through again."""
        self._send_to(
            _mac(_ip("-n", self.name, "link", "show", self.card_there)), _mac(_ip("link", "show", self.card_here))
        )

    def _send_to(self, there: str, here: str) -> None:
        _ip("neigh", "replace", self.there, "lladdr", there, "dev", self.card_here, "nud", "permanent")
        far = ("-n", self.name, "neigh", "replace", self.here, "lladdr", here, "dev", self.card_there)
        _ip(*far, "nud", "permanent")


@contextmanager
def island(number: int = 0) -> Iterator[Island]:
    """Make one, and take it away at the end. Skips the running test where this can't be done."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        skip_missing("a network that can be cut needs root, and iproute2 (Debian and Ubuntu: apt install iproute2)")
    mine = f"{os.getpid() % 0xFFFF:x}{number}"
    net = f"10.213.{os.getpid() % 250}.{4 * number}"
    made = Island(f"dancu{mine}", _next(net, 1), _next(net, 2), f"dh{mine}", f"di{mine}")
    try:
        try:
            _build(made)
        except subprocess.CalledProcessError as refused:
            skip_missing(f"a network of its own can't be made here: {refused.stderr.strip()}")
        yield made
    finally:
        subprocess.run(["ip", "link", "del", made.card_here], capture_output=True)
        subprocess.run(["ip", "netns", "del", made.name], capture_output=True)


def _build(made: Island) -> None:
    far = ("-n", made.name)
    _ip("netns", "add", made.name)
    _ip("link", "add", made.card_here, "type", "veth", "peer", "name", made.card_there, "netns", made.name)
    _ip("addr", "add", f"{made.here}/30", "dev", made.card_here)
    _ip(*far, "addr", "add", f"{made.there}/30", "dev", made.card_there)
    _ip("link", "set", made.card_here, "up")
    _ip(*far, "link", "set", made.card_there, "up")
    _ip(*far, "link", "set", "lo", "up")
    made.mend()


def _next(address: str, more: int) -> str:
    front, _, last = address.rpartition(".")
    return f"{front}.{int(last) + more}"


def _mac(shown: str) -> str:
    found = _MAC.search(shown)
    assert found, shown
    return found[1]


def _ip(*words: str) -> str:
    return subprocess.run(["ip", *words], capture_output=True, text=True, check=True).stdout
