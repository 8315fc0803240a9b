"""The worked examples of ICAO 9303-11: appendix D (BAC and secure messaging) and G.1 (PACE), byte for byte."""

from __future__ import annotations

import pytest

from adapters.card_reader import bac, pace
from adapters.card_reader.apdu import OK, Answer, Command
from adapters.card_reader.cipher import SUITES, TRIPLE_DES, Aes
from adapters.card_reader.domain_parameters import KNOWN
from adapters.card_reader.failure import Code
from adapters.card_reader.key import MrzInformation, key_of_mrz
from adapters.card_reader.line import Line
from adapters.card_reader.secure_messaging import SecureMessaging
from adapters.card_reader.security_infos import security_infos
from tests.adapters.card_reader.chips import refusal
from tests.adapters.card_reader.scripted import Scripted

BAC_KEY = MrzInformation("L898902C", "690806", "940623")
BAC_SESSION = SecureMessaging(
    TRIPLE_DES,
    bytes.fromhex("979EC13B1CBFE9DCD01AB0FED307EAE5"),
    bytes.fromhex("F1CB1F1FB5ADF208806B89DC579DC1F8"),
    0x887022120C06C226,
)
CHALLENGE = ("0084000008", "4608F919887022129000")
AUTHENTICATE = (
    "0082000028 72C29C2371CC9BDB65B779B8E8D37B29ECC154AA56A8799FAE2F498F76ED92F2 5F1448EEA8AD90A7 28",
    "46B9342A41396CD7386BF5803104D7CEDC122B9132139BAF2EEDC94EE178534F2F2D235D074D74499000",
)
PACE_KEY = MrzInformation("T22000129", "640812", "101031")
PACE_INFO = security_infos(bytes.fromhex("31143012060A04007F0007020204020202010202010D")).pace[0]
PROTOCOL = "04007F00070202040202"
OURS = (
    "042DB7A64C0355044EC9DF190514C625CBA2CEA48754887122F3A5EF0D5EDD301C"
    "3556F3B3B186DF10B857B58F6A7EB80F20BA5DC7BE1D43D9BF850149FBB36462"
)
THEIRS = (
    "049E880F842905B8B3181F7AF7CAA9F0EFB743847F44A306D2D28C1D9EC65DF6DB"
    "7764B22277A2EDDC3C265A9F018F9CB852E111B768B326904B59A0193776F094"
)
PACE_RUN = (
    (f"0022C1A40F 800A{PROTOCOL} 830101", "9000"),
    ("10860000 02 7C00 00", "7C12801095A3A016522EE98D01E76CB6B98B42C39000"),
    (
        "10860000 45 7C438141 047ACF3EFC982EC45565A4B155129EFBC74650DCBFA6362D896FC70262E0C2CC5E"
        "544552DCB6725218799115B55C9BAA6D9F6BC3A9618E70C25AF71777A9C4922D 00",
        "7C43824104824FBA91C9CBE26BEF53A0EBE7342A3BF178CEA9F45DE0B70AA601651FBA3F57"
        "30D8C879AAA9C9F73991E61B58F4D52EB87A0A0C709A49DC63719363CCD13C549000",
    ),
    (f"10860000 45 7C438341 {OURS} 00", f"7C438441{THEIRS}9000"),
    ("00860000 0C 7C0A8508 C2B0BD78D94BA866 00", "7C0A86083ABB9674BCE93C089000"),
)
PACE_SCALARS = (
    0x7F4EF07B9EA82FD78AD689B38D0BC78CF21F249D953BC46F4C6E19259C010F99,
    0xA73FB703AC1436A18E0CFA5ABB3F7BEC7A070E7A6788486BEE230C4A22762595,
)


def test_the_mrz_information_has_its_check_digits() -> None:
    assert BAC_KEY.text() == "L898902C<369080619406236"
    assert MrzInformation("D23145890734", "340712", "950712").text() == "D23145890734934071279507122"


def test_a_long_document_number_is_put_together_from_the_mrz() -> None:
    lines = ["I<UTOD23145890<7349<<<<<<<<<<<", "3407127M9507122UTO<<<<<<<<<<<2", "STEVENSON<<PETER<JOHN<<<<<<<<<"]
    assert key_of_mrz(lines) == MrzInformation("D23145890734", "340712", "950712")


def test_bac_keys_come_from_the_mrz_with_odd_parity() -> None:
    seed = bytes.fromhex("239AB9CB282DAF66231DC5A4DF6BFBAE")
    assert TRIPLE_DES.derive(seed, 1).hex().upper() == "AB94FDECF2674FDFB9B391F85D7F76F2"
    assert TRIPLE_DES.derive(seed, 2).hex().upper() == "7962D9ECE03D1ACD4C76089DCE131543"


def test_bac_agrees_on_the_keys_of_the_example() -> None:
    drawn = iter([bytes.fromhex("781723860C06C226"), bytes.fromhex("0B795240CB7049B01C19B33E32804F0B")])
    assert bac.agree(Line(Scripted(CHALLENGE, AUTHENTICATE)), BAC_KEY, lambda _: next(drawn)) == BAC_SESSION


