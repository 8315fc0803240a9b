"""What the counter says: Vietnamese first, then English. Nothing here is about a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from adapters.card_reader.producer.outbox_file import Stop


class Words(NamedTuple):
    """One text in both languages."""

    vi: str
    en: str

    def toned(self, tone: str) -> dict[str, Any]:
        """Return it for the page; `tone`: good, careful, bad, fail or quiet."""
        return {"tone": tone, "vi": self.vi, "en": self.en}


#: Heads of a result, by its tone.
GOOD = Words("ĐÃ XÁC THỰC", "VERIFIED")
CAREFUL = Words("CHƯA XÁC THỰC", "NOT VERIFIED")
BAD = Words("KHÔNG TIN CẬY", "NOT TRUSTED")
FAIL = Words("KHÔNG ĐỌC ĐƯỢC", "NOT READ")

STOPS: Mapping[Stop, Words] = {
    Stop.full: Words(
        "DỪNG ĐỌC THẺ: hộp chờ đã đầy. Không mất sự kiện nào. Hãy nối lại đường truyền tới trung tâm.",
        "NO CARD IS READ: the outbox is full. Nothing is lost. Bring the line to the hub back.",
    ),
    Stop.disk: Words(
        "DỪNG ĐỌC THẺ: không ghi được vào đĩa. Không mất sự kiện nào. Hãy giải phóng dung lượng.",
        "NO CARD IS READ: the disk can't be written. Nothing is lost. Make room on it.",
    ),
    Stop.restored: Words(
        "DỪNG ĐỌC THẺ: bộ nhớ của quầy là bản sao cũ. Hãy đăng ký lại: dancu edge join --again",
        "NO CARD IS READ: the counter's memory is an old copy. Enrol it again: dancu edge join --again",
    ),
    Stop.revoked: Words(
        "DỪNG ĐỌC THẺ: trung tâm không công nhận thiết bị này. Hãy gọi người quản trị.",
        "NO CARD IS READ: the hub does not accept this device any more. Call its operators.",
    ),
}

PURPOSES: Mapping[str, Words] = {
    "health-check-in": Words("Khám chữa bệnh", "Health check-in"),
    "proof-of-life": Words("Xác nhận còn sống", "Proof of life"),
    "one-stop": Words("Bộ phận một cửa", "One-stop office"),
    "bank-identification": Words("Nhận biết khách hàng", "Customer identification"),
    "entry": Words("Ra vào", "Entry"),
}

DECEASED = Words("NGƯỜI NÀY ĐÃ MẤT theo dữ liệu hộ tịch", "THIS PERSON HAS DIED, says the civil status register")
REPLACED = Words("Thẻ này đã được thay bằng thẻ khác", "This card has been replaced by another one")
LOST = Words("Thẻ này đã được báo mất", "This card was reported lost")
ALERT = Words("Trung tâm cảnh báo. Hãy gọi người quản trị", "The hub raises an alert. Call its operators")
CONFIRMED = Words("Trung tâm: thẻ còn hiệu lực", "The hub: the card is valid")
TAKEN = Words("Trung tâm đã nhận", "The hub has it")
KEPT = Words("Đã lưu, sẽ gửi đến trung tâm", "Kept, will be sent to the hub")
BROKEN = Words("Chương trình gặp lỗi. Gọi người quản trị", "The program failed. Call its operators")
NOBODY = Words("Chưa có thẻ. Đặt thẻ lên đầu đọc", "No card yet. Put it on the reader")
BUSY = Words("Đang đọc thẻ. Chờ một chút", "A card is being read. Wait a moment")
WHICH = Words("Chọn đầu đọc", "Choose the reader")
NO_CODE = Words("Không phải mã QR của thẻ căn cước", "Not the QR code of a citizen's card")
WRONG = Words("Không phải số thẻ, mã QR hay MRZ. Nhập lại", "No card number, QR code or MRZ. Enter it again")
PURPOSE = Words("Chọn mục đích", "Choose the purpose")


def answer_words(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the hub's answer means, the worst first."""
    if answer["life"] == "deceased":
        return DECEASED.toned("bad")
    if answer["card"] in ("lost", "replaced"):
        return (LOST if answer["card"] == "lost" else REPLACED).toned("bad")
    if answer["alerts"]:
        return ALERT.toned("bad")
    return (CONFIRMED if answer["card"] == "valid" else TAKEN).toned("quiet")
