"""`python -m tests.monitoring.console.building HOME EVENTS`: makes the home of the scene; prints what is in it as JSON.

It is a process of its own: what it leaves open or loaded does not stay.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import orjson
import sqlalchemy as sa

from adapters.ingest import Ingest
from deploy.bootstrap import Hub, now_ms, open_hub
from deploy.demo.holdings import endow
from deploy.demo.lines import SourceLine
from deploy.demo.places import INHABITANTS
from deploy.demo.show import stream
from deploy.replaying import desk_of
from deploy.running import Run
from deploy.settings import load_settings
from hub.access import OPERATOR, Holder, Tokens
from hub.activity import Activity
from hub.contacts.contact import Suspension
from hub.database import reading
from hub.deliveries import State
from hub.deliveries.tables import held
from hub.replays import Kind, Move
from hub.topics import DELIVER, outbox
from replay.desk import Limits
from replay.selection import Selection
from tests.monitoring.console.counters import read_cards
from tests.monitoring.console.faulty import BUGS, Faulty
from tests.monitoring.console.history import Earlier, write_history
from tests.monitoring.console.late_cases import let_cases_be_late

SEED: Final = 2026
DOWN: Final = "electricity"
#: Name → role. Minh and Hoa may approve what the other one plans.
PEOPLE: Final = {"an": "viewer", "lan": "operator", "minh": "approver", "hoa": "approver", "thu": "auditor"}
SUSPENDED: Final = {"construction": "bảo trì hệ thống đến thứ Hai", "province_96": "đang kiểm tra an toàn thông tin"}
#: Of the agencies that fetch: who has never come, and who comes no more.
NEVER: Final = ("mobile_c", "office_12", "office_14", "province_12", "culture")
SILENT: Final = ("mobile_b", "office_25", "province_11", "province_52")
_MINUTE, _DAY = 60_000, 86_400_000


def build(hub: Hub, events: int) -> dict[str, Any]:
    """Let everything happen; return what tests want to know."""
    tokens = {name: Tokens(hub.deliveries_db).new(Holder(OPERATOR, name, role), "setup", now_ms())
              for name, role in PEOPLE.items()}  # fmt: skip
    hub.contacts.suspend(DOWN, Suspension(now_ms(), "setup", "chờ đường truyền"))
    write_history(
        Activity(hub.deliveries_db),
        [name for name in hub.agencies if name not in (DOWN, *NEVER)],
        list(INHABITANTS),
        now_ms(),
    )
    lines = list(stream(events, SEED))
    told = [(line.intent, orjson.loads(line.raw)) for line in lines if not line.intent.startswith("invalid")]
    _send(hub, lines)
    _run(hub)
    living, dead = _card_holders(told)
    devices = read_cards(hub, living, dead)
    _run(hub)
    _replay_some(hub)
    _run(hub, repaired=("welfare",))
    let_cases_be_late(hub)
    plans = _plan_others(hub)
    _meet(hub)
    for agency, reason in SUSPENDED.items():
        hub.contacts.suspend(agency, Suspension(now_ms() - 3_600_000, "lan", reason))
    hub.contacts.resume(DOWN, Suspension(now_ms(), "lan", "đường truyền đã có"))
    hub.contacts.failed(DOWN, now_ms() - 40 * _MINUTE, "cannot connect: the connection was refused", now_ms())
    return {
        "tokens": tokens, "parked": _parked(hub), "devices": devices, "dead": dead, "living": living[:5],
        "plans": plans, "by_intent": _by_intent(told), "by_type": _by_type(told), "busiest": _busiest(told),
        "protected": _protected(told), "consenting": _consenting(told),
    }  # fmt: skip


def _send(hub: Hub, lines: Sequence[SourceLine]) -> None:
    endow(hub, lines)
    file = hub.home.folder / "sent.ndjson"
    file.write_bytes(b"".join(line.raw + b"\n" for line in lines))
    Ingest(hub.desk(), hub.log, hub.home.oversized).file(file)
    file.unlink()


def _run(hub: Hub, repaired: Sequence[str] = ()) -> None:
    faulty = {name: Faulty(hub.destination(name), bugs) for name, bugs in BUGS.items() if name not in repaired}
    Run(hub, until_idle=True, destinations=faulty, observe=Earlier(Activity(hub.deliveries_db), now_ms)).go()


def _replay_some(hub: Hub) -> None:
    """Let one replay be behind us when the scene begins."""
    desk, reason = desk_of(hub), "tài khoản chi trả đã được bổ sung"
    plan = desk.plan(Kind.DELIVERIES, Selection("welfare", type="BirthRegistered"), "lan", reason, Limits())
    desk.approve(plan.id, "minh", "đã kiểm tra ba trường hợp")
    desk.move(plan.id, Move.STARTED, "lan", None)


def _plan_others(hub: Hub) -> dict[str, str]:
    """Let one plan wait for its approval, and one be cancelled."""
    desk = desk_of(hub)
    waiting = desk.plan(Kind.DELIVERIES, Selection("tax"), "lan", "thuế cơ sở đã được khai báo", Limits(rate=5.0))
    of_no_use = desk.plan(Kind.DELIVERIES, Selection("tax", error_class="constraint"), "lan", "thử", Limits())
    desk.move(of_no_use.id, Move.CANCELLED, "lan", "chọn nhầm")
    return {"waiting": waiting.id, "cancelled": of_no_use.id}


def _meet(hub: Hub) -> None:
    """Let agencies that fetch come every minute or so, as far as they are."""
    contacts, now = hub.contacts, now_ms()
    fetching = [name for name in hub.fetching if name not in NEVER]
    for turn in range(6, -1, -1):
        for number, agency in enumerate(fetching):
            ago = (2 * _DAY if agency in SILENT else 0) + turn * (1 + number % 4) * _MINUTE
            last = hub.log.extent(outbox(agency), DELIVER)[1]
            behind = 0 if agency in SILENT else last - number % 3 if last > 3 else last
            contacts.asked_behind(agency, behind, now - ago)
        contacts.flush()


def _parked(hub: Hub) -> dict[str, list[str]]:
    query = sa.select(held.c.agency, held.c.event_id).where(held.c.state.in_([State.PARKED, State.DUE]))
    found: dict[str, list[str]] = defaultdict(list)
    with reading(hub.deliveries_db) as connection:
        for agency, event_id in connection.execute(query.order_by(held.c.agency, held.c.position)):
            found[agency].append(event_id)
    return found


def _card_holders(told: Sequence[tuple[str, Any]]) -> tuple[list[str], str]:
    """Return persons who live, and one who died days ago."""
    dead = [e["subject"] for intent, e in told if e["type"] == "DeathRegistered" and intent == "fresh"]
    living = [e["subject"] for intent, e in told if e["type"] == "IdentityCardIssued" and intent == "fresh"]
    return [one for one in dict.fromkeys(living) if one not in dead], dead[0]


def _by_intent(told: Sequence[tuple[str, Any]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for intent, event in told:
        found[intent].append(event["id"])
    return {intent: ids[:5] for intent, ids in found.items()}


def _by_type(told: Sequence[tuple[str, Any]]) -> dict[str, list[str]]:
    """Return events that were published at once, by type."""
    found: dict[str, list[str]] = defaultdict(list)
    for intent, event in told:
        if intent == "fresh":
            found[event["type"]].append(event["id"])
    return {type_name: ids[:5] for type_name, ids in found.items()}


def _busiest(told: Sequence[tuple[str, Any]]) -> str:
    """Return who has the most events."""
    counts: dict[str, int] = defaultdict(int)
    for _, event in told:
        counts[event["subject"]] += 1
    return max(counts, key=lambda person: counts[person])


def _protected(told: Sequence[tuple[str, Any]]) -> list[str]:
    """Return the persons whose addresses nobody may have."""
    return [e["subject"] for _, e in told if e["type"] == "AddressProtectionChanged"
            and e.get("data", {}).get("level") == "STRICT"]  # fmt: skip


def _consenting(told: Sequence[tuple[str, Any]]) -> list[str]:
    """Return persons who let the bank have their news, and never withdrew that."""
    withdrawn = {e["subject"] for _, e in told if e["type"] == "ConsentWithdrawn"}
    granted = [e["subject"] for _, e in told if e["type"] == "ConsentGranted" and e["data"]["agency"] == "bank"]
    return [one for one in dict.fromkeys(granted) if one not in withdrawn][:5]


if __name__ == "__main__":
    with open_hub(load_settings(home=Path(sys.argv[1]))) as opened, opened.claimed():
        sys.stdout.buffer.write(orjson.dumps(build(opened, int(sys.argv[2]))))