def test_secure_messaging_speaks_as_in_the_example() -> None:
    line = Line(
        Scripted(
            ("0CA4020C 15 8709016375432908C044F6 8E08BF8B92D635FF24F8 00", "990290008E08FA855A5D4C50A8ED9000"),
            ("0CB00000 0D 970104 8E08ED6705417E96BA55 00", "8709019FF0EC34F9922651990290008E08AD55CC17140B2DED9000"),
            (
                "0CB00004 0D 970112 8E082EA28A70F3C7B535 00",
                "871901FB9235F4E4037F2327DCC8964F1F9B8C30F42C8E2FFF224A990290008E08C8B2787EAEA07D749000",
            ),
        ),
        SecureMessaging(TRIPLE_DES, BAC_SESSION.encryption, BAC_SESSION.authentication, BAC_SESSION.counter),
    )
    assert line.send(Command(0, 0xA4, 0x02, 0x0C, b"\x01\x1e")) == Answer(b"", OK)
    assert line.send(Command(0, 0xB0, 0, 0, b"", 4)).data.hex().upper() == "60145F01"
    assert line.send(Command(0, 0xB0, 0, 4, b"", 0x12)).data.hex().upper() == "04303130365F36063034303030305C026175"


def test_a_key_is_made_of_the_password_of_pace() -> None:
    assert pace.password(PACE_KEY).hex().upper() == "7E2D2A41C74EA0B38CD36F863939BFA8E9032AAD"
    assert Aes(16).derive(pace.password(PACE_KEY), 3).hex().upper() == "89DED1B26624EC1E634C1989302849DD"


def test_the_generator_is_mapped_as_in_the_example() -> None:
    curve = KNOWN[13].curve
    theirs = curve.point_of(bytes.fromhex(PACE_RUN[2][1][8:-4]))
    assert curve.bytes_of(curve.multiply(PACE_SCALARS[0], theirs)).hex().upper() == (
        "0460332EF2450B5D247EF6D3868397D398852ED6E8CAF6FFEEF6BF85CA57057FD5"
        "0840CA7415BAF3E43BD414D35AA4608B93A2CAF3A4E3EA4E82C9C13D03EB7181"
    )
    nonce = 0x3F00C4D39D153F2B2A214A078D899B22
    assert curve.bytes_of(curve.combine(nonce, curve.g, PACE_SCALARS[0], theirs)).hex().upper() == (
        "048CED63C91426D4F0EB1435E7CB1D74A46723A0AF21C89634F65A9AE87A9265E2"
        "8C879506743F8611AC33645C5B985C80B5F09A0B83407C1B6A4D857AE76FE522"
    )


def test_pace_speaks_as_in_the_example_and_agrees_on_its_keys() -> None:
    scalars = iter(PACE_SCALARS)
    agreed = pace.agree(Line(Scripted(*PACE_RUN)), PACE_INFO, PACE_KEY, draw=lambda _: next(scalars))
    assert agreed is not None
    assert agreed.suite == SUITES[2]
    assert agreed.encryption.hex().upper() == "F5F0E35C0D7161EE6724EE513A0D9A7F"
    assert agreed.authentication.hex().upper() == "FE251C7858B356B24514B3BD5F4297D1"
    assert agreed.counter == 0


def test_a_chip_that_offers_several_curves_is_told_which() -> None:
    scalars = iter(PACE_SCALARS)
    told = (f"0022C1A412 800A{PROTOCOL} 830101 84010D", "9000")
    line = Line(Scripted(told, *PACE_RUN[1:]))
    pace.agree(line, PACE_INFO, PACE_KEY, ambiguous=True, draw=lambda _: next(scalars))


def test_a_chip_with_a_wrong_token_is_not_believed() -> None:
    scalars = iter(PACE_SCALARS)
    line = Line(Scripted(*PACE_RUN[:-1], (PACE_RUN[-1][0], "7C0A86083ABB9674BCE93C099000")))
    assert refusal(lambda: pace.agree(line, PACE_INFO, PACE_KEY, draw=lambda _: next(scalars))) is Code.secure_messaging


def test_a_chip_that_sends_our_own_key_back_is_not_believed() -> None:
    scalars = iter(PACE_SCALARS)
    line = Line(Scripted(*PACE_RUN[:3], (PACE_RUN[3][0], f"7C438441{OURS}9000")))
    assert refusal(lambda: pace.agree(line, PACE_INFO, PACE_KEY, draw=lambda _: next(scalars))) is Code.malformed


@pytest.mark.parametrize("at", [0, 20, 33, 39])
def test_an_altered_proof_of_bac_is_not_believed(at: int) -> None:
    answer = bytearray.fromhex(AUTHENTICATE[1])
    answer[at] ^= 1
    drawn = iter([bytes.fromhex("781723860C06C226"), bytes.fromhex("0B795240CB7049B01C19B33E32804F0B")])
    line = Line(Scripted(CHALLENGE, (AUTHENTICATE[0], answer.hex())))
    assert refusal(bac.agree, line, BAC_KEY, lambda _: next(drawn)) is Code.secure_messaging
