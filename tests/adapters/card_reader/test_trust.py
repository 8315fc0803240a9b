"""The trust folder: who counts, who does not, and what is said about files that can't be used."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from adapters.card_reader.certificate import Certificate
from adapters.card_reader.failure import Code, Failed
from adapters.card_reader.passive import check
from adapters.card_reader.trust import Revocation, Trust, load_trust
from tests.adapters.card_reader.virtual.groups import dg1
from tests.adapters.card_reader.virtual.issuing import (
    COMING,
    LONG,
    NOW,
    OVER,
    Issuer,
    Period,
    authority,
    day,
    linked,
    revocation_list,
    signer,
)
from tests.adapters.card_reader.virtual.personal import MINH, mrz_lines
from tests.adapters.card_reader.virtual.signing import lds_security_object, sod
from tests.adapters.card_reader.virtual.variants import write_trust

GROUPS = {1: dg1(mrz_lines(MINH))}


def verdict(by: Issuer, trust: Trust) -> Code | Revocation:
    """What passive authentication says of a card that this document signer signed."""
    try:
        return check(sod(by, lds_security_object(GROUPS)), GROUPS, trust, NOW).revocation
    except Failed as failed:
        return failed.code


def folder_of(folder: Path, **files: bytes | Issuer) -> Trust:
    """A trust folder; `csca_der` is the file `csca.der`."""
    for name, content in files.items():
        stem, _, ending = name.rpartition("_")
        (folder / f"{stem}.{ending}").write_bytes(content.der if isinstance(content, Issuer) else content)
    return load_trust(folder)


def test_the_folder_of_the_tests_has_no_problems(tmp_path: Path) -> None:
    trust = load_trust(write_trust(tmp_path))
    assert trust.problems == ()
    assert len(trust.authorities) == 5
    assert all(isinstance(each, Certificate) and each.country == "VN" for each in trust.authorities)


def test_a_country_that_renewed_its_key_has_two_authorities_of_one_name(tmp_path: Path) -> None:
    old, new, forged = authority(label="old"), authority(label="new"), authority(label="forged")
    trust = folder_of(tmp_path, old_der=old, new_der=new)
    assert verdict(signer(old), trust) is Revocation.unchecked
    assert verdict(signer(new), trust) is Revocation.unchecked
    assert verdict(signer(forged), trust) is Code.csca_unknown


def test_an_authority_of_the_same_name_that_is_over_does_not_spoil_the_one_that_is_valid(tmp_path: Path) -> None:
    over, valid = authority(label="same", period=OVER), authority(label="same")
    assert verdict(signer(valid), folder_of(tmp_path, a_der=over)) is Code.csca_expired
    assert verdict(signer(valid), folder_of(tmp_path, a_der=over, b_der=valid)) is Revocation.unchecked


def test_the_right_key_under_another_name_is_not_the_authority(tmp_path: Path) -> None:
    known = authority(label="csca")
    renamed = authority(label="csca", name="CSCA of another name")
    assert verdict(signer(renamed), folder_of(tmp_path, csca_der=known)) is Code.csca_unknown


def test_a_link_certificate_leads_from_the_old_key_to_the_new_one(tmp_path: Path) -> None:
    old, new = authority(label="old"), authority(label="new", name="CSCA with a new name")
    link = linked(old, new)
    trust = folder_of(tmp_path, old_der=old, link_cer=link)
    assert trust.problems == ()
    assert verdict(signer(new), trust) is Revocation.unchecked


def test_links_are_followed_in_any_order(tmp_path: Path) -> None:
    first, second, third = (authority(label=f"generation {each}") for each in range(3))
    trust = folder_of(tmp_path, a_der=linked(second, third), b_der=linked(first, second), c_der=first)
    assert trust.problems == ()
    assert verdict(signer(third), trust) is Revocation.unchecked


def test_a_link_certificate_alone_proves_nothing(tmp_path: Path) -> None:
    old, new = authority(label="old"), authority(label="new")
    trust = folder_of(tmp_path, link_cer=linked(old, new))
    assert trust.authorities == ()
    assert [problem.split(":")[0] for problem in trust.problems] == ["link.cer", tmp_path.name]
    assert verdict(signer(new), trust) is Code.csca_unknown


def test_an_authority_makes_no_links_after_its_end(tmp_path: Path) -> None:
    old, new = authority(label="old", period=OVER), authority(label="new")
    assert verdict(signer(new), folder_of(tmp_path, old_der=old, link_cer=linked(old, new))) is Code.csca_unknown


def test_a_link_that_is_over_or_to_come_is_as_an_authority_that_is(tmp_path: Path) -> None:
    old, new = authority(label="old", period=Period(day(2005), day(2045))), authority(label="new")
    for period in (OVER, COMING):
        trust = folder_of(tmp_path, old_der=old, link_cer=linked(old, new, period))
        assert verdict(signer(new), trust) is Code.csca_expired


def test_a_list_of_the_new_key_speaks_for_signers_of_the_old_one(tmp_path: Path) -> None:
    old, new = authority(label="old"), authority(label="new")
    taken_back = signer(old)
    revoked = revocation_list(new, [taken_back.certificate.serial_number])
    trust = folder_of(tmp_path, old_der=old, new_der=new, list_crl=revoked)
    assert verdict(taken_back, trust) is Code.ds_revoked
    assert verdict(signer(new), trust) is Revocation.current


def test_an_old_list_still_revokes_and_says_that_it_is_old(tmp_path: Path) -> None:
    known = authority()
    taken_back = signer(known)
    revoked = revocation_list(known, [taken_back.certificate.serial_number], Period(day(2024), day(2025)))
    trust = folder_of(tmp_path, csca_der=known, list_crl=revoked)
    assert verdict(taken_back, trust) is Code.ds_revoked
    assert verdict(signer(known), trust) is Revocation.stale
    both = folder_of(tmp_path, new_crl=revocation_list(known, []))
    assert verdict(taken_back, both) is Code.ds_revoked, "a certificate does not come back"
    assert verdict(signer(known), both) is Revocation.current


def test_an_authority_that_took_itself_back_vouches_for_nobody(tmp_path: Path) -> None:
    known = authority()
    trust = folder_of(tmp_path, csca_der=known, list_crl=revocation_list(known, [known.certificate.serial_number]))
    assert verdict(signer(known), trust) is Code.ds_revoked


@pytest.mark.parametrize("who", ["forged", "another", "renamed"])
def test_a_list_that_no_authority_here_may_sign_is_not_used_and_named(who: str, tmp_path: Path) -> None:
    known = authority()
    by = {
        "forged": authority(label="forged"),
        "another": authority(label="another", name="CSCA of another name"),
        "renamed": authority(name="CSCA with our key and another name"),
    }[who]
    good = signer(known)
    files: dict[str, bytes | Issuer] = {
        "csca_der": known,
        "list_crl": revocation_list(by, [good.certificate.serial_number]),
    }
    trust = folder_of(tmp_path, **files)
    assert trust.lists == ()
    assert [problem.split(":")[0] for problem in trust.problems] == ["list.crl"]
    assert verdict(good, trust) is Revocation.unchecked


def test_a_list_counts_even_if_the_certificate_of_its_authority_forgot_to_allow_lists(tmp_path: Path) -> None:
    known = authority(uses=["key_cert_sign"])
    taken_back = signer(known)
    revoked = revocation_list(known, [taken_back.certificate.serial_number])
    assert verdict(taken_back, folder_of(tmp_path, csca_der=known, list_crl=revoked)) is Code.ds_revoked


@pytest.mark.parametrize(
    "extension",
    [
        x509.DeltaCRLIndicator(1),
        x509.IssuingDistributionPoint(None, None, True, False, None, False, False),
    ],
)
def test_a_list_of_changes_or_of_a_part_is_not_taken_for_a_whole_one(
    extension: x509.ExtensionType, tmp_path: Path
) -> None:
    known = authority()
    trust = folder_of(tmp_path, csca_der=known, list_crl=revocation_list(known, [], LONG, extension))
    assert trust.lists == ()
    assert verdict(signer(known), trust) is Revocation.unchecked


def test_certificates_and_lists_are_taken_in_der_and_pem_with_any_ending(tmp_path: Path) -> None:
    known, other = authority(), authority(label="other", name="other")
    pem = known.certificate.public_bytes(Encoding.PEM) + b"\n" + other.certificate.public_bytes(Encoding.PEM)
    crl = x509.load_der_x509_crl(revocation_list(known, [])).public_bytes(Encoding.PEM)
    trust = folder_of(tmp_path, both_PEM=pem, once_more_der=known, list_crl=crl, readme_txt=b"not read at all")
    assert trust.problems == ()
    assert len(trust.authorities) == 2
    assert len(trust.lists) == 1


def test_files_that_can_not_be_used_are_named_and_the_others_are_used(tmp_path: Path) -> None:
    known = authority()
    broken = bytearray(known.der)
    broken[-1] ^= 1
    trust = folder_of(
        tmp_path,
        csca_der=known,
        a_der=b"",
        b_cer=b"hello",
        c_pem=b"-----BEGIN CERTIFICATE-----\nnot base64 ...\n-----END CERTIFICATE-----\n",
        d_pem=b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        e_der=bytes(broken),
        f_der=signer(known),
        g_der=authority(label="no use", uses=["crl_sign"]),
        h_crl=known.der,
        i_der=known.der + b"\x00",
    )
    assert [problem.split(":")[0] for problem in trust.problems] == [
        "a.der", "b.cer", "c.pem", "d.pem", "i.der", "f.der", "g.der", "e.der", "h.crl",
    ]  # fmt: skip
    assert all(" / " in problem for problem in trust.problems), "both languages"
    assert verdict(signer(known), trust) is Revocation.unchecked


def test_a_file_that_is_far_too_large_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "huge.der").touch()
    os.truncate(tmp_path / "huge.der", 1 << 34)
    (tmp_path / "folder.der").mkdir()
    assert [problem.split(":")[0] for problem in load_trust(tmp_path).problems] == ["huge.der", tmp_path.name]


def test_a_folder_that_is_not_there_is_an_error_and_an_empty_one_a_problem(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        load_trust(tmp_path / "nowhere")
    trust = load_trust(tmp_path)
    assert trust == Trust((), (), trust.problems)
    assert len(trust.problems) == 1
