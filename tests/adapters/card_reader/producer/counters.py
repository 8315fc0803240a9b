"""A counter with virtual cards in its readers, without PC/SC: the cards' real protocol in the same process."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from adapters.card_reader.key import Key
from adapters.card_reader.producer.counter.desk import Seat
from adapters.card_reader.producer.service import Counter, Readers
from adapters.card_reader.reading import Wish, read_card
from adapters.card_reader.result import Reading
from adapters.card_reader.trust import Trust, load_trust
from adapters.card_reader.watching import Change, What
from deploy.edge.keys import key_of_lines
from deploy.edge.readers import explain, read_code
from tests.adapters.card_reader.producer.making import Device
from tests.adapters.card_reader.virtual.behaviour import GENUINE, Behaviour
from tests.adapters.card_reader.virtual.card import VirtualCard
from tests.adapters.card_reader.virtual.in_process import InProcess
from tests.adapters.card_reader.virtual.personal import MINH, Persona
from tests.adapters.card_reader.virtual.variants import Variant, personalise, write_trust

#: The content of the code on the card of a persona, of 2021.
QR = f"{MINH.number}|{MINH.old_number}|{MINH.name}|17051992|{MINH.sex}|{MINH.address}|01062021"


@cache
def trust() -> Trust:
    with TemporaryDirectory() as folder:
        return load_trust(write_trust(Path(folder)))


@dataclass
class Table:
    """A counter and its readers. `put` a card into one, then `ask`."""

    device: Device
    purposes: tuple[str, ...] = ("health-check-in",)
    cards: dict[str, InProcess] = field(default_factory=dict)
    counter: Counter = field(init=False)

    def __post_init__(self) -> None:
        readers = Readers(lambda text: key_of_lines(iter(text.splitlines())), self._card, read_code, explain)
        self.counter = Counter(self.device.recorder, readers, self.purposes)

    def put(
        self, variant: Variant = Variant.genuine, reader: str = "A", persona: Persona = MINH, how: Behaviour = GENUINE
    ) -> None:
        self.cards[reader] = InProcess(VirtualCard(personalise(variant, persona, None), how))
        self.counter.happened(Change(What.reader_added, reader))
        self.counter.happened(Change(What.card_inserted, reader))

    def take(self, reader: str = "A") -> None:
        self.counter.happened(Change(What.card_removed, reader))

    def seat(self, reader: str = "A") -> Seat:
        return self.counter.desk.seats[reader]

    def ask(self, text: str = MINH.number, reader: str | None = None) -> dict[str, object]:
        """Give a key; return the result when it is there."""
        said = self.counter.ask(text, self.purposes[0], reader)
        assert said is None, said
        return self.result(reader or "A")

    def result(self, reader: str = "A") -> dict[str, object]:
        deadline = time.monotonic() + 30
        while (result := self.seat(reader).result) is None:
            assert time.monotonic() < deadline, "there is no result"
            time.sleep(0.002)
        return result

    def _card(self, reader: str) -> Callable[[Key], Reading]:
        return lambda key: read_card(self.cards[reader], key, trust(), Wish(datetime.now(UTC)))
