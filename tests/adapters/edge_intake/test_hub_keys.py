"""The hub's key file: made once, read by its owner only, with older keys behind the newest."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import orjson
import pytest
from joserfc.jwk import OKPKey

from adapters.edge_intake.hub_keys import HubKeyProblem, load, load_or_make


def test_it_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    file = tmp_path / "home" / "edge-key.json"
    made = load_or_make(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert load_or_make(file).public() == made.public()
    assert sorted(made.public()) == ["crv", "kid", "kty", "x"]
    assert list(file.parent.iterdir()) == [file]
    private = orjson.loads(file.read_bytes())["keys"][0]["d"]
    assert private not in f"{made!r}{made.public()}"


def test_processes_that_make_it_at_once_get_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: load_or_make(tmp_path / "key").public()["kid"], range(8)))
    assert len(set(found)) == 1
    assert list(tmp_path.iterdir()) == [tmp_path / "key"]


def test_a_newer_key_in_front_is_for_new_events_and_the_older_one_still_opens(tmp_path: Path) -> None:
    file = tmp_path / "key"
    old = load_or_make(file)
    keys = orjson.loads(file.read_bytes())["keys"]
    newer = OKPKey.generate_key("X25519").as_dict(private=True)
    file.write_bytes(orjson.dumps({"keys": [newer, *keys]}))
    both = load_or_make(file)
    assert both.public()["x"] == newer["x"]
    assert both.get(old.public()["kid"]) is not None
    assert both.get("A" * 43) is None
    assert both.secret("marks") == old.secret("marks") != old.secret("other")
    file.write_bytes(orjson.dumps(keys[0]))  # a single key is as good
    assert load_or_make(file).public() == old.public()


def test_a_file_that_others_may_read_is_refused_with_what_to_do(tmp_path: Path) -> None:
    load_or_make(tmp_path / "key")
    (tmp_path / "key").chmod(0o640)
    with pytest.raises(HubKeyProblem, match="chmod 600"):
        load_or_make(tmp_path / "key")


def test_a_file_that_holds_no_key_is_refused_and_not_shown(tmp_path: Path) -> None:
    good = OKPKey.generate_key("Ed25519").as_dict(private=True)
    for number, content in enumerate((b"", b"secret words", b"[]", b"{}", b'{"keys":[]}', orjson.dumps(good))):
        file = tmp_path / str(number)
        file.write_bytes(content)
        file.chmod(0o600)
        with pytest.raises(HubKeyProblem) as problem:
            load_or_make(file)
        assert "secret words" not in str(problem.value)
        assert file.read_bytes() == content


def test_a_key_that_must_be_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(HubKeyProblem, match="No such file"):
        load(tmp_path / "key")
    assert not (tmp_path / "key").exists()


def test_a_place_where_nothing_can_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HubKeyProblem, match="name another file"):
        load_or_make(tmp_path / "file" / "key")
