"""What holds for a person, in words: Vietnamese and English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from monitoring.words import Words

#: What is told of a person.
FACTS: Final[Mapping[str, Words]] = {
    "name": Words("Họ và tên", "Name"),
    "sex": Words("Giới tính", "Sex"),
    "born_on": Words("Ngày sinh", "Date of birth"),
    "nationality": Words("Quốc tịch", "Nationality"),
    "birth_place": Words("Nơi sinh", "Place of birth"),
    "life": Words("Tình trạng", "Life"),
    "residence": Words("Nơi thường trú", "Permanent residence"),
    "temporary_residence": Words("Nơi tạm trú", "Temporary residence"),
    "stay": Words("Nơi lưu trú", "Stay"),
    "marriage": Words("Hôn nhân", "Marriage"),
    "card": Words("Số thẻ căn cước", "Identity card"),
    "card_state": Words("Tình trạng thẻ", "Card"),
    "account": Words("Tài khoản định danh (mức)", "Identity account (level)"),
}
#: Values that are codes.
VALUES: Final[Mapping[str, Words]] = {
    "MALE": Words("Nam", "Male"),
    "FEMALE": Words("Nữ", "Female"),
    "ALIVE": Words("Còn sống (chưa có tin báo tử)", "Alive (no death was reported)"),
    "DECEASED": Words("Đã chết", "Deceased"),
    "MARRIED": Words("Đã kết hôn", "Married"),
    "ENDED": Words("Đã chấm dứt", "Ended"),
    "ENDED_DIVORCE": Words("Đã ly hôn", "Divorced"),
    "ENDED_DEATH": Words("Vợ hoặc chồng đã chết", "Ended by death"),
    "ENDED_ANNULMENT": Words("Hôn nhân bị hủy", "Marriage annulled"),
    "VALID": Words("Còn giá trị", "Valid"),
    "EXPIRED": Words("Hết hạn", "Expired"),
    "REPLACED": Words("Đã được thay", "Replaced"),
    "LOST": Words("Đã báo mất", "Reported lost"),
    "UNKNOWN": Words("Chưa rõ", "Unknown"),
}
#: Levels of protection.
PROTECTION: Final[Mapping[str, Words]] = {
    "NONE": Words("Không", "None"),
    "CONFIDENTIAL": Words(
        "Bảo mật: nơi nhận dựa trên đồng ý không thấy địa chỉ", "Confidential: no addresses on consent"
    ),
    "STRICT": Words("Nghiêm ngặt: không địa chỉ nào rời hệ thống", "Strict: no address leaves the hub"),
}


def value_in_words(value: str) -> Words:
    """Return a value that is a code in words; any other as it is."""
    return VALUES.get(value, Words(value, value))
