"""How states look: a word, a tone and a sign for each, so that colour alone never says anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from monitoring.words import Words, reason


class Badge(NamedTuple):
    """How a state is shown."""

    words: Words
    #: `good`, `busy`, `warn`, `bad` or `off`: chooses colour and sign.
    tone: str


#: State → how it is shown: of connections, deliveries, replays, cases, devices and alerts.
BADGES: Final[Mapping[str, Badge]] = {
    # connections
    "connected": Badge(Words("đang kết nối", "connected"), "good"),
    "silent": Badge(Words("im lặng", "silent"), "warn"),
    "failing": Badge(Words("không phản hồi", "failing"), "bad"),
    "suspended": Badge(Words("tạm ngừng", "suspended"), "off"),
    "never_connected": Badge(Words("chưa kết nối", "never connected"), "off"),
    # deliveries
    "delivered": Badge(Words("đã giao", "delivered"), "good"),
    "pending": Badge(Words("chưa giao", "pending"), "busy"),
    "parked": Badge(Words("bị giữ", "parked"), "bad"),
    "waiting": Badge(Words("chờ sự kiện trước", "waits behind an earlier event"), "warn"),
    "due": Badge(Words("sắp gửi lại", "due again"), "busy"),
    "withheld": Badge(Words("không được chuyển", "withheld"), "off"),
    "released": Badge(Words("đã giao sau khi chờ", "delivered after it waited"), "good"),
    "rejected": Badge(Words("không nhận", "rejected"), "bad"),
    "unreadable": Badge(Words("không đọc được", "unreadable"), "bad"),
    "unavailable": Badge(Words("làm hệ thống ngừng", "makes the system fall over"), "bad"),
    # replays
    "selected": Badge(Words("chưa đến lượt", "not asked for yet"), "off"),
    "asked": Badge(Words("đang gửi", "on its way"), "busy"),
    "left": Badge(Words("để lại", "left parked"), "off"),
    "planned": Badge(Words("đã lập kế hoạch", "planned"), "busy"),
    "approved": Badge(Words("đã duyệt", "approved"), "busy"),
    "running": Badge(Words("đang chạy", "running"), "busy"),
    "paused": Badge(Words("tạm dừng", "paused"), "warn"),
    "cancelled": Badge(Words("đã hủy", "cancelled"), "off"),
    "done": Badge(Words("đã xong", "done"), "good"),
    "finished": Badge(Words("đã xong", "finished"), "good"),
    "skipped": Badge(Words("bỏ qua", "skipped"), "off"),
    "failed": Badge(Words("thất bại", "failed"), "bad"),
    # procedures
    "open": Badge(Words("đang mở", "open"), "busy"),
    "late": Badge(Words("trễ hạn", "late"), "bad"),
    # devices and alerts
    "active": Badge(Words("đang dùng", "active"), "good"),
    "revoked": Badge(Words("đã thu hồi", "revoked"), "off"),
    "acknowledged": Badge(Words("đã xem", "acknowledged"), "good"),
    # in general
    "ok": Badge(Words("ổn", "fine"), "good"),
    "warning": Badge(Words("cảnh báo", "warning"), "warn"),
    "bad": Badge(Words("sự cố", "trouble"), "bad"),
    "unknown": Badge(Words("chưa rõ", "not known"), "off"),
}

#: Sector → its name.
SECTORS: Final[Mapping[str, Words]] = {
    "ministry": Words("Bộ, ngành", "Ministries"),
    "enterprise": Words("Doanh nghiệp nhà nước", "State enterprises"),
    "telecom": Words("Viễn thông", "Telecoms"),
    "bank": Words("Ngân hàng", "Banks"),
    "locality": Words("Địa phương", "Localities"),
    "health_facility": Words("Cơ sở y tế", "Health facilities"),
}


def badge_of(state: str) -> Badge:
    """Return how a state is shown; one from elsewhere by its own name."""
    return BADGES.get(state) or Badge(reason(state), "off")
