"""What waits to be sent to the hub: looked at without touching it, as the service may be at work on it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from adapters.card_reader.producer.device import BadDevice, NotJoined, load_enrolment
from adapters.card_reader.producer.outbox_state import State, look
from deploy.doctor.finding import Finding, ok, problem, skipped, warning

_CHECK = "outbox"
#: Seconds that an event may wait before it is worth a look.
_LONG = 24 * 3600
_AGAIN = (
    "Đăng ký lại quầy này.",
    "Enrol this counter again: get a code from the hub's operators, then dancu edge join.",
)


def check_outbox(home: Path) -> Iterator[Finding]:
    """Look at the enrolment and at the queue."""
    try:
        state = look(home, load_enrolment(home).device_id)
    except NotJoined:
        yield skipped(_CHECK, "skipped: this counter belongs to no hub yet (dancu edge join)")
    except (BadDevice, OSError) as error:
        yield problem(_CHECK, str(error), *_AGAIN)
    except sqlite3.Error as error:
        vi, en = "Kiểm tra đĩa và quyền của tệp.", "Look at the disk, and who may read the files."
        yield problem(_CHECK, f"{home}: the outbox can't be read: {error}", vi, en)
    else:
        yield _queue(state) if state else ok(_CHECK, "this counter belongs to a hub, and has sent nothing yet")


def _queue(state: State) -> Finding:
    told = f"{state.waiting:,} events wait" + (f", the oldest for {_hours(state.oldest)}" if state.oldest else "")
    if state.stopped:
        vi, en = "Xem docs/edge.md.", "No card is read until that is put right: docs/edge.md says how."
        return problem(_CHECK, f"{told}; the outbox takes no more ({state.stopped})", vi, en)
    if state.refused:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in sorted(state.refused.items()))
        vi, en = "Hỏi người vận hành hub.", "Ask the hub's operators about the reasons."
        return warning(_CHECK, f"{told}; refused by the hub: {reasons}", vi, en)
    if state.trouble or (state.oldest and time.time() - state.oldest / 1000 > _LONG):
        vi, en = "Kiểm tra đường lên hub.", "Look at the way to the hub; nothing is lost meanwhile."
        return warning(_CHECK, told + (f"; last trouble: {state.trouble}" if state.trouble else ""), vi, en)
    return ok(_CHECK, told)


def _hours(at: int) -> str:
    return f"{max(0.0, time.time() - at / 1000) / 3600:.1f} h"
