"""How a virtual card behaves: the quirks of real chips, and what attackers and bad contacts do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, auto


class Tamper(StrEnum):
    """What somebody between card and reader does with a protected answer."""

    data = auto()  #: flips a bit of what is encrypted
    status = auto()  #: changes the status bytes outside
    inner_status = auto()  #: changes the protected status
    mac = auto()  #: flips a bit of the MAC
    no_mac = auto()  #: leaves the MAC out
    bare_success = auto()  #: answers for the card: 9000
    bare_failure = auto()  #: answers for the card: 6F00
    replay = auto()  #: gives the answer before once more
    cut = auto()  #: cuts the answer off


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A card as the standards want it, unless something else is said."""

    pace: bool = True
    bac: bool = True
    #: The curve of PACE, by its parameter id; the card's EF.CardAccess has to offer it.
    curve: int = 13
    #: The passwords that PACE takes: 1 is the MRZ, 2 the CAN.
    passwords: tuple[int, ...] = (1, 2)
    #: The card insists on being told the curve's id, or refuses to be told (6A80).
    needs_parameter: bool = False
    refuses_parameter: bool = False
    #: Knows SELECT of the master file; otherwise 6D00.
    master_file: bool = True
    #: Knows SELECT of a file only in its general form (P1 = 00); otherwise 6A86.
    general_select_only: bool = False
    #: Answers to a wrong token of PACE, and to a wrong key of BAC.
    wrong_pace: int = 0x6300
    wrong_bac: int = 0x6300
    #: Takes commands of extended length. What is too long for a short answer is fetched with GET RESPONSE.
    extended: bool = True
    #: Promises extended length in the ATR and then drops the session over it.
    extended_promise: bool | None = None
    #: The most data in one answer.
    buffer: int = 65536
    #: Answers 6Cxx when asked for more than is left of a file, instead of what is left.
    exact_length: bool = False
    #: Answers 6282 when asked for more than is left of a file.
    warns_of_end: bool = False
    #: Says what is wrong in the open, also inside a session, which goes on.
    bare_errors: bool = False
    #: Refuses (6700, protected) to give more data in one answer than this.
    longest: int = 65536
    #: Takes 3DES chip authentication in two steps only.
    no_set_kat: bool = False
    #: Whether the hash of active authentication with RSA is SHA-1 (trailer BC) instead of SHA-256 (34CC).
    old_active: bool = False
    #: The signer of active authentication gives n - s.
    negative_active: bool = False
    tamper: Tamper | None = None
    #: Which protected answer is the first that is tampered with, from 1.
    tamper_from: int = 1
    #: The card is pulled out while it works on this command, counted from 1 after power on.
    pulled_at: int | None = None
    #: Seconds for every command.
    seconds: float = 0.0

    @property
    def promises_extended(self) -> bool:
        return self.extended if self.extended_promise is None else self.extended_promise


GENUINE = Behaviour()
BAC_ONLY = Behaviour(pace=False)
PACE_ONLY = Behaviour(bac=False)
