"""What a desk refuses, in the words of both languages. The English is the desk's own; a code says it twice alike."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from consumers.rewinding import BadPlace
from hub.contacts import RewindRefused
from hub.replays import NeedsAnother, NotNow
from monitoring.console.once import OldForm
from monitoring.console.saying_why import NoReason
from monitoring.words import Words
from replay.desk import BadPlan, NothingMatches
from replay.filters import NAMES
from replay.selection import BadSelection


class NotForYou(Exception):
    """The visitor's role may not approve what another one has planned. Says who may."""

    def __init__(self) -> None:
        super().__init__("what others planned is approved by those with the role approver")


class Standing(Exception):
    """An agency is as it was asked to be already. Says how."""


#: What a form shows beside itself.
REFUSALS: Final = (
    BadSelection,
    BadPlan,
    NothingMatches,
    NotNow,
    NeedsAnother,
    NotForYou,
    RewindRefused,
    Standing,
    BadPlace,
    NoReason,
    OldForm,
)

#: A state of a replay in Vietnamese.
_STATES: Final = {
    "planned": "chờ phê duyệt",
    "approved": "đã duyệt",
    "running": "đang chạy",
    "paused": "tạm dừng",
    "done": "đã xong",
    "cancelled": "đã hủy",
}
_MOVES: Final = {"started": "bắt đầu", "paused": "tạm dừng", "resumed": "tiếp tục", "cancelled": "hủy"}

