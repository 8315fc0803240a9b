"""What somebody between card and reader does to an answer."""

from __future__ import annotations

from tests.adapters.card_reader.virtual.behaviour import Tamper

_STATUS_OBJECT = 4 + 10 + 2  # DO99, DO8E and the status bytes, from the end


def tampered(kind: Tamper, answer: bytes, before: bytes) -> bytes:
    """`before`: the last answer that was left alone."""
    match kind:
        case Tamper.data:
            return _flipped(answer, 5 if len(answer) > _STATUS_OBJECT else -4)
        case Tamper.status:
            return answer[:-2] + b"\x62\x82"
        case Tamper.inner_status:
            return _flipped(answer, -_STATUS_OBJECT + 3)
        case Tamper.mac:
            return _flipped(answer, -4)
        case Tamper.no_mac:
            return answer[:-12] + answer[-2:]
        case Tamper.bare_success:
            return b"\x90\x00"
        case Tamper.bare_failure:
            return b"\x6f\x00"
        case Tamper.replay:
            return before
        case Tamper.cut:
            return answer[: len(answer) // 2]


def _flipped(answer: bytes, at: int) -> bytes:
    changed = bytearray(answer)
    changed[at] ^= 0x01
    return bytes(changed)
