"""What event types are called by those who read of them: Vietnamese and English."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from monitoring.words import Words

#: Event type → its name.
TYPES: Final[Mapping[str, Words]] = {
    "AddressProtectionChanged": Words("Thay đổi mức bảo vệ địa chỉ", "Address protection changed"),
    "BirthRegistered": Words("Đăng ký khai sinh", "Birth registered"),
    "CardVerified": Words("Xác thực thẻ tại quầy", "Card verified at a counter"),
    "ConsentGranted": Words("Đồng ý chia sẻ dữ liệu", "Consent granted"),
    "ConsentWithdrawn": Words("Rút lại sự đồng ý", "Consent withdrawn"),
    "DeathRegistered": Words("Đăng ký khai tử", "Death registered"),
    "IdentityAccountActivated": Words("Tài khoản định danh điện tử", "Electronic identity account"),
    "IdentityCardIssued": Words("Cấp thẻ căn cước", "Identity card issued"),
    "MarriageEnded": Words("Chấm dứt hôn nhân", "Marriage ended"),
    "MarriageRegistered": Words("Đăng ký kết hôn", "Marriage registered"),
    "PersonDetailsCorrected": Words("Thay đổi, cải chính hộ tịch", "Person's details corrected"),
    "PersonalNumberChanged": Words("Xác lập lại số định danh", "Personal number changed"),
    "PersonsMerged": Words("Hợp nhất hồ sơ trùng", "Persons merged"),
    "ResidenceChanged": Words("Đăng ký cư trú", "Residence changed"),
}


def type_name(code: str) -> Words:
    """Return an event type's name; of a type that was added since, its code in plain words."""
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", code)
    return TYPES.get(code, Words(plain, plain))
