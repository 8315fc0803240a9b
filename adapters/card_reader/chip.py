"""One citizen card's chip: opened with a key, read, and asked to prove that it is no copy."""

import secrets
from typing import Literal

from adapters.card_reader import active_authentication, bac, chip_authentication, pace
from adapters.card_reader.apdu import LONGEST_ANSWER, OK, SHORT_ANSWER, Command
from adapters.card_reader.channel import Channel
from adapters.card_reader.failure import Code, Failed
from adapters.card_reader.files import SOD, begins_with, card_access, read_file, select_application, select_master
from adapters.card_reader.key import Can, Key
from adapters.card_reader.line import Line
from adapters.card_reader.public_key import public_key
from adapters.card_reader.secure_messaging import Unprotected
from adapters.card_reader.security_infos import SecurityInfos, in_group, security_infos

_DG14, _DG15 = 14, 15
_TAG_DG14, _TAG_DG15 = 0x6E, 0x6F
_TAMPERED = frozenset({Code.secure_messaging, Code.malformed, Code.access_denied})


class Chip:
    """Every method raises `Failed`, also with its channel's codes. After a failure only `open` may be tried again."""

    def __init__(self, channel: Channel) -> None:
        self._line = Line(channel, extended=channel.extended)
        self._access: SecurityInfos | None = None
        self._key: Key | None = None

    def open(self, key: Key) -> Literal["pace", "bac"]:
        """Opens the chip with PACE, or with BAC if it has no PACE that we know, or none for an MRZ; tells which.

        Raises `Failed`: access_denied (wrong key, or a CAN where only BAC is there), too_many_attempts,
        not_a_citizen_card, secure_messaging, malformed.
        """
        self._line.messaging, self._key = None, key
        if self._access is None:
            self._access = card_access(self._line)
        else:
            select_master(self._line)
        offer = pace.best(self._access)
        if offer:
            ambiguous = len(self._access.pace_parameters) > 1
            self._line.messaging = pace.agree(self._line, offer, key, ambiguous=ambiguous)
        select_application(self._line)
        if self._line.messaging:
            return "pace"
        if isinstance(key, Can):
            raise Failed(Code.access_denied)
        self._line.messaging = bac.agree(self._line, key)
        return "bac"

    def read(self, group: int) -> bytes | None:
        """A data group by its number, or `files.SOD`, `files.COM`; None if the chip has no such file.

        A card may lie about that: what the SOD lists and the card does not have is no sign of good faith.
        Raises `Failed`: access_denied for a group that this key does not open, secure_messaging, malformed.
        """
        self._check_open()
        try:
            return read_file(self._line, group)
        except Unprotected as bare:
            if not bare.extended or not bare.refused or self._line.proven or self._key is None:
                raise
            return self._read_again_in_short(group, self._key)

    def read_sod(self) -> bytes | None:
        """The document security object: who signed the data groups. Raises as `read`."""
        return self.read(SOD)

    def _read_again_in_short(self, group: int, key: Key) -> bytes | None:
        """Some cards promise extended length and then drop the session over it: once more, without."""
        self._line.extended = False
        self.open(key)
        return read_file(self._line, group)

    def authenticate_chip(self, dg14: bytes) -> bool | None:
        """Whether the chip holds the private key of DG14; None if DG14 has no key for it that we can use.

        If so, the rest of the session goes under keys that only this chip has. If not, the session is over. It proves
        nothing about DG14 itself: passive authentication does.
        """
        self._check_open()
        offer = chip_authentication.best(security_infos(in_group(dg14, _TAG_DG14)))
        if offer is None:
            return None
        keys = chip_authentication.agree(self._line, offer)
        if keys is None:
            return False
        self._line.messaging = keys
        self._key = None  # from here on a session can't be opened again without losing what is proven
        try:
            return begins_with(self._line, _DG14, dg14)
        except Failed as failed:
            if failed.code in _TAMPERED:
                return False
            raise

    def authenticate_actively(self, dg15: bytes) -> bool | None:
        """Whether the chip can sign with the private key of DG15; None for a kind of key that we can't check."""
        self._check_open()
        key = public_key(in_group(dg15, _TAG_DG15))
        challenge = secrets.token_bytes(active_authentication.CHALLENGE)
        longest = LONGEST_ANSWER if self._line.extended else SHORT_ANSWER
        try:
            answer = self._line.send(Command(0, 0x88, 0, 0, challenge, longest))
        except Unprotected as bare:
            if bare.refused:
                return False
            raise
        return answer.status == OK and active_authentication.signed(key, challenge, answer.data)

    def _check_open(self) -> None:
        """Nothing of a person is asked for, or believed, in the open."""
        if self._line.messaging is None:
            raise Failed(Code.access_denied)
