"""A reading asks for no more than it needs, in the right order, and says of whom it is only to those who ask."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.card_reader.failure import UNTRUSTED, Code
from adapters.card_reader.key import key_of_can, key_of_mrz, key_of_number
from adapters.card_reader.reading import Wish, read_card
from adapters.card_reader.result import Level, Reading, failed
from adapters.card_reader.trust import Trust
from tests.adapters.card_reader.virtual.behaviour import BAC_ONLY, GENUINE, Behaviour
from tests.adapters.card_reader.virtual.card import VirtualCard
from tests.adapters.card_reader.virtual.groups import dg14
from tests.adapters.card_reader.virtual.in_process import InProcess
from tests.adapters.card_reader.virtual.issuing import NOW
from tests.adapters.card_reader.virtual.personal import DUNG, GROUP_FILES, HOA, SOD_FILE, Personalised
from tests.adapters.card_reader.virtual.signing import lds_security_object, sod
from tests.adapters.card_reader.virtual.variants import Variant, personalise, signer_for


def read(card: Personalised, trust: Trust, behaviour: Behaviour = GENUINE, *, photo: bool = False) -> Reading:
    channel = InProcess(VirtualCard(card, behaviour))
    return read_card(channel, key_of_number(card.number), trust, Wish(NOW, photo))


def without(card: Personalised, *files: int) -> Personalised:
    return replace(card, files={file: content for file, content in card.files.items() if file not in files})


def without_chip_key(card: Personalised) -> Personalised:
    """Issue the card once more, without chip authentication."""
    groups = card.groups | {14: dg14(None, card.active_private_key)}
    if card.active_private_key is None:
        del groups[14]
    document = sod(signer_for(Variant.genuine), lds_security_object(groups))
    own = {file: content for file, content in card.files.items() if file not in GROUP_FILES.values()}
    files = {GROUP_FILES[number]: content for number, content in groups.items()}
    return replace(card, files={**own, **files, SOD_FILE: document})


def test_the_photo_is_read_only_if_the_wish_asks_for_it(trust: Trust) -> None:
    card = personalise()
    assert read(card, trust).photo is None
    assert read(card, trust, photo=True).photo == card.groups[2]
    assert read(personalise(Variant.altered_dg13), trust, photo=True).photo is None


def test_no_active_signature_is_asked_for_when_the_chip_has_proven_itself(trust: Trust) -> None:
    assert read(personalise(), trust).checks.active is None


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_a_chip_without_chip_authentication_proves_itself_actively(kind: str, trust: Trust) -> None:
    found = read(without_chip_key(personalise(active=kind)), trust)
    assert (found.level, found.checks.chip, found.checks.active) == (Level.CHIP_PA, None, True)


def test_a_card_that_can_prove_nothing_is_only_the_issuers_data(trust: Trust) -> None:
    found = read(without_chip_key(personalise(active=None)), trust)
    assert (found.level, found.checks.chip, found.checks.active) == (Level.PA, None, None)
    assert found.verified


def test_a_card_of_2024_with_few_fields_and_one_without_end_are_verified(trust: Trust) -> None:
    assert read(personalise(Variant.sparse, DUNG), trust).level is Level.CHIP_PA
    endless = read(personalise(persona=HOA), trust)
    assert (endless.level, endless.checks.expiry) == (Level.CHIP_PA, True)


def test_dg13_that_the_card_hides_is_a_sign_of_a_copy(trust: Trust) -> None:
    found = read(without(personalise(), 0x010D), trust)
    assert (found.level, found.error, found.checks.passive) == (None, Code.not_genuine, True)


def test_another_document_is_no_citizen_card(trust: Trust) -> None:
    found = read(without(personalise(), 0x0101), trust)
    assert (found.error, found.untrusted) == (Code.not_a_citizen_card, False)


def test_the_number_given_must_be_the_cards(trust: Trust) -> None:
    card = personalise()
    channel = InProcess(VirtualCard(card))
    key = key_of_number("079" + "192" + card.number[-6:])  # the CAN of this card, and somebody else's number
    found = read_card(channel, key, trust, Wish(NOW))
    assert (found.level, found.error, found.checks.cross) == (None, Code.number_mismatch, False)
    assert found.document is None


def test_with_the_mrz_or_the_can_alone_the_rest_of_the_card_must_agree(trust: Trust) -> None:
    card = personalise()
    for key in (key_of_mrz("".join(card.mrz)), key_of_can(card.can)):
        found = read_card(InProcess(VirtualCard(card)), key, trust, Wish(NOW))
        assert (found.level, found.checks.cross) == (Level.CHIP_PA, True)


def test_bac_is_told_as_bac(trust: Trust) -> None:
    card = personalise()
    channel = InProcess(VirtualCard(card, BAC_ONLY))
    found = read_card(channel, key_of_mrz("".join(card.mrz)), trust, Wish(NOW))
    assert (found.level, found.checks.pace_or_bac) == (Level.CHIP_PA, "bac")


def test_a_card_pulled_out_at_any_command_is_told_so_and_never_half_verified(trust: Trust) -> None:
    card = personalise()
    whole = InProcess(VirtualCard(card))
    read_card(whole, key_of_number(card.number), trust, Wish(NOW))
    for command in range(1, len(whole.commands) + 1):
        found = read(card, trust, Behaviour(pulled_at=command))
        assert (found.level, found.error, found.untrusted) == (None, Code.card_removed, False), command
        assert found.document is None
        assert "total" in found.ms


def test_what_is_malformed_is_the_cards_fault_only_after_its_signed_object_was_read(trust: Trust) -> None:
    broken = replace(personalise(), files={**personalise().files, 0x0101: b"\x61\x02\x5f\x1f"})
    found = read(broken, trust)
    assert (found.error, found.untrusted) in {(Code.malformed, True), (Code.dg1_hash, True)}
    before = replace(personalise(), files={**personalise().files, 0x011C: b"\x31\x82\xff"})
    found = read(before, trust)
    assert (found.error, found.untrusted) == (Code.malformed, False)


def test_a_failure_is_untrusted_or_could_not_be_read_and_never_verified() -> None:
    for code in Code:
        found = failed(code)
        assert not found.verified
        assert found.untrusted is (code in UNTRUSTED and code is not Code.malformed)


def test_nothing_of_the_person_is_in_a_text_made_of_a_reading(trust: Trust) -> None:
    card = personalise()
    found = read(card, trust, photo=True)
    assert found.document is not None
    assert found.document.number == card.number
    for secret in (card.number, card.document_number, card.can, card.persona.name, card.groups[2].hex()):
        assert secret not in repr(found)
        assert secret not in str(found.as_json())


class Breaking(InProcess):
    """A channel on which our own code stumbles, over something that must not be told."""

    def transmit(self, command: bytes) -> bytes:
        raise ValueError(f"unexpected: {self.card.card.number} {command.hex()}")


def test_a_card_that_makes_the_reader_fail_is_malformed_and_its_data_are_in_no_log(
    trust: Trust, caplog: pytest.LogCaptureFixture
) -> None:
    card = personalise()
    found = read_card(Breaking(VirtualCard(card)), key_of_number(card.number), trust, Wish(NOW))
    assert (found.level, found.error, found.untrusted) == (None, Code.malformed, False)
    assert "ValueError at transmit" in caplog.text
    assert card.number not in caplog.text
