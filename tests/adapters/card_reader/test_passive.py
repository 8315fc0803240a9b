"""What the issuer signed is believed, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import pytest
from asn1crypto import cms, core

from adapters.card_reader.failure import Code, Failed
from adapters.card_reader.passive import Signer, check
from adapters.card_reader.tlv import one
from adapters.card_reader.trust import Revocation, Trust, load_trust
from tests.adapters.card_reader.virtual.groups import wrap
from tests.adapters.card_reader.virtual.issuing import NOW, day, signer
from tests.adapters.card_reader.virtual.personal import HOA, MINH, Personalised
from tests.adapters.card_reader.virtual.signing import attributes_of, lds_security_object, sod
from tests.adapters.card_reader.virtual.variants import Variant, authority_for, personalise, signer_for


@pytest.fixture(scope="module")
def card() -> Personalised:
    return personalise()


def code_of(sod_file: bytes, groups: Mapping[int, bytes], trust: Trust, now: datetime = NOW) -> Code:
    with pytest.raises(Failed) as failed:
        check(sod_file, groups, trust, now)
    assert failed.value.__cause__ is None
    assert isinstance(failed.value.__context__, IndexError | None), "an error of a parser holds what it could not read"
    return failed.value.code


@pytest.mark.parametrize(
    "variant", [Variant.genuine, Variant.rsa, Variant.pss, Variant.nist, Variant.sparse, Variant.clone]
)
def test_a_card_of_a_known_authority_is_believed_whatever_it_signs_with(variant: Variant, trust: Trust) -> None:
    card = personalise(variant, HOA)
    found = check(card.sod, card.groups, trust, NOW)
    assert found.country == "VN"
    assert found.groups == {1, 2, 13, 14, 15}
    assert found.ends == signer_for(variant).certificate.not_valid_after_utc


@pytest.mark.parametrize(
    ("variant", "code"),
    [
        (Variant.altered_dg13, Code.dg13_hash),
        (Variant.altered_dg14, Code.dg14_hash),
        (Variant.expired_signer, Code.ds_expired),
        (Variant.coming_signer, Code.ds_not_yet_valid),
        (Variant.revoked_signer, Code.ds_revoked),
        (Variant.forged_issuer, Code.csca_unknown),
        (Variant.unknown_csca, Code.csca_unknown),
        (Variant.expired_csca, Code.csca_expired),
    ],
)
def test_every_other_card_says_why_it_is_not_believed(variant: Variant, code: Code, trust: Trust) -> None:
    card = personalise(variant)
    assert code_of(card.sod, card.groups, trust) is code


@pytest.mark.parametrize("number", [1, 2, 13, 14, 15])
def test_one_altered_byte_of_any_data_group_is_found(number: int, card: Personalised, trust: Trust) -> None:
    altered = bytearray(card.groups[number])
    altered[-1] ^= 1
    assert code_of(card.sod, {**card.groups, number: bytes(altered)}, trust) is Code(f"dg{number}_hash")


def test_a_data_group_that_the_issuer_did_not_list_is_not_believed(card: Personalised, trust: Trust) -> None:
    issued = sod(signer_for(Variant.genuine), lds_security_object({1: card.groups[1]}))
    assert check(issued, {1: card.groups[1]}, trust, NOW).groups == {1}
    assert code_of(issued, {1: card.groups[1], 14: card.groups[14]}, trust) is Code.dg14_hash


def test_data_groups_that_the_chip_hides_are_seen(trust: Trust) -> None:
    card = personalise(Variant.hidden_groups)
    found = check(card.sod, card.groups, trust, NOW)
    assert found.groups - card.groups.keys() == {14, 15}


@pytest.mark.parametrize("digest", ["sha1", "sha224", "sha256", "sha384", "sha512"])
@pytest.mark.parametrize("version", [0, 1])
def test_every_hash_and_both_versions_of_the_list_are_read(
    digest: str, version: int, card: Personalised, trust: Trust
) -> None:
    issued = sod(signer_for(Variant.genuine), lds_security_object(card.groups, digest, version))
    assert isinstance(check(issued, card.groups, trust, NOW), Signer)
    assert code_of(issued, {1: card.groups[1] + b"\x00"}, trust) is Code.dg1_hash


def test_a_flipped_signature_and_an_altered_list_are_found(card: Personalised, trust: Trust) -> None:
    flipped = bytearray(card.sod)
    flipped[-1] ^= 1
    assert code_of(bytes(flipped), card.groups, trust) is Code.sod_signature
    listed = lds_security_object(card.groups)
    other = lds_security_object({**card.groups, 1: b"another person"})
    assert code_of(card.sod.replace(listed, other), card.groups, trust) is Code.sod_signature


def test_a_sign_of_forgery_comes_before_a_signer_that_is_only_unknown(trust: Trust) -> None:
    card = personalise(Variant.unknown_csca)
    assert code_of(card.sod, {**card.groups, 1: card.groups[2]}, trust) is Code.dg1_hash


@pytest.mark.parametrize("usage", ["key_cert_sign", "crl_sign", "key_agreement"])
def test_only_who_may_sign_documents_signs_documents(usage: str, card: Personalised, trust: Trust) -> None:
    other = signer(authority_for(Variant.genuine), label=f"for {usage}", usage=usage)
    assert code_of(sod(other, lds_security_object(card.groups)), card.groups, trust) is Code.sod_signature


def test_the_authority_itself_does_not_sign_documents(card: Personalised, trust: Trust) -> None:
    issued = sod(authority_for(Variant.genuine), lds_security_object(card.groups))
    assert code_of(issued, card.groups, trust) is Code.sod_signature


def test_both_signed_attributes_have_to_be_there_once(card: Personalised, trust: Trust) -> None:
    by, content = signer_for(Variant.genuine), lds_security_object(card.groups)
    kind, digest = attributes_of(content, "sha256")
    for given in ([kind], [digest], [kind, digest, digest], [], attributes_of(content, "sha256", "data")):
        assert code_of(sod(by, content, given), card.groups, trust) is Code.malformed
    wrong = attributes_of(content + b"\x00", "sha256")
    assert code_of(sod(by, content, wrong), card.groups, trust) is Code.sod_signature


def test_there_is_exactly_one_signer_with_its_certificate(card: Personalised, trust: Trust) -> None:
    for part in ("signer_infos", "certificates"):
        info = cms.ContentInfo.load(one(card.sod, 0x77).value)
        for times in (0, 2, 9):
            signed = info["content"].copy()
            signed[part] = [signed[part][0]] * times
            changed = wrap(0x77, cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump())
            assert code_of(changed, card.groups, trust) is Code.malformed


@pytest.mark.parametrize("kind", ["data", "1.2.3.4", "2.23.136.1.1.2"])
def test_something_else_that_the_signer_signed_is_no_sod(kind: str, card: Personalised, trust: Trust) -> None:
    """A list of authorities, say, or a letter: its content may look like hashes of data groups."""
    signed = cms.ContentInfo.load(one(card.sod, 0x77).value)["content"].copy()
    content = core.ParsableOctetString(lds_security_object(card.groups))
    signed["encap_content_info"] = cms.EncapsulatedContentInfo({"content_type": kind, "content": content})
    changed = cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump()
    assert code_of(wrap(0x77, changed), card.groups, trust) is Code.malformed


def test_what_is_not_a_whole_sod_is_malformed(card: Personalised, trust: Trust) -> None:
    inner = one(card.sod, 0x77).value
    for broken in (
        b"",
        b"\x77",
        card.sod[:-1],
        card.sod + b"\x00",
        inner,
        wrap(0x77, inner + inner),
        wrap(0x77, bytes(0x9000)),
    ):
        assert code_of(broken, card.groups, trust) is Code.malformed


def test_a_list_that_is_not_one_is_malformed(card: Personalised, trust: Trust) -> None:
    by = signer_for(Variant.genuine)
    good = lds_security_object(card.groups)
    short = good.replace(wrap(0x04, bytes(32))[:2], b"\x04\x1f", 1)
    twice = lds_security_object({1: card.groups[1], 2: card.groups[1]}).replace(b"\x02\x01\x02", b"\x02\x01\x01")
    version_9 = good.replace(b"\x02\x01\x00", b"\x02\x01\x09", 1)
    for content in (b"", short, twice, version_9, lds_security_object({17: b""}), good + b"\x00"):
        assert code_of(sod(by, content), card.groups, trust) is Code.malformed


def test_weak_hashes_are_not_taken(card: Personalised, trust: Trust) -> None:
    by = signer_for(Variant.genuine)
    assert code_of(sod(by, lds_security_object(card.groups, "md5")), card.groups, trust) is Code.malformed


def test_an_empty_trust_folder_knows_nobody(card: Personalised, tmp_path: Path) -> None:
    assert code_of(card.sod, card.groups, load_trust(tmp_path)) is Code.csca_unknown


def test_the_day_decides_about_a_signer(card: Personalised, trust: Trust) -> None:
    assert code_of(card.sod, card.groups, trust, day(2046)) is Code.csca_expired
    assert code_of(card.sod, card.groups, trust, day(2020)) is Code.csca_expired


def test_who_vouches_is_told_without_a_word_about_the_person(card: Personalised, trust: Trust) -> None:
    found = check(card.sod, card.groups, trust, NOW)
    assert found.revocation is Revocation.current
    assert MINH.number not in repr(found)
    assert check(card.sod, {1: card.groups[1]}, trust, NOW) == found


def test_passive_authentication_of_nothing_or_without_a_time_zone_is_a_mistake(
    card: Personalised, trust: Trust
) -> None:
    with pytest.raises(ValueError, match="at least one data group"):
        check(card.sod, {}, trust, NOW)
    with pytest.raises(ValueError, match="time with its zone"):
        check(card.sod, card.groups, trust, NOW.replace(tzinfo=None))
