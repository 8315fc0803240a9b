"""Finding and reading the files of a chip (ICAO 9303-10, 3 and 4), with the quirks of real cards."""

from adapters.card_reader.apdu import NOT_FOUND, OK, SHORT_ANSWER, Answer, Command
from adapters.card_reader.failure import Code, Failed
from adapters.card_reader.line import Line
from adapters.card_reader.security_infos import SecurityInfos, security_infos
from adapters.card_reader.tlv import Tlv, encode, header, parse

CARD_ACCESS, COM, SOD = 0x1C, 0x1E, 0x1D
APPLICATION = bytes.fromhex("A0000002471001")
SHORT_BLOCK = 219  # of data: what fits a protected short answer, whatever the cipher and the form of READ BINARY
LONG_BLOCK = 2000  # some cards and readers that promise extended length have buffers of 2,048 bytes
_MASTER = 0x3F00
_FOLDER = 0x0100
_SELECT, _READ, _READ_FAR = 0xA4, 0xB0, 0xB1
_HEAD = 6  # tag and length of any file; no file on a card is shorter
_FAR = 0x8000  # READ BINARY has 15 bits for the offset
_LARGEST = 1 << 18
_MOST_READS = 2048
_NO_FILE, _WRONG_FORM, _END = 0x6986, 0x6A86, 0x6282
_TOO_LONG = frozenset({0x6700, 0x6A86, 0x6B00, 0x6F00})  # said to a length that is not taken
_DENIED = frozenset({0x6982, 0x6985})


def card_access(line: Line) -> SecurityInfos:
    """What EF.CardAccess offers; nothing if there is no such file (a card with BAC only).

    In the open, and before the application is selected: afterwards some cards refuse it (6982). It is in the master
    file, where a card is after it was powered; only if it is not found there the master file is selected, and a card
    that knows no such command (6D00) may have the file all the same.
    """
    found = _select(line, CARD_ACCESS)
    if not found:
        select_master(line)
        found = _select(line, CARD_ACCESS)
    try:
        data = read_selected(line) if found else None
    except Failed as failed:
        if failed.code is not Code.access_denied:
            raise
        data = None
    return security_infos(data) if data else SecurityInfos()


def select_master(line: Line) -> None:
    """Its answer means nothing: cards say 6D00 or 6A82 and are in the master file all the same."""
    line.send(Command(0, _SELECT, 0x00, 0x0C, _MASTER.to_bytes(2)))


def select_application(line: Line) -> None:
    """Raises `Failed(not_a_citizen_card)` if the chip has no application of travel documents."""
    if line.send(Command(0, _SELECT, 0x04, 0x0C, APPLICATION)).status == OK:
        return
    if line.send(Command(0, _SELECT, 0x04, 0x00, APPLICATION, SHORT_ANSWER)).status != OK:
        raise Failed(Code.not_a_citizen_card)


def read_file(line: Line, group: int) -> bytes | None:
    """A data group by its number (or COM, SOD); None if the card has no such file.

    Raises `Failed`: access_denied; malformed for a file that is not one data object, or larger than any on a card.
    """
    if not _select(line, group, guarded=True):
        return None
    return read_selected(line)


def begins_with(line: Line, group: int, data: bytes) -> bool:
    """Whether the file begins like `data`: a small exchange that nobody can answer without the session's keys."""
    return _select(line, group, guarded=True) and read_head(line) == data[:_HEAD]


def read_head(line: Line) -> bytes:
    answer = _read(line, 0, _HEAD)
    if answer.status in _DENIED:
        raise Failed(Code.access_denied)
    return answer.data


def read_selected(line: Line) -> bytes | None:
    """The file that is selected; None if there turns out to be none. Raises as `read_file`."""
    answer = _read(line, 0, _HEAD)
    if answer.status in NOT_FOUND or answer.status == _NO_FILE:
        return None
    data = _checked(answer, _HEAD)
    _, length, size = header(data)
    total = size + length
    if total > _LARGEST:
        raise Failed(Code.malformed)
    for _ in range(_MOST_READS):
        if len(data) >= total:
            return data[:total]
        data += _read_on(line, len(data), total - len(data))
    raise Failed(Code.malformed)


def _read_on(line: Line, offset: int, left: int) -> bytes:
    """The next part of a file: long if the card takes that, short if it turns out not to."""
    wanted = min(left, LONG_BLOCK if line.extended else SHORT_BLOCK)
    answer = _read(line, offset, wanted)
    if wanted > SHORT_BLOCK:
        line.extended = line.proven = answer.status not in _TOO_LONG
        if not line.extended:
            return _read_on(line, offset, left)
    return _checked(answer, wanted)


def _select(line: Line, group: int, *, guarded: bool = False) -> bool:
    """`guarded`: a refusal means that the session may not read it, not that it isn't there."""
    identifier = (_FOLDER | group).to_bytes(2)
    status = line.send(Command(0, _SELECT, 0x02, 0x0C, identifier)).status
    if status == _WRONG_FORM:  # some know a file only by the general form of the command
        status = line.send(Command(0, _SELECT, 0x00, 0x0C, identifier)).status
    if guarded and status in _DENIED:
        raise Failed(Code.access_denied)
    if guarded and status != OK and status not in NOT_FOUND and status >> 8 not in (0x62, 0x63):
        raise Failed(Code.malformed)
    return status == OK or status >> 8 in (0x62, 0x63)


def _read(line: Line, offset: int, wanted: int) -> Answer:
    answer = _read_once(line, offset, wanted)
    if answer.status >> 8 == 0x6C and not answer.data:
        answer = _read_once(line, offset, min(wanted, answer.status & 0xFF or SHORT_ANSWER))
    return answer


def _read_once(line: Line, offset: int, wanted: int) -> Answer:
    if offset < _FAR:
        return line.send(Command(0, _READ, offset >> 8, offset & 0xFF, b"", wanted))
    place = encode(0x54, offset.to_bytes(3 if offset >> 16 else 2))
    answer = line.send(Command(0, _READ_FAR, 0, 0, place, len(encode(0x53, bytes(wanted)))))
    match parse(answer.data):
        case [Tlv(0x53, data)]:
            return Answer(data, answer.status)
    return Answer(b"", answer.status)


def _checked(answer: Answer, wanted: int) -> bytes:
    if answer.status in _DENIED:
        raise Failed(Code.access_denied)
    if answer.status not in (OK, _END) or not 0 < len(answer.data) <= wanted:
        raise Failed(Code.malformed)
    return answer.data
