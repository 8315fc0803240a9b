"""What can be wrong with a counter, in one sentence. Import it where the extra `edge` is there."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from deploy.cli.shell import fail


@contextmanager
def plain_edge_errors() -> Iterator[None]:
    """End the command in plain words when the counter's files, its lock, its line or its hub are not as needed."""
    from adapters.card_reader.producer.device import BadDevice
    from adapters.card_reader.producer.joining import NotAdmitted
    from adapters.card_reader.producer.line import BadAddress, LineDown
    from adapters.card_reader.producer.outbox_file import OutboxDamaged, Stopped
    from deploy.edge.run_lock import EdgeBusy

    try:
        yield
    except BadAddress as problem:
        fail(str(problem), 2)
    except LineDown as down:
        fail(f"trung tâm không trả lời / the hub does not answer: {down}")
    except NotAdmitted as refused:
        fail(f"trung tâm từ chối / the hub refuses: {refused}")
    except (BadDevice, EdgeBusy, OutboxDamaged) as problem:
        fail(str(problem))
    except Stopped as stopped:
        fail(f"the outbox can't be written ({stopped.why}). Make room on the disk; nothing is lost")
    except sqlite3.Error as error:
        fail(f"the outbox can't be read: {error}")