_SAID: Final[Sequence[tuple[str, str]]] = (
    (r"a selection is a JSON object", "lựa chọn không đọc được"),
    (r"unknown filter; allowed: (.+)", r"bộ lọc lạ; được dùng: \1"),
    (r"persons: a personal number has 12 digits", "số định danh cá nhân có 12 chữ số"),
    (r"persons: they are not known any more; name them again", "danh sách người đã hết hạn; hãy nhập lại"),
    (r"attempts: is a number or two .+", "số lần: một số, hoặc hai số có dấu chấm ở giữa: 3, 3.. hay 1..5"),
    (r"attempts\.\w+: is a whole number from 0 to ([\d,]+)", r"số lần: số nguyên từ 0 đến \1"),
    (r"attempts: the least is more than the most, .+", "số lần: số nhỏ nhất lớn hơn số lớn nhất nên không có gì"),
    (r"(\w+): is a text that is not empty", r"\1: phải là chữ, không để trống"),
    (r"(\w+): is a list of texts that is not empty", r"\1: phải là danh sách không trống"),
    (r"(\w+): at most ([\d,]+) at once; use another filter", r"\1: nhiều nhất \2 một lần; hãy dùng bộ lọc khác"),
    (
        r"(\w+): is a time with its offset, such as (\S+), or a date",
        r"\1: là thời điểm có múi giờ, ví dụ \2, hoặc một ngày",
    ),
    (r"(\w+): is true or false", r"\1: đúng hoặc sai"),
    (r"all: does not go together with a filter; .+", "đã chọn tất cả thì không dùng bộ lọc; bỏ một trong hai"),
    (r"nothing is selected: .+", "chưa chọn gì: hãy đặt bộ lọc, hoặc nói rõ là tất cả"),
    (r"since: is not before until, .+", "thời điểm đầu không trước thời điểm cuối nên không có gì"),
    (r"agency: no such agency; allowed: (.+)", r"không có cơ quan này; hiện có: \1"),
    (
        r"agency, attempts: refused events have none; .+",
        "sự kiện bị từ chối không có cơ quan và số lần; hãy lọc theo lỗi, loại, thời gian hoặc mã",
    ),
    (r"reason: say why; .+", "phải nêu lý do; lý do được ghi vào nhật ký kiểm toán"),
    (r"reason: it holds a character .+", "lý do có ký tự không hiển thị được"),
    (r"reason: at most 2000 characters", "lý do dài nhất 2000 ký tự"),
    (r"the form is too old; .+", "biểu mẫu đã quá cũ; hãy xem lại rồi gửi lần nữa"),
    (r"a replay needs the name .+", "phải nêu lý do"),
    (r"a name or a reason holds a character .+", "lý do có ký tự không hiển thị được"),
    (r"at most 200 characters for a name and 2000 for a reason", "lý do dài nhất 2000 ký tự"),
    (r"rate: deliveries per second, more than 0", "tốc độ: số lượt giao mỗi giây, lớn hơn 0"),
    (r"cap: 1 to ([\d,]+)", r"số lượng tối đa: từ 1 đến \1"),
    (r"nothing that is parked is meant by this, .+", "không có lượt giao nào như vậy nên không lập kế hoạch"),
    (r"([\d,]+) are selected: another person than (.+), who planned it, must approve", r"có \1 lượt giao: cần người"
     r" khác phê duyệt, không phải \2 là người lập kế hoạch"),
    (r"what others planned is approved .+", "kế hoạch của người khác do người có vai trò phê duyệt (approver) duyệt"),
    (r"nothing of the feed of (\S+) behind there has been handed out yet", r"chưa giao gì cho \1 sau chỗ đó"),
    (
        r"the feed of (\S+) is being rewound already .+",
        r"luồng của \1 đang được giao lại; hãy hủy lần đó trước",
    ),
    (r"the feed of (\S+) is not being rewound", r"luồng của \1 không đang được giao lại"),
    (r"this rewind was asked for already, by somebody else; .+", "người khác đã yêu cầu; hãy xem lại luồng"),
    (r"(\S+) fetches its events itself: .+", r"\1 tự lấy sự kiện: có thể hỏi lại từ bất kỳ vị trí cũ nào"),
    (
        r"neither a time such as (\S+) nor a cursor: the cursor is of the feed of '?([^',]+)'?.*",
        r"vị trí này thuộc luồng của \2; mỗi luồng có vị trí riêng",
    ),
    (
        r"neither a time such as (\S+) nor a cursor: .+",
        r"không phải thời điểm (ví dụ \1) cũng không phải vị trí trong luồng",
    ),
    (r"say the offset too, .+", "hãy ghi cả múi giờ, ví dụ 2026-11-20T08:00:00+07:00"),
    (r"(\S+) is suspended already.*", r"\1 đã được tạm ngừng"),
    (r"(\S+) is not suspended", r"\1 không bị tạm ngừng"),
)  # fmt: skip
_PATTERNS: Final = [(re.compile(pattern, re.DOTALL), vi) for pattern, vi in _SAID]
_NOT_NOW = re.compile(r"it is (?P<state>\w+); only what is (?P<allowed>[\w ]+) can be (?P<move>\w+)")
_PAST = re.compile(r"it is (?P<state>\w+) already: there is nothing to approve any more")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a form was not accepted."""

    words: Words
    #: The field that it is about, if it is about one.
    field: str | None = None
    #: The status of the answer.
    status: int = 422


def refusal_of(error: Exception) -> Refusal:
    """Return what to say beside a form about something that a desk has refused."""
    text = str(error)
    field = text.split(":", 1)[0].split(".")[0].split(",")[0]
    status = 422
    if isinstance(error, NotNow | RewindRefused | Standing | OldForm):
        status = 409
    elif isinstance(error, NeedsAnother | NotForYou):
        status = 403
    return Refusal(
        Words(_vietnamese(text), text), field if field in (*NAMES, "rate", "cap", "reason") else None, status
    )


def _vietnamese(text: str) -> str:
    if found := _NOT_NOW.fullmatch(text):
        allowed = " hoặc ".join(_STATES.get(one, one) for one in found["allowed"].split(" or "))
        return f"lần gửi lại này {_state(found)}; chỉ {_MOVES.get(found['move'], found['move'])} được khi {allowed}"
    if found := _PAST.fullmatch(text):
        return f"lần gửi lại này {_state(found)}: không còn gì để phê duyệt"
    for pattern, vi in _PATTERNS:
        if found := pattern.fullmatch(text):
            return found.expand(vi)
    return text


def _state(found: re.Match[str]) -> str:
    return _STATES.get(found["state"], found["state"])
