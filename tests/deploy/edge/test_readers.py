"""How a counter reads: with the trust bundle of today, and words for whatever it finds."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from adapters.card_reader.failure import Code
from adapters.card_reader.producer.allowed import ALLOWED
from adapters.card_reader.producer.counter.words import STOPS
from adapters.card_reader.producer.outbox_file import Stop
from adapters.card_reader.result import Checks, Document, Level, Reading, failed
from deploy.edge.readers import FreshTrust, explain, read_code
from hub.edge.purposes import PURPOSES
from tests.adapters.card_reader.producer.counters import QR
from tests.adapters.card_reader.virtual.personal import MINH
from tests.adapters.card_reader.virtual.variants import write_trust


def test_a_bundle_that_has_changed_is_read_again_and_one_that_is_away_stays(tmp_path: Path) -> None:
    folder = write_trust(tmp_path / "csca")
    trusted = FreshTrust(folder)
    first = trusted()
    assert trusted() is first
    (folder / "nist.pem").unlink()
    second = trusted()
    assert second is not first
    shutil.rmtree(folder)
    assert trusted() is second


def test_every_finding_has_words_in_both_languages() -> None:
    for reading in (
        *(failed(code) for code in Code),
        *(Reading(level, Checks(), None, Document(MINH.number, None), {}) for level in Level),
    ):
        vi, en = explain(reading)
        assert vi
        assert en
        assert vi != en


def test_every_reason_to_stop_has_a_plain_sentence() -> None:
    assert set(STOPS) == set(Stop)


@pytest.mark.parametrize(("text", "level"), [(QR, Level.QR), ("nothing", None), ("|" * 9, None)])
def test_a_code_is_read_or_said_to_be_none(text: str, level: Level | None) -> None:
    assert read_code(text).level is level


def test_counter_and_hub_agree_on_what_a_purpose_may_carry() -> None:
    assert set(ALLOWED) == {name for name, purpose in PURPOSES.items() if purpose.document}
