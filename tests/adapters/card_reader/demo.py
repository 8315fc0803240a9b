"""A virtual counter for `dancu demo`: reads some cards in a virtual reader and writes what came of them, as JSON.

Ends with exit code 3, and the reason in one sentence, where this machine lacks a part.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from adapters.card_reader.insertion import Insertion
from adapters.card_reader.key import key_of_number
from adapters.card_reader.reading import Wish
from adapters.card_reader.session import Slot
from adapters.card_reader.trust import load_trust
from adapters.card_reader.watching import Watcher
from tests.adapters.card_reader.slot import seen, wait_for
from tests.adapters.card_reader.stack import a_stack, missing_stack
from tests.adapters.card_reader.virtual.card import VirtualCard
from tests.adapters.card_reader.virtual.variants import Variant, personalise, write_trust

_LACKING = 3
_SHOWN = (Variant.genuine, Variant.clone, Variant.altered_dg13, Variant.unknown_csca, Variant.expired_document)


def show() -> Iterator[dict[str, Any]]:
    """Yield the reading of each card."""
    with tempfile.TemporaryDirectory() as folder, a_stack() as stack:
        os.environ.update(stack.environment)
        trust = load_trust(write_trust(Path(folder) / "csca"))
        for variant in _SHOWN:
            card = personalise(variant)
            with seen(stack, VirtualCard(card)) as reader:
                counter = Insertion(Slot(reader, virtual=True))
                reading = counter.read(key_of_number(card.number), trust, Wish(datetime.now(UTC)))
                yield {"card": variant, **reading.as_json()}
            with Watcher() as watcher:
                wait_for(watcher, lambda: not any(watcher.readers.values()))


def main() -> None:
    """Write the readings, or why there are none."""
    if (lacks := missing_stack()) is not None:
        sys.stdout.write(lacks)
        sys.exit(_LACKING)
    sys.stdout.buffer.write(orjson.dumps(list(show())))


if __name__ == "__main__":
    main()
