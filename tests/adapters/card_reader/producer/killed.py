"""A counter at work, to be killed: records events and sends them, and says which are safe. Run it with `-m`."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from adapters.card_reader.producer.device import load_enrolment, load_signer
from adapters.card_reader.producer.line import Line
from adapters.card_reader.producer.outbox import Outbox
from adapters.card_reader.producer.recorder import Recorder
from adapters.card_reader.producer.sealing import Sealer
from adapters.card_reader.producer.uplink import Uplink
from tests.adapters.card_reader.producer.making import FOUND


def main(home: Path) -> None:
    """Work until killed."""
    enrolment = load_enrolment(home)
    outbox = Outbox(home, enrolment.device_id)
    sealer = Sealer(load_signer(home, enrolment), enrolment.kid, enrolment.hub_key)
    recorder = Recorder(outbox, sealer, enrolment)
    uplink = Uplink(Line(enrolment.hub), recorder, enrolment.device_id)
    threading.Thread(target=uplink.run, args=(threading.Event(),), daemon=True).start()
    while True:
        safe = recorder.record(FOUND)
        sys.stdout.write(f"{safe.id}\n")  # what the operator sees
        sys.stdout.flush()
        uplink.wake.set()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
