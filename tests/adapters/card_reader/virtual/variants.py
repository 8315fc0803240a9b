"""The cards of the tests, one variant each, and the trust folder that goes with them."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum, auto
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from tests.adapters.card_reader.virtual.groups import (
    CARD_ACCESS,
    SPARSE,
    com,
    dg1,
    dg2,
    dg13,
    dg14,
    dg15,
    fields_of,
    text,
)
from tests.adapters.card_reader.virtual.issuing import (
    COMING,
    CSCA_NAME,
    OVER,
    Issuer,
    active_key,
    authority,
    chip_key,
    day,
    revocation_list,
    signer,
)
from tests.adapters.card_reader.virtual.personal import (
    CARD_ACCESS_FILE,
    COM_FILE,
    DUNG,
    GROUP_FILES,
    MINH,
    SOD_FILE,
    ChipKey,
    Persona,
    Personalised,
    mrz_lines,
)
from tests.adapters.card_reader.virtual.signing import lds_security_object, sod


class Variant(StrEnum):
    """The cards of the tests. `clone` has every file of the genuine one and other keys in its chip; `hidden_groups` is
    one that hides DG14 and DG15 so that nobody asks for the keys, `altered_dg14` shows its own key there instead."""

    genuine = auto()
    rsa = auto()
    pss = auto()
    nist = auto()
    sparse = auto()
    clone = auto()
    altered_dg13 = auto()
    altered_dg14 = auto()
    expired_signer = auto()
    coming_signer = auto()
    revoked_signer = auto()
    forged_issuer = auto()
    unknown_csca = auto()
    expired_csca = auto()
    hidden_groups = auto()
    without_sod = auto()
    expired_document = auto()
    other_number_in_dg13 = auto()


@cache
def signer_for(variant: Variant) -> Issuer:
    """Who signs the card of this variant. The keys are kept: two cards have one signer, as in real life."""
    match variant:
        case Variant.rsa | Variant.pss | Variant.nist:
            return signer(authority_for(variant), label=f"signer {variant}")
        case Variant.expired_signer:
            return signer(authority_for(variant), OVER, "signer expired")
        case Variant.coming_signer:
            return signer(authority_for(variant), COMING, "signer coming")
        case Variant.revoked_signer:
            return signer(authority_for(variant), label="signer revoked")
        case Variant.forged_issuer | Variant.unknown_csca | Variant.expired_csca:
            return signer(authority_for(variant), label=f"signer {variant}")
    return signer(authority_for(Variant.genuine))


@cache
def authority_for(variant: Variant) -> Issuer:
    match variant:
        case Variant.rsa | Variant.pss | Variant.nist:
            return authority(variant.value, f"csca {variant}", name=f"CSCA {variant}")
        case Variant.forged_issuer:
            return authority(label="forged", name=CSCA_NAME)
        case Variant.unknown_csca:
            return authority(label="unknown", name="CSCA of nobody")
        case Variant.expired_csca:
            return authority(label="expired", period=OVER, name="CSCA of yesterday")
    return _known()


@cache
def _known() -> Issuer:
    return authority()


def write_trust(folder: Path) -> Path:
    """Fill a folder as an operator would: the known authorities, one that is over, and the list of what was revoked."""
    folder.mkdir(parents=True, exist_ok=True)
    for variant, ending in {
        Variant.genuine: "cer",
        Variant.rsa: "der",
        Variant.pss: "der",
        Variant.expired_csca: "der",
    }.items():
        (folder / f"{variant}.{ending}").write_bytes(authority_for(variant).der)
    nist = authority_for(Variant.nist).certificate.public_bytes(Encoding.PEM)
    (folder / "nist.pem").write_bytes(nist)
    revoked = signer_for(Variant.revoked_signer).certificate.serial_number
    (folder / "known.crl").write_bytes(revocation_list(authority_for(Variant.genuine), [revoked]))
    return folder


def personalise(
    variant: Variant = Variant.genuine, persona: Persona = MINH, active: str | None = "rsa"
) -> Personalised:
    """A card. `active`: the kind of key in DG15 (rsa, ec), or None for a card without DG15."""
    if variant is Variant.expired_document:
        persona = replace(persona, expires=day(2025, 5, 17).date())
    chip, own = chip_key(), active_key(active) if active else None
    fields = fields_of(persona)
    if variant is Variant.sparse:
        fields = {number: fields[number] for number in reversed(SPARSE) if number in fields}
    if variant is Variant.other_number_in_dg13:
        fields[1] = text(DUNG.number)
    groups = {1: dg1(mrz_lines(persona)), 2: dg2(), 13: dg13(fields)}
    groups[14] = dg14(chip, own)
    if own is not None:
        groups[15] = dg15(own)
    document = sod(signer_for(variant), lds_security_object(groups))
    if variant in (Variant.clone, Variant.hidden_groups, Variant.altered_dg14):
        chip, own = chip_key("clone"), active_key(active, "clone") if active else None
    _alter(variant, persona, groups, chip)
    files = {GROUP_FILES[number]: group for number, group in groups.items()}
    files |= {CARD_ACCESS_FILE: CARD_ACCESS, COM_FILE: com(groups)}
    if variant is not Variant.without_sod:
        files[SOD_FILE] = document
    return Personalised(persona, files, chip, own)


def _alter(variant: Variant, persona: Persona, groups: dict[int, bytes], chip: ChipKey) -> None:
    """Change a data group after it was signed."""
    if variant is Variant.altered_dg13:
        groups[13] = dg13(fields_of(replace(persona, name="Kẻ Mạo Danh")))
    if variant is Variant.altered_dg14:
        groups[14] = dg14(chip, None)
    if variant is Variant.hidden_groups:
        del groups[14], groups[15]
