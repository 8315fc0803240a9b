"""What a counter may read a card for, and what it may report and be told for that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple


class Purpose(NamedTuple):
    """One purpose. A device is enrolled for some of them; every event names one."""

    vi: str
    en: str
    #: Whether an event may carry the card's number, without which nobody can say whether the card is valid.
    document: bool
    #: Whether the counter is told that the person has died.
    life: bool
    #: Whether agencies may have the verification as an event, by their agreements.
    shared: bool


#: Every purpose that a device can be enrolled for.
PURPOSES: Final[Mapping[str, Purpose]] = {
    "health-check-in": Purpose("Khám chữa bệnh bảo hiểm y tế", "Check-in with health insurance", True, True, True),
    "proof-of-life": Purpose("Xác nhận còn sống để chi trả trợ cấp", "Proof of life for a payment", True, True, True),
    "one-stop": Purpose("Thủ tục hành chính tại bộ phận một cửa", "A procedure at a one-stop office", True, True, True),
    # whether somebody lives is for a bank's own feed, where the person's consent decides; and no agency has to know
    # who goes to which bank, or through which door
    "bank-identification": Purpose(
        "Nhận biết khách hàng tại ngân hàng", "A bank identifies a customer", True, False, False
    ),
    # that the card is genuine is all that matters
    "entry": Purpose("Kiểm soát ra vào", "Entry to a building", False, False, False),
}
