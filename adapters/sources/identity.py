"""The identity register (*căn cước*): cards, e-accounts, changed numbers and merged records."""

from __future__ import annotations

from adapters.sources import cells as read
from adapters.sources.acts import ACT_COLUMNS, CEASED, OCCURRED, PERSON, Field, Kind, event
from adapters.sources.source import Cells, CloudEvent, Source

REGISTER = "identity"
KIND = "Loại việc căn cước"
OTHER_NUMBERS = "Số định danh cũ"

CARD_REASONS = {"Cấp mới": "FIRST", "Cấp đổi": "RENEWAL", "Cấp lại": "REPLACEMENT"}
CARD_STATES = {"Mất": "LOST", "Hỏng": "DAMAGED", "Hết hạn": "EXPIRED", "Thu hồi": "RETURNED"}

CARD = Kind(
    "IdentityCardIssued",
    (
        Field("document_number", "Số thẻ", read.text, required=True),
        Field("issued_on", OCCURRED, read.day, required=True),
        Field("reason", KIND, read.choice(CARD_REASONS), required=True),
        Field("expires_on", "Ngày hết hạn", read.day),
        Field("previous_document_number", "Số thẻ cũ", read.text),
        Field("previous_document_state", "Tình trạng thẻ cũ", read.choice(CARD_STATES)),
    ),
)
CARD_LOSS = Kind("IdentityCardIssued", (Field("document_number", "Số thẻ", read.text),), change=CEASED)
ACCOUNT = Kind(
    "IdentityAccountActivated",
    (
        Field("level", "Mức tài khoản", read.count, required=True),
        Field("activated_on", OCCURRED, read.day, required=True),
    ),
)
#: About the number that the person had: there the earlier events are, and these come after them.
NUMBER_CHANGE = Kind(
    "PersonalNumberChanged",
    (
        Field("old_number", OTHER_NUMBERS, read.person, required=True),
        Field("new_number", PERSON, read.person, required=True),
        Field("changed_on", OCCURRED, read.day, required=True),
        Field("reason", "Lý do", read.text),
    ),
    subject=OTHER_NUMBERS,
)
MERGER = Kind(
    "PersonsMerged",
    (
        Field("merged_numbers", OTHER_NUMBERS, read.persons, required=True),
        Field("merged_on", OCCURRED, read.day, required=True),
        Field("reason", "Lý do", read.text),
    ),
)
KINDS = {
    **dict.fromkeys(CARD_REASONS, CARD),
    "Mất thẻ": CARD_LOSS,
    "Kích hoạt tài khoản": ACCOUNT,
    "Đổi số định danh": NUMBER_CHANGE,
    "Hợp nhất hồ sơ": MERGER,
}

_read_kind = read.choice(KINDS)


def translate(cells: Cells) -> tuple[CloudEvent, ...]:
    """Return the row's event. Raises BadCell."""
    return (event(REGISTER, read.present(cells, KIND, _read_kind), cells),)


SOURCE = Source(
    name="identity",
    kind_column=KIND,
    columns=(
        KIND,
        *ACT_COLUMNS,
        *("Số thẻ", "Ngày hết hạn", "Số thẻ cũ", "Tình trạng thẻ cũ"),
        *("Mức tài khoản", OTHER_NUMBERS, "Lý do"),
    ),
    translate=translate,
)
