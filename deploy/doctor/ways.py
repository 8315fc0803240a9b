"""What each agency's way of delivery needs: secrets and an endpoint's consent, a folder, a token, a group.

Whatever is missing delays that agency alone, and may be set for another process than this: so it is a warning.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import sqlalchemy as sa

from adapters.ways.files.settings import settings_of
from adapters.ways.way import Place, WayProblem
from deploy.doctor.finding import Finding, ok, skipped, warning
from hub.access import AGENCY, Tokens
from hub.agreements import Agreement
from hub.contacts.endpoints import Endpoints
from schemas.conversion import rfc3339


class Office(NamedTuple):
    """Where to look."""

    place: Place
    #: The database of the deliveries; None: it is not there, or can't be opened.
    deliveries: sa.Engine | None
    on_kafka: bool


def check_ways(agreements: Mapping[str, Agreement], office: Office) -> Iterator[Finding]:
    """Look at every agency whose way needs something besides a database of its own."""
    for name, agreement in agreements.items():
        look = _LOOKS.get(agreement.delivery["way"])
        if look is not None:
            yield _known(f"agency.{name}", look, agreement, office)


def _known(check: str, look: Callable[[str, Agreement, Office], Finding], agreement: Agreement, at: Office) -> Finding:
    try:
        return look(check, agreement, at)
    except sa.exc.SQLAlchemyError:
        return skipped(check, "skipped: needs the database of the deliveries, with the tables of this program")


def _webhook(check: str, agreement: Agreement, office: Office) -> Finding:
    from adapters.ways.webhook.endpoint import endpoint_of
    from adapters.ways.webhook.signing import Secrets

    try:
        endpoint = endpoint_of(agreement)
        secrets = Secrets(agreement.delivery["secrets_env"], office.place.environment).now()
    except WayProblem as found:
        return warning(
            check,
            str(found),
            "Sửa ở tiến trình giao sự kiện.",
            "Set it right for the process that delivers to it (`dancu run`, `dancu deliver`): it does not start "
            "without. Other processes do not need it.",
        )
    if office.deliveries is None:
        return skipped(check, "skipped: whether its endpoint has agreed stands in the database of the deliveries")
    consent = Endpoints(office.deliveries).consent(agreement.agency, str(endpoint.url))
    if consent is None:
        return warning(
            check,
            f"its endpoint at {endpoint.where} has not agreed to get events yet",
            f"Chạy `dancu agency verify {agreement.agency}`.",
            f"`dancu agency verify {agreement.agency}` asks it at once, and says what it answers. The hub asks by "
            "itself before the first event.",
        )
    return ok(check, f"{len(secrets)} signing secrets; its endpoint at {endpoint.where} agreed {rfc3339(consent.at)}")


def _files(check: str, agreement: Agreement, office: Office) -> Finding:
    settings = settings_of(agreement, office.place)
    folder = settings.folder
    if settings.own and not folder.exists():
        return ok(check, f"{folder}: not there yet; the hub makes it")
    trouble = _trouble(folder)
    if trouble is None:
        return ok(check, f"{folder}: can be written")
    return warning(
        check,
        f"{folder}: {trouble}",
        "Tạo thư mục (hoặc gắn ổ chia sẻ), cấp quyền ghi cho người dùng của dancu.",
        "Make the folder, or mount the share, and let the user of `dancu` write there. Its events wait; nobody else "
        "is delayed.",
    )


def _trouble(folder: Path) -> str | None:
    if not folder.is_dir():
        return "is no folder" if folder.exists() else "is not there"
    return None if os.access(folder, os.R_OK | os.W_OK | os.X_OK) else "this user may not write there"


def _feed(check: str, agreement: Agreement, office: Office) -> Finding:
    name, now = agreement.agency, time.time_ns() // 1_000_000
    if office.deliveries is None:
        return skipped(check, "skipped: its tokens stand in the database of the deliveries")
    valid = [token for token in Tokens(office.deliveries).every(AGENCY, name) if token.valid(now)]
    if valid:
        return ok(check, f"{len(valid)} valid tokens")
    return warning(
        check,
        "it has no valid token, so it can't fetch its feed",
        f"Cấp mã mới: `dancu agency token {name}`.",
        f"`dancu agency token {name}` prints a new one, once: hand it over by a safe way.",
    )


def _kafka(check: str, agreement: Agreement, office: Office) -> Finding:
    if not office.on_kafka:
        return warning(
            check,
            "it reads its topic itself, but the log of this hub is not on Kafka",
            "Đặt DANCU_KAFKA, hoặc đổi cách giao trong thỏa thuận.",
            "Set DANCU_KAFKA and DANCU_DATABASE, or choose another way in its agreement: feed, webhook, files or sql.",
        )
    if "group" not in agreement.delivery:
        return ok(check, "it reads its topic itself; its agreement names no group, so nobody sees how far it is")
    return ok(check, f"it reads its topic itself, as the group {agreement.delivery['group']}")


_LOOKS: Final[Mapping[str, Callable[[str, Agreement, Office], Finding]]] = {
    "webhook": _webhook,
    "files": _files,
    "feed": _feed,
    "kafka": _kafka,
}
