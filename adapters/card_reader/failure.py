"""Why a card was not read or not believed: one code each, and never a word of what the card said."""

from enum import StrEnum, auto


class Code(StrEnum):
    """What a counter is told. Part of the events and of `dancu edge read --json`: names never change."""

    # the way to the card
    access_denied = auto()  #: wrong key, or the card takes none of ours
    card_removed = auto()
    timeout = auto()
    reader_unavailable = auto()
    reader_busy = auto()
    service_unavailable = auto()  #: pcscd does not answer
    virtual_reader = auto()  #: refused: nobody allowed readers without a real card
    not_a_citizen_card = auto()
    too_many_attempts = auto()
    secure_messaging = auto()  #: an answer was altered, or does not belong to this session

    # what the card holds
    malformed = auto()  #: TLV, ASN.1 or LDS not as the standard says
    not_genuine = auto()  #: chip or active authentication failed: a copy
    sod_signature = auto()
    sod_missing = auto()
    csca_unknown = auto()
    csca_expired = auto()
    ds_expired = auto()
    ds_not_yet_valid = auto()
    ds_revoked = auto()
    dg1_hash = auto()
    dg2_hash = auto()
    dg13_hash = auto()
    dg14_hash = auto()
    dg15_hash = auto()
    number_mismatch = auto()  #: chip, MRZ, DG13, QR or the key name different persons
    document_expired = auto()

    # the code printed on it
    qr_malformed = auto()


#: The card itself is not to be trusted (exit code 2 of `dancu edge read`); any other code is a failure to read.
UNTRUSTED: frozenset[Code] = frozenset(
    code
    for code in Code
    if code.startswith(("sod_", "csca_", "ds_"))
    or code.endswith("_hash")
    or code in {Code.malformed, Code.not_genuine, Code.number_mismatch, Code.document_expired}
)


class Failed(Exception):
    """The card was not read or not believed. Its text is the code: nothing of a card or key can get into a log."""

    def __init__(self, code: Code) -> None:
        super().__init__(code.value)
        self.code = code
