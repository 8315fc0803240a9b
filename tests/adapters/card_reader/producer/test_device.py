"""A counter's key is its own, and a kill between two steps of joining or changing keys leaves a device that works."""

from __future__ import annotations

import stat
from contextlib import closing
from pathlib import Path

import pytest

from adapters.card_reader.producer import joining
from adapters.card_reader.producer.device import (
    JOINING_KEY,
    KEY,
    NEXT_KEY,
    BadDevice,
    NotJoined,
    key_in,
    load_enrolment,
    load_signer,
    save_enrolment,
)
from adapters.card_reader.producer.joining import NotAdmitted, is_changing_keys, join, rotate
from adapters.card_reader.producer.line import Line, LineDown
from tests.adapters.card_reader.producer.hub import CODE, PURPOSES, SITE, TestHub, a_hub
from tests.adapters.card_reader.producer.making import FOUND, a_device, joined


def try_to_join(hub: TestHub, home: Path, code: str = CODE) -> None:
    with closing(Line(hub.url)) as line:
        join(line, home, hub.url, code, "quầy 1")


def test_a_device_that_has_joined_knows_what_it_must_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    home = tmp_path / "deep" / "home"
    with a_hub() as hub:
        enrolment = joined(hub, home)
        assert load_enrolment(home) == enrolment
        assert (enrolment.site_id, enrolment.purposes, enrolment.hub) == (SITE, PURPOSES, hub.url)
        assert load_signer(home, enrolment).public() == hub.device
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert {file.name: stat.S_IMODE(file.stat().st_mode) for file in home.iterdir()} == {
        KEY: 0o600,
        "device.json": 0o600,
    }


def test_the_private_key_goes_nowhere(tmp_path: Path) -> None:
    with a_hub() as hub:
        joined(hub, tmp_path)
        assert hub.device is not None
        assert set(hub.device) == {"kty", "crv", "x"}
    assert "PRIVATE" not in (tmp_path / "device.json").read_text()


def test_a_wrong_code_is_refused_in_the_hubs_words_and_changes_nothing(tmp_path: Path) -> None:
    with a_hub() as hub:
        with pytest.raises(NotAdmitted, match="the hub answered 403: the code is not known"):
            try_to_join(hub, tmp_path, "WRONG")
        with pytest.raises(NotJoined):
            load_enrolment(tmp_path)


def test_an_answer_that_got_lost_is_asked_for_with_the_same_key(tmp_path: Path) -> None:
    with a_hub() as hub:
        hub.mute = 1
        with pytest.raises(LineDown):
            try_to_join(hub, tmp_path)
        first = hub.device
        try_to_join(hub, tmp_path)
        assert hub.device == first


@pytest.mark.parametrize(
    "change",
    [{"hub_key": None}, {"window_seconds": "x"}, {"device_id": None}, {"device_id": "../x"}, {"purposes": ["A B"]}],
    ids=str,
)
def test_something_else_than_a_hub_is_not_joined(
    tmp_path: Path, change: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_hub() as hub:
        welcome = TestHub.welcome
        monkeypatch.setattr(hub, "welcome", lambda: {**welcome(hub), **change})
        with pytest.raises(NotAdmitted, match="something else than the hub"):
            try_to_join(hub, tmp_path)
        with pytest.raises(NotJoined):
            load_enrolment(tmp_path)


@pytest.mark.parametrize("name", [KEY, "device.json"])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, name: str) -> None:
    with a_hub() as hub:
        joined(hub, tmp_path)
    (tmp_path / name).chmod(0o640)
    with pytest.raises(BadDevice, match=f"{name}: others than its owner may read it"):
        load_signer(tmp_path, load_enrolment(tmp_path))


@pytest.mark.parametrize("content", [b"", b"{}", b"not json", b'{"device_id": 1, "more": 2}'])
def test_a_damaged_enrolment_is_said(tmp_path: Path, content: bytes) -> None:
    with a_hub() as hub:
        joined(hub, tmp_path)
    (tmp_path / "device.json").write_bytes(content)
    with pytest.raises(BadDevice, match="damaged"):
        load_enrolment(tmp_path)


def test_a_key_that_is_none_is_said(tmp_path: Path) -> None:
    with a_hub() as hub:
        enrolment = joined(hub, tmp_path)
    (tmp_path / KEY).write_bytes(b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n")
    with pytest.raises(BadDevice, match="no private key"):
        load_signer(tmp_path, enrolment)


def test_a_key_of_another_device_is_said(tmp_path: Path) -> None:
    with a_hub() as hub:
        enrolment = joined(hub, tmp_path)
    (tmp_path / KEY).unlink()
    key_in(tmp_path / KEY)
    with pytest.raises(BadDevice, match="not the key that the hub knows"):
        load_signer(tmp_path, enrolment)


def test_a_kill_between_the_answer_and_the_last_step_of_joining_is_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_hub() as hub:
        with monkeypatch.context() as patch:
            patch.setattr(joining, "load_signer", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                try_to_join(hub, tmp_path)
        assert (tmp_path / JOINING_KEY).exists()
        with a_device(hub, tmp_path) as device:
            device.recorder.record(FOUND)
            device.send_all()
        assert (tmp_path / KEY).exists()
        assert len(hub.taken) == 1


def test_a_new_key_signs_what_comes_after_the_change(tmp_path: Path) -> None:
    with a_hub() as hub:
        with a_device(hub, tmp_path) as device:
            device.recorder.record(FOUND)
            device.send_all()
        before = hub.device
        with closing(Line(hub.url)) as line:
            enrolment = rotate(line, tmp_path, 2)
        assert hub.device != before
        assert not is_changing_keys(tmp_path)
        assert load_enrolment(tmp_path) == enrolment
        with a_device(hub, tmp_path) as device:
            device.recorder.record(FOUND)
            device.send_all()
        hub.check_row()


def test_a_change_whose_answer_got_lost_is_under_way_until_it_is_asked_for_again(tmp_path: Path) -> None:
    with a_hub() as hub:
        joined(hub, tmp_path)
        hub.mute = 1
        with closing(Line(hub.url)) as line, pytest.raises(LineDown):
            rotate(line, tmp_path, 1)
        assert is_changing_keys(tmp_path)
        assert key_in(tmp_path / NEXT_KEY).public() == hub.device


def test_an_enrolment_shows_no_key_when_it_is_printed(tmp_path: Path) -> None:
    with a_hub() as hub:
        enrolment = joined(hub, tmp_path)
    assert "hub_key" not in repr(enrolment)
    save_enrolment(tmp_path, enrolment)
    assert load_enrolment(tmp_path) == enrolment
