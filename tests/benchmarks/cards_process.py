"""Virtual cards in a process of their own, beside the service: what they cost is not charged to the reader.

`python -m tests.benchmarks.cards_process FOLDER KIND…` writes whom to trust into the folder, puts one card of each kind
into a slot, and serves them until its standard input ends. Kinds: `bac`, `pace`, `chip`.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from tests.adapters.card_reader.slot import Inserted
from tests.adapters.card_reader.stack import Stack, dial
from tests.adapters.card_reader.virtual.behaviour import BAC_ONLY, GENUINE
from tests.adapters.card_reader.virtual.card import VirtualCard
from tests.adapters.card_reader.virtual.personal import GROUP_FILES, MINH, SOD_FILE, Personalised
from tests.adapters.card_reader.virtual.signing import lds_security_object, sod
from tests.adapters.card_reader.virtual.variants import Variant, personalise, signer_for, write_trust

#: The data groups of a card that can only be read: the MRZ, the photo, Vietnam's own.
_PLAIN = (1, 2, 13)


class _Here:
    """This process is where the service is."""

    def connect(self, slot: int) -> socket.socket:
        """Return the socket on which the card of a slot is."""
        return dial(slot)


@contextmanager
def cards(stack: Stack, folder: Path, kinds: Sequence[str]) -> Iterator[None]:
    """Have a card of each kind in the slots; the trust folder is filled."""
    words = [*stack.inside, sys.executable, "-m", __name__, str(folder), *kinds]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        if process.stdout.readline() != b"ready\n":
            raise RuntimeError("the virtual cards do not start")
        yield
        process.stdin.close()


def number() -> str:
    """Return the personal number of every card."""
    return MINH.number


def mrz() -> str:
    """Return the lines on the back of every card."""
    return "".join(personalise().mrz)


def _card(kind: str) -> VirtualCard:
    whole = personalise()
    return VirtualCard(whole if kind == "chip" else _plain(whole), BAC_ONLY if kind == "bac" else GENUINE)


def _plain(whole: Personalised) -> Personalised:
    """Issue the card again without the groups for chip and active authentication."""
    groups = {number: content for number, content in whole.groups.items() if number in _PLAIN}
    files = {file: content for file, content in whole.files.items() if file not in GROUP_FILES.values()}
    files |= {GROUP_FILES[number]: content for number, content in groups.items()}
    return replace(whole, files=files | {SOD_FILE: sod(signer_for(Variant.genuine), lds_security_object(groups))})


def main(folder: str, *kinds: str) -> None:
    """Serve the cards."""
    write_trust(Path(folder))
    with ExitStack() as inserted:
        for slot, kind in enumerate(kinds):
            inserted.enter_context(Inserted(_Here(), slot, _card(kind)))
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
