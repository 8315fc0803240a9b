"""What happens to events, in the words of those who read about it: Vietnamese and English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Words(NamedTuple):
    """The same in both languages."""

    vi: str
    en: str

    def __str__(self) -> str:
        return f"{self.vi} / {self.en}"


#: What happened in a step of a story.
STEPS: Mapping[str, Words] = {
    "received": Words("Đã nhận", "received"),
    "refused": Words("Bị từ chối", "refused"),
    "repeated": Words("Gửi lại cùng mã, bỏ qua", "came again under the same id, set aside"),
    "duplicate": Words("Trùng, bỏ qua", "a duplicate, set aside"),
    "kept_back": Words("Tạm giữ", "kept back"),
    "joined": Words("Gộp vào sự kiện khác", "went out as a part of another event"),
    "published": Words("Đã công bố", "published"),
    "in_snapshot": Words("Trao trong ảnh chụp ban đầu", "handed out in a snapshot"),
    "addressed": Words("Đưa vào luồng của cơ quan", "put into the agency's feed"),
    "withheld": Words("Không được chuyển", "withheld"),
    "delivered": Words("Đã giao", "delivered"),
    "parked": Words("Cơ quan không nhận, giữ lại", "not taken, parked"),
    "waiting": Words("Chờ sau sự kiện trước của cùng người", "waits behind an earlier event of the same person"),
    "requested": Words("Yêu cầu gửi lại", "asked to be sent again"),
    "let_in_again": Words("Nhận lại sau khi bị từ chối", "taken in again after it was refused"),
    "set_aside_other": Words("Sự kiện khác bị bỏ vì trùng với sự kiện này", "another event was set aside for this one"),
    "joined_other": Words("Gộp một lần hủy thành sửa đổi", "an annulment was joined into this: it is a correction"),
    "corrected": Words("Được sửa bởi sự kiện sau", "corrected by a later event"),
    "annulled": Words("Bị hủy bởi sự kiện sau", "annulled by a later event"),
    "ceased": Words("Chấm dứt bởi sự kiện sau", "ended by a later event"),
}

#: What became of an event, and how it stands with an agency (`monitoring.story`).
VERDICTS: Mapping[str, Words] = {
    "received": Words("đã nhận, chưa xử lý", "received, not decided yet"),
    "published": Words("đã công bố", "published"),
    "held": Words("đang tạm giữ", "kept back"),
    "joined": Words("gộp vào sự kiện khác", "joined into another event"),
    "duplicate": Words("trùng", "a duplicate"),
    "late": Words("đến muộn, bỏ qua", "too late, dropped"),
    "refused": Words("bị từ chối", "refused"),
}
STANDINGS: Mapping[str, Words] = {
    "delivered": Words("đã giao", "delivered"),
    "pending": Words("chưa giao", "pending"),
    "parked": Words("bị giữ", "parked"),
    "waiting": Words("đang chờ", "waiting"),
    "withheld": Words("không được chuyển", "withheld"),
}

#: Why, by the stable codes of intake, the pipeline and the deliveries.
REASONS: Mapping[str, Words] = {
    "forbidden_source": Words("nguồn không được phép", "the sender may not speak for this source"),
    "not_a_batch": Words("không phải danh sách", "not a list of events"),
    "repeated_attribute": Words("thuộc tính lặp lại", "an attribute stands there twice"),
    "event_id": Words("cùng mã sự kiện", "the same event id"),
    "fact": Words("cùng việc, cùng phiên bản, mã khác", "the same version of the same act under another id"),
    "vital": Words("nguồn khác đã báo cùng việc hộ tịch", "another register reported the same vital fact before"),
    "join": Words("chờ bản mới của cùng việc", "an annulment: a new version may follow and make it a correction"),
    "previous": Words("chờ sự kiện gốc", "what it refers to has not come yet"),
    "queue": Words("sự kiện trước của cùng người đang tạm giữ", "an earlier event of the same person is kept back"),
    "second_report": Words("phòng khi báo cáo đầu bị hủy", "in case the first report is annulled"),
    "earlier": Words("đã chờ xong", "it had to wait, and no longer has to"),
    "undecided": Words("chưa được xử lý", "the pipeline has not come to it yet; is `dancu run` running?"),
    "mass_run": Words("chờ làn xử lý hàng loạt", "a mass run: it is let in when nothing else waits"),
    "nobody": Words("không cơ quan nào được nhận", "no agency is entitled to it"),
    "and_more": Words("và nhiều lần nữa", "and again and again"),
    "late": Words("đã có phiên bản mới hơn", "a newer version of the fact was published before"),
    "previous_of_another_fact": Words("tham chiếu sai", "it refers to an event of another person, type or fact"),
    "no_consent": Words("chưa có sự đồng ý", "the person has given no consent"),
    "consent_withdrawn": Words("đã rút đồng ý", "the person has withdrawn the consent"),
    "consent_expired": Words("đồng ý đã hết hạn", "the consent has expired"),
    "no_agreement": Words("thỏa thuận không có hiệu lực", "the agreement is not in force"),
    "protected": Words("địa chỉ được bảo vệ", "the person's address is protected: not even the province may leave"),
    "due": Words("sẽ được gửi lại ngay", "it is sent again as soon as the deliveries run"),
    "behind": Words("sau sự kiện trước của cùng người", "an earlier event of the same person comes first"),
    "pending": Words("chưa đến lượt giao", "its turn has not come yet"),
    "shielded": Words("không kèm địa chỉ", "without addresses, because the person is protected"),
    "unmatched": Words("không thấy sự kiện gốc", "marked: the hub has never seen what it refers to"),
    # intake
    "not_json": Words("không phải JSON", "not JSON"),
    "not_an_object": Words("không phải một sự kiện", "not an event"),
    "encoding": Words("sai mã ký tự", "not UTF-8"),
    "nul_byte": Words("có byte NUL", "it holds a NUL byte"),
    "unprintable": Words("mã có ký tự không hiển thị được", "an id holds a character that can't be shown"),
    "too_long": Words("quá dài", "too long"),
    "unknown_type": Words("loại sự kiện lạ", "an unknown event type"),
    "unknown_field": Words("trường lạ", "an unknown field"),
    "unknown_place": Words("mã địa bàn lạ", "an unknown place code"),
    "schema": Words("sai cấu trúc", "it does not fit the schema"),
    "headers": Words("thiếu tiêu đề", "headers are missing or wrong"),
    "damaged": Words("nội dung bị hỏng", "the content is damaged"),
    "row": Words("dòng bị lỗi", "a row of an export that can't be read"),
    "impossible_number": Words("số định danh không hợp lệ", "an impossible personal number"),
    "same_number": Words("trùng số định danh", "two numbers that must differ are the same"),
    "other_subject": Words("sai người", "it is about another person than it says"),
    "future_date": Words("ngày trong tương lai", "a date in the future"),
    "before_birth": Words("trước ngày sinh", "before the birth"),
    "death_before_birth": Words("chết trước khi sinh", "a death before the birth"),
    "forbidden_change": Words("thay đổi không được phép", "the change is not allowed for the type"),
    "missing_previous": Words("thiếu sự kiện gốc", "it does not say what it refers to"),
    # replays
    "quarantined": Words("đã gửi lại nhiều lần không được", "replayed in vain so often that it is left alone"),
    "superseded": Words("cơ quan đã có bản mới hơn", "the agency has a later version already"),
    "due_already": Words("đang được gửi lại", "somebody else has asked for it already"),
    "taken_back": Words("đã rút lại", "it was taken back before its turn came"),
    "sent_again": Words("nguồn đã gửi lại", "the source has sent it again meanwhile"),
    "gone": Words("không còn", "it is not kept any more"),
    "cap": Words("đã đủ số lượng", "the replay was to send no more"),
    "cancelled": Words("đã hủy", "the replay was cancelled"),
    "delivered": Words("đã giao", "the agency has it already"),
    "not_in_population": Words("ngoài phạm vi", "the agency's agreement does not cover the person any more"),
    # deliveries
    "constraint": Words("trái ràng buộc dữ liệu", "it breaks a rule of the agency's database"),
    "unreadable": Words("không đọc được", "the hub can't read the record"),
    "unavailable": Words("làm hệ thống cơ quan ngừng", "this event alone makes the agency's system fall over"),
}


def reason(code: str) -> Words:
    """Return a reason in words; for a code from elsewhere, the code itself."""
    plain = code.replace("_", " ")
    return REASONS.get(code, Words(plain, plain))
