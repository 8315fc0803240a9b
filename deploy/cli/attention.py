"""What somebody has to do now, the worst first: the lines at the top of `dancu status`."""

from __future__ import annotations

from collections.abc import Iterator

from rich.markup import escape

from deploy.bootstrap import Hub
from deploy.cli.feeds import silent_feeds
from deploy.silence import watch_of
from hub.contacts import Contact
from hub.deliveries import DeliveryBrowser
from hub.edge.figures import figures
from hub.procedures.course import State
from hub.procedures.store import Cases
from monitoring.counters import ALERTS
from monitoring.status import AgencyStatus, Status
from schemas.conversion import rfc3339

#: How many parked events of an agency are named.
_SHOWN = 3


def attention(hub: Hub, found: Status, now: float) -> Iterator[str]:
    """Say what someone has to do, the worst first."""
    browser, away = DeliveryBrowser(hub.deliveries_db), hub.contacts.all()
    for name in hub.agencies:
        yield from _contact(away.get(name))
    parked = {name: one for name, one in found.agencies.items() if one.parked}
    for name, one in sorted(parked.items(), key=lambda item: -item[1].parked):
        yield (
            f"[bold red]{name}: {one.parked:,} sự kiện bị giữ / events parked[/], {age_of(one, now)}"
            f" · dancu explain EVENT_ID, dancu replay {name}"
        )
        for entry in browser.parked(name, limit=_SHOWN):
            yield f"  {entry.event_id} {entry.type} · {entry.error_class}: {escape(entry.message or '')}"
    late = {name: one for name, one in found.agencies.items() if one.pending}
    troubled = [one for one in away.values() if one.agency in hub.agencies and (one.failing or one.suspended)]
    for name, one in sorted(late.items(), key=lambda item: -item[1].pending):
        helps = _what_helps(hub, name)
        yield f"[yellow]{name}: {one.pending:,} sự kiện chưa giao / events pending[/], {age_of(one, now)} · {helps}"
    if found.undecided:
        yield f"[yellow]{found.undecided:,} sự kiện chờ xử lý / events wait to be decided[/] · dancu run"
    others = [*_counters(hub), *silent_feeds(watch_of(hub)()), *_late_cases(hub)]
    yield from others
    if not parked and not late and not found.undecided and not troubled and not others:
        yield "[green]Không có gì cần chú ý. / Nothing needs attention.[/]"


def _late_cases(hub: Hub) -> Iterator[str]:
    """Say which linked procedures are late, and through whom."""
    cases = Cases(hub.deliveries_db)
    counts = {name: n for (name, state), n in cases.counts().items() if state == State.LATE}
    whose = sorted(cases.late_by_agency().items(), key=lambda item: -item[1]) if counts else []
    for name, count in sorted(counts.items(), key=lambda item: -item[1]):
        through = ", ".join(f"{agency} {n:,}" for (procedure, agency), n in whose if procedure == name)
        yield (
            f"[bold red]{name}: {count:,} hồ sơ liên thông trễ hạn / cases of a linked procedure late[/] ({through})"
            f" · dancu procedures list --procedure {name} --state late"
        )


def _contact(contact: Contact | None) -> Iterator[str]:
    """Say why nothing is handed out to an agency, if that is so."""
    if contact is not None and contact.suspended is not None:
        at, by, why = contact.suspended
        yield (
            f"[bold red]{contact.agency}: tạm ngừng / suspended[/] {rfc3339(at)} · {escape(by)}: {escape(why)}"
            f" · dancu agency resume {contact.agency}"
        )
    elif contact is not None and contact.failing is not None:
        since, times, why, _ = contact.failing
        yield (
            f"[bold red]{contact.agency}: không phản hồi / does not answer[/] ({times}×), từ / since {rfc3339(since)}:"
            f" {escape(why)} · dancu agency show {contact.agency}"
        )


def _what_helps(hub: Hub, agency: str) -> str:
    return "cơ quan tự lấy / the agency fetches them" if agency in hub.fetching else "dancu run"


def _counters(hub: Hub) -> Iterator[str]:
    """Say what is odd at counters until somebody has looked."""
    for kind, count in figures(hub.deliveries_db).open_alerts.items():
        words = ALERTS.get(kind, kind)
        yield f"[bold red]Điểm đọc thẻ / counters: {count:,} × {words}[/] · dancu edge alerts"


def age_of(one: AgencyStatus, now: float) -> str:
    """Return how old the oldest event is that the agency does not have; `now` in seconds since 1970 UTC."""
    if one.oldest is None:
        return ""
    seconds = max(0, int(now - one.oldest / 1000))
    for size, name in ((86_400, "ngày / d"), (3_600, "giờ / h"), (60, "phút / min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {name}"
    return f"{seconds} giây / s"
