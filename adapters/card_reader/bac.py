"""Basic access control: both sides prove that they know the MRZ, and agree on 3DES keys (ICAO 9303-11, 4.3).

The MRZ has little entropy: who records the exchange can try keys offline. PACE is used wherever a card has it.
"""

import secrets
from collections.abc import Callable
from hmac import compare_digest

from adapters.card_reader.apdu import BLOCKED, OK, Answer, Command
from adapters.card_reader.cipher import TRIPLE_DES, padded
from adapters.card_reader.failure import Code, Failed
from adapters.card_reader.key import MrzInformation
from adapters.card_reader.line import Line
from adapters.card_reader.secure_messaging import SecureMessaging

_CHALLENGE, _NONCE, _SECRET = 8, 8, 16
_ANSWER = 40  # 32 encrypted bytes and their MAC


def agree(line: Line, key: MrzInformation, draw: Callable[[int], bytes] = secrets.token_bytes) -> SecureMessaging:
    """Raises `Failed`: access_denied if the card refuses the key; secure_messaging if its own proof is wrong."""
    seed = key.digest()[:16]
    encryption, authentication = TRIPLE_DES.derive(seed, 1), TRIPLE_DES.derive(seed, 2)
    theirs = _challenge(line)
    ours, our_secret = draw(_NONCE), draw(_SECRET)
    sealed = TRIPLE_DES.encrypt(encryption, bytes(8), ours + theirs + our_secret)
    proof = TRIPLE_DES.mac(authentication, padded(sealed, 8))
    answer = _accepted(line.send(Command(0, 0x82, 0, 0, sealed + proof, _ANSWER)))
    sealed, proof = answer.data[:-8], answer.data[-8:]
    if len(answer.data) != _ANSWER or not compare_digest(proof, TRIPLE_DES.mac(authentication, padded(sealed, 8))):
        raise Failed(Code.secure_messaging)
    opened = TRIPLE_DES.decrypt(encryption, bytes(8), sealed)
    if not compare_digest(opened[:16], theirs + ours):
        raise Failed(Code.secure_messaging)
    shared = bytes(one ^ other for one, other in zip(our_secret, opened[16:], strict=True))
    counter = int.from_bytes(theirs[4:] + ours[4:])
    return SecureMessaging(TRIPLE_DES, TRIPLE_DES.derive(shared, 1), TRIPLE_DES.derive(shared, 2), counter)


def _challenge(line: Line) -> bytes:
    answer = line.send(Command(0, 0x84, 0, 0, b"", _CHALLENGE))
    if answer.status != OK:
        raise Failed(Code.access_denied)
    if len(answer.data) != _CHALLENGE:
        raise Failed(Code.malformed)
    return answer.data


def _accepted(answer: Answer) -> Answer:
    if answer.status == BLOCKED:
        raise Failed(Code.too_many_attempts)
    if answer.status != OK:
        raise Failed(Code.access_denied)
    return answer
