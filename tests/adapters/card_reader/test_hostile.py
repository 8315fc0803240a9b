"""Thousands of damaged and forged files: refused with a code, or harmless. Never a crash, never a hang."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.card_reader.bundle import read_certificates, read_lists
from adapters.card_reader.dg1 import dg1_of
from adapters.card_reader.dg13 import dg13_of
from adapters.card_reader.failure import UNTRUSTED, Code, Failed
from adapters.card_reader.passive import Signer, check
from adapters.card_reader.trust import Trust, load_trust
from tests.adapters.card_reader.virtual.groups import wrap
from tests.adapters.card_reader.virtual.issuing import NOW, authority, revocation_list
from tests.adapters.card_reader.virtual.personal import Personalised
from tests.adapters.card_reader.virtual.variants import Variant, personalise

MUTATIONS = 1200


@pytest.fixture(scope="module")
def card() -> Personalised:
    return personalise()


def mutations(data: bytes, times: int, seed: int) -> Iterator[bytes]:
    """Damage of every kind: a flipped bit, another byte, a piece cut out, doubled, moved, or another length."""
    drawn = random.Random(seed)
    for _ in range(times):
        damaged = bytearray(data)
        for _ in range(drawn.choice((1, 1, 1, 2, 5))):
            at = drawn.randrange(len(damaged))
            size = drawn.choice((1, 1, 2, 4, 30, 200))
            match drawn.randrange(6):
                case 0:
                    damaged[at] ^= 1 << drawn.randrange(8)
                case 1:
                    damaged[at] = drawn.choice((0x00, 0x01, 0x02, 0x05, 0x06, 0x30, 0x31, 0x80, 0x84, 0x9F, 0xA0, 0xFF))
                case 2 if len(damaged) > size + 1:
                    del damaged[at : at + size]
                case 3:
                    damaged[at:at] = damaged[at : at + size]
                case 4:
                    damaged[at:at] = drawn.randbytes(size)
                case _:
                    damaged[at : at + 1] = b"\x84\xff\xff\xff\xff"[: drawn.choice((2, 3, 5))]
            if not damaged:
                break
        yield bytes(damaged)


def code_or_signer(sod: bytes, card: Personalised, trust: Trust) -> Code | Signer:
    try:
        return check(sod, card.groups, trust, NOW)
    except Failed as failed:
        return failed.code


def code_of(parse: Callable[[bytes], object], data: bytes) -> Code | None:
    try:
        parse(data)
    except Failed as failed:
        return failed.code
    return None


@pytest.mark.parametrize(("variant", "seed"), [(Variant.genuine, 1), (Variant.pss, 2)])
def test_a_damaged_sod_is_refused_or_still_says_the_same(variant: Variant, seed: int, trust: Trust) -> None:
    card = personalise(variant)
    whole = check(card.sod, card.groups, trust, NOW)
    codes: set[object] = set()
    for damaged in mutations(card.sod, MUTATIONS, seed):
        found = code_or_signer(damaged, card, trust)
        assert found in UNTRUSTED or found == whole, "only what nobody signed may differ"
        codes.add(found)
    assert {Code.malformed, Code.sod_signature, whole} <= codes


def test_a_damaged_inside_in_a_whole_wrapping_is_refused_too(trust: Trust, card: Personalised) -> None:
    inside = card.sod[4:]
    whole = check(card.sod, card.groups, trust, NOW)
    for damaged in mutations(inside, MUTATIONS // 2, 3):
        found = code_or_signer(wrap(0x77, damaged), card, trust)
        assert found in UNTRUSTED or found == whole


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_as_a_sod_are_refused(trust: Trust, card: Personalised, data: bytes) -> None:
    for said in (data, wrap(0x77, data), wrap(0x77, wrap(0x30, data))):
        with pytest.raises(Failed) as failed:
            check(said, card.groups, trust, NOW)
        assert failed.value.code is Code.malformed


@pytest.mark.parametrize("depth", [100, 5_000])
def test_things_within_things_within_things_are_refused(depth: int, trust: Trust, card: Personalised) -> None:
    for tags in (0x30, 0x31, 0xA0, 0x24):
        nested = b""
        for _ in range(depth):
            nested = wrap(tags, nested)[:0x7000]
        for said in (wrap(0x77, nested), wrap(0x77, bytes([tags, 0x80]) * depth)):
            with pytest.raises(Failed) as failed:
                check(said, card.groups, trust, NOW)
            assert failed.value.code is Code.malformed


@pytest.mark.parametrize(("number", "parse"), [(1, dg1_of), (13, dg13_of)])
def test_damaged_data_groups_are_read_or_refused(
    number: int, parse: Callable[[bytes], object], card: Personalised
) -> None:
    for damaged in mutations(card.groups[number], 4 * MUTATIONS, number):
        assert code_of(parse, damaged) in (None, Code.malformed)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_as_a_data_group_are_read_or_refused(data: bytes) -> None:
    for parse in (dg1_of, dg13_of):
        for said in (data, wrap(0x61, wrap(0x5F1F, data)), wrap(0x6D, wrap(0x30, data))):
            assert code_of(parse, said) in (None, Code.malformed)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([1, 2, 13, 14, 15]), st.data())
def test_no_byte_of_any_data_group_can_be_changed(
    trust: Trust, card: Personalised, number: int, data: st.DataObject
) -> None:
    altered = bytearray(card.groups[number])
    altered[data.draw(st.integers(0, len(altered) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Failed) as failed:
        check(card.sod, {**card.groups, number: bytes(altered)}, trust, NOW)
    assert failed.value.code is Code(f"dg{number}_hash")


def test_damaged_certificates_and_lists_of_the_trust_folder_do_not_stop_it(tmp_path: Path) -> None:
    known = authority()
    for number, damaged in enumerate(mutations(known.der, 150, 5)):
        (tmp_path / f"{number}.der").write_bytes(damaged)
    for number, damaged in enumerate(mutations(revocation_list(known, [1, 2, 3]), 150, 6)):
        (tmp_path / f"{number}.crl").write_bytes(damaged)
    faults: list[str] = []
    read_certificates(tmp_path, faults)
    read_lists(tmp_path, faults)
    assert len(faults) > 100
    assert load_trust(tmp_path).problems
