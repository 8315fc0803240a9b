"""What a chip can do, as EF.CardAccess and DG14 list it (ICAO 9303-11, 9.2; BSI TR-03110-3, A.1), in any order."""

from typing import NamedTuple

from adapters.card_reader.failure import Code, Failed
from adapters.card_reader.public_key import INTEGER, OID, SEQUENCE, SET, EcKey, public_key
from adapters.card_reader.tlv import Tlv, one, parse

_BSI = bytes.fromhex("04007F00070202")
_CHIP_KEY_ECDH = _BSI + b"\x01\x02"
_CHIP_ECDH = _BSI + b"\x03\x02"
_PACE_ECDH_GM = _BSI + b"\x04\x02"
_PACE = _BSI + b"\x04"


class PaceInfo(NamedTuple):
    """`protocol`: the object identifier's value; `suite`: its last number; `parameter`: the curve's id."""

    protocol: bytes
    suite: int
    parameter: int


class ChipInfo(NamedTuple):
    """Chip authentication over ECDH that the chip offers. `key_id` None: there is only one key."""

    protocol: bytes
    suite: int
    key_id: int | None


class ChipKey(NamedTuple):
    """The chip's public key and its id, if it has one."""

    key: EcKey
    key_id: int | None


class SecurityInfos(NamedTuple):
    """What this reader can use of it. `pace_parameters`: ids of all PACE parameters offered, of any protocol."""

    pace: tuple[PaceInfo, ...] = ()
    pace_parameters: frozenset[int] = frozenset()
    chip: tuple[ChipInfo, ...] = ()
    keys: tuple[ChipKey, ...] = ()


def security_infos(data: bytes) -> SecurityInfos:
    """Reads `SET OF SecurityInfo` (DER). Unknown ones are left out. Raises `Failed(malformed)`."""
    pace, parameters, chip, keys = [], set(), [], []
    for info in one(data, SET).parts():
        protocol, *details = _info(info)
        oid = protocol.value
        if oid == _CHIP_KEY_ECDH:
            keys += _chip_key(details)
        elif oid[:-1] == _CHIP_ECDH:
            chip.append(ChipInfo(oid, oid[-1], _last_number(details[1:])))
        elif oid.startswith(_PACE) and len(oid) == len(_PACE_ECDH_GM) + 1 and _number(details[0]) == 2:
            parameter = _last_number(details[1:])
            if parameter is not None:
                parameters.add(parameter)
                pace += [PaceInfo(oid, oid[-1], parameter)] if oid[:-1] == _PACE_ECDH_GM else []
    return SecurityInfos(tuple(pace), frozenset(parameters), tuple(chip), tuple(keys))


def _info(info: Tlv) -> list[Tlv]:
    parts = info.parts() if info.tag == SEQUENCE else []
    if len(parts) < 2 or parts[0].tag != OID:
        raise Failed(Code.malformed)
    return parts


def _chip_key(details: list[Tlv]) -> list[ChipKey]:
    key = public_key(details[0].encoded())
    return [ChipKey(key, _last_number(details[1:]))] if isinstance(key, EcKey) else []


def _last_number(details: list[Tlv]) -> int | None:
    return _number(details[0]) if details else None


def _number(part: Tlv) -> int:
    if part.tag != INTEGER or not part.value:
        raise Failed(Code.malformed)
    return int.from_bytes(part.value)


def in_group(data: bytes, tag: int) -> bytes:
    """What DG14 (tag 6E) or DG15 (6F) wraps. Raises `Failed(malformed)`."""
    match parse(data):
        case [Tlv(found, value)] if found == tag:
            return value
    raise Failed(Code.malformed)
