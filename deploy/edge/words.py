"""What a reading means, in the words of those who stand at the counter: Vietnamese and English."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.card_reader.failure import Code
from adapters.card_reader.result import Level
from monitoring.words import Words

LEVELS: Mapping[Level, Words] = {
    Level.CHIP_PA: Words("Thẻ thật, dữ liệu đúng", "a genuine card, its data are the issuer's"),
    Level.PA: Words("Dữ liệu đúng; chip không chứng minh được là bản gốc", "the issuer's data; the chip may be a copy"),
    Level.READ_ONLY: Words("Đọc được nhưng CHƯA xác thực", "it could be read, but is NOT verified"),
    Level.QR: Words("Chỉ đọc mã QR: không chứng minh được gì", "only the QR code was read: it proves nothing"),
}

#: What went wrong, and where somebody can do something about it, what.
CODES: Mapping[Code, Words] = {
    Code.access_denied: Words(
        "Thẻ không nhận mã: kiểm tra số định danh, CAN hoặc MRZ", "the card does not accept this number, CAN or MRZ"
    ),
    Code.card_removed: Words(
        "Thẻ bị rút ra quá sớm: đặt lại và giữ yên", "the card went away too early: put it back and leave it there"
    ),
    Code.timeout: Words("Hết thời gian chờ", "it took too long"),
    Code.reader_unavailable: Words("Không thấy đầu đọc thẻ", "there is no card reader"),
    Code.reader_busy: Words("Chương trình khác đang dùng đầu đọc", "another program is using the reader"),
    Code.service_unavailable: Words("Dịch vụ pcscd không chạy hoặc từ chối", "pcscd does not run, or refuses us"),
    Code.virtual_reader: Words("Đầu đọc ảo bị từ chối", "a virtual reader is refused: it is no reader"),
    Code.not_a_citizen_card: Words(
        "Không phải thẻ căn cước gắn chip, hoặc đặt sai mặt", "not a citizen's chip card, or the wrong side up"
    ),
    Code.too_many_attempts: Words(
        "Sai mã quá hai lần: lấy thẻ ra rồi đặt lại", "two wrong keys: take the card out and put it in again"
    ),
    Code.malformed: Words("Dữ liệu trên chip không đúng chuẩn", "the data on the chip are not as the standards say"),
    Code.secure_messaging: Words("Kênh bảo mật bị can thiệp", "somebody has tampered with the secure channel"),
    Code.not_genuine: Words("THẺ SAO CHÉP: chip không phải bản gốc", "A COPY: this is not the chip that was issued"),
    Code.sod_signature: Words("Chữ ký của cơ quan cấp không đúng", "the issuer's signature is wrong"),
    Code.sod_missing: Words("Thẻ không có chữ ký của cơ quan cấp", "the card holds no signature of an issuer"),
    Code.csca_unknown: Words("Không biết cơ quan ký (CSCA)", "signed by an authority (CSCA) that is not trusted here"),
    Code.csca_expired: Words("Chứng thư CSCA đã hết hạn", "the authority's certificate (CSCA) has expired"),
    Code.ds_expired: Words("Chứng thư người ký đã hết hạn", "the signer's certificate has expired"),
    Code.ds_not_yet_valid: Words(
        "Chứng thư người ký chưa có hiệu lực: kiểm tra đồng hồ",
        "the signer's certificate is not valid yet: look at the clock",
    ),
    Code.ds_revoked: Words("Chứng thư người ký đã bị thu hồi", "the signer's certificate was revoked"),
    Code.dg1_hash: Words("MRZ trên chip đã bị sửa (DG1)", "the MRZ on the chip was altered (DG1)"),
    Code.dg2_hash: Words("Ảnh trên chip đã bị sửa (DG2)", "the photo on the chip was altered (DG2)"),
    Code.dg13_hash: Words("Thông tin trên chip đã bị sửa (DG13)", "the personal data on the chip were altered (DG13)"),
    Code.dg14_hash: Words("Khóa của chip đã bị sửa (DG14)", "the chip's key was altered (DG14)"),
    Code.dg15_hash: Words("Khóa của chip đã bị sửa (DG15)", "the chip's key was altered (DG15)"),
    Code.number_mismatch: Words("Các số định danh không khớp nhau", "the numbers on the card and the one given differ"),
    Code.document_expired: Words("Thẻ đã hết hạn sử dụng", "the card has expired"),
    Code.qr_malformed: Words("Không phải mã QR của thẻ căn cước", "not the QR code of a citizen's card"),
}

CHECKS: Mapping[str, Words] = {
    "pace_or_bac": Words("Mở chip", "access to the chip"),
    "passive": Words("Chữ ký của cơ quan cấp", "signed by the issuer"),
    "chip": Words("Chip là bản gốc", "chip authentication"),
    "active": Words("Chip là bản gốc (cách cũ)", "active authentication"),
    "cross": Words("Các số khớp nhau", "the numbers agree"),
    "expiry": Words("Còn hạn", "not expired"),
}

#: What is waited for, by what it would be too late for.
WAITING: Mapping[Code, Words] = {
    Code.timeout: Words("Đặt thẻ vào đầu đọc", "put the card into the reader"),
    Code.reader_unavailable: Words("Chờ đầu đọc thẻ", "waiting for a card reader"),
    Code.service_unavailable: Words("Chờ dịch vụ pcscd", "waiting for pcscd"),
}
