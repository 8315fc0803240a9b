"""`dancu edge read` on a real service: every card gets its level, its code and its exit code."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from adapters.card_reader.failure import Code
from deploy.cli import app
from tests.adapters.card_reader.slot import seen
from tests.adapters.card_reader.stack import Stack
from tests.adapters.card_reader.virtual.behaviour import BAC_ONLY, Behaviour, Tamper
from tests.adapters.card_reader.virtual.card import VirtualCard
from tests.adapters.card_reader.virtual.personal import Personalised
from tests.adapters.card_reader.virtual.variants import Variant, personalise, write_trust
from tests.commands import PROGRAM, Answer, check_words

_VERIFIED = {"passive": True, "chip": True, "active": None, "cross": True, "expiry": True}
#: Level, error, exit code, and what the checks found besides the access.
_VARIANTS: Mapping[Variant, tuple[str | None, str | None, int, Mapping[str, bool | None]]] = {
    **dict.fromkeys(
        (Variant.genuine, Variant.rsa, Variant.pss, Variant.nist, Variant.sparse), ("chip+pa", None, 0, _VERIFIED)
    ),
    Variant.clone: (None, "not_genuine", 2, {"passive": True, "chip": False, "cross": None, "expiry": None}),
    Variant.hidden_groups: (None, "not_genuine", 2, {"passive": True, "chip": False}),
    Variant.altered_dg13: (None, "dg13_hash", 2, {"passive": False, "chip": True, "cross": None}),
    Variant.altered_dg14: (None, "dg14_hash", 2, {"passive": False, "chip": True}),
    Variant.expired_signer: (None, "ds_expired", 2, {"passive": False}),
    Variant.coming_signer: (None, "ds_not_yet_valid", 2, {"passive": False}),
    Variant.revoked_signer: (None, "ds_revoked", 2, {"passive": False}),
    Variant.expired_csca: (None, "csca_expired", 2, {"passive": False}),
    Variant.forged_issuer: ("read-only", "csca_unknown", 2, {"passive": False, "chip": True, "cross": True}),
    Variant.unknown_csca: ("read-only", "csca_unknown", 2, {"passive": False, "chip": True, "cross": True}),
    Variant.without_sod: ("read-only", "sod_missing", 2, {"passive": None, "cross": True}),
    Variant.expired_document: (None, "document_expired", 2, {"passive": True, "cross": True, "expiry": False}),
    Variant.other_number_in_dg13: (None, "number_mismatch", 2, {"passive": True, "cross": False, "expiry": None}),
}


@pytest.fixture(scope="session")
def csca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a trust folder as an operator fills it."""
    return write_trust(tmp_path_factory.mktemp("read") / "csca")


@pytest.fixture
def read(csca: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    """Run the command, which may use virtual readers, in this process."""
    monkeypatch.setenv("DANCU_EDGE_ALLOW_VIRTUAL", "1")
    monkeypatch.setenv("DANCU_EDGE_TRUST", str(csca))

    def run(*words: str, stdin: str = "") -> Answer:
        done = CliRunner().invoke(app, ["edge", "read", "--wait", "5", *words], input=stdin)
        answer = Answer(done.exit_code, done.stdout, done.stderr)
        check_words(answer.out + answer.err)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return answer

    return run


def test_every_variant_is_in_the_table() -> None:
    assert _VARIANTS.keys() == set(Variant)


@pytest.mark.parametrize("variant", Variant)
def test_every_card_gets_its_level_its_code_and_its_exit_code(
    variant: Variant, stack: Stack, read: Callable[..., Answer]
) -> None:
    card = personalise(variant)
    with seen(stack, VirtualCard(card)):
        answer = read("--number", "-", "--json", stdin=f"{card.number}\n")
    level, error, code, checks = _VARIANTS[variant]
    found = answer.json
    assert (found["level"], found["error"], answer.code) == (level, error, code)
    assert {name: found["checks"][name] for name in checks} == checks
    assert found["checks"]["pace_or_bac"] == "pace"
    told = level is not None or error == "document_expired"
    assert (found["document"] is not None) is told
    if told:
        assert found["document"]["number_masked"] == f"{card.number[:3]}•••••••{card.number[-2:]}"
        assert found["document"]["expiry"] == card.persona.expires.isoformat() if card.persona.expires else None


def test_the_json_has_the_keys_of_the_contract_and_no_other(stack: Stack, read: Callable[..., Answer]) -> None:
    with seen(stack, VirtualCard(personalise())):
        found = read("--number", personalise().number, "--json").json
    assert found.keys() == {"level", "checks", "error", "document", "ms"}
    assert list(found["checks"]) == ["pace_or_bac", "passive", "chip", "active", "cross", "expiry"]
    assert found["document"].keys() == {"number_masked", "expiry"}
    assert list(found["ms"]) == ["connect", "open", "sod", "chip", "groups", "passive", "active", "total"]
    assert all(ms >= 0 for ms in found["ms"].values())


def the_ways(card: Personalised) -> dict[str, tuple[tuple[str, ...], str]]:
    """Return every way to say the key: words of the command line, and standard input."""
    zone = "\n".join(card.mrz)
    code = f"{card.number}||Nguyễn Thị Thử|17051992|Nữ|Số 5 Ngõ Gạch Vỡ|01062021"
    return {
        "number": (("--number", card.number), ""),
        "number from stdin": (("--number", "-"), f"{card.number}\r\n"),
        "can": (("--can", card.can), ""),
        "can from stdin": (("--can", "-"), card.can),
        "mrz": (("--mrz", zone), ""),
        "mrz from stdin": (("--mrz", "-"), zone),
        "a line: number": ((), card.number),
        "a line: can": ((), f"\n{card.can}\n"),
        "a line: mrz": ((), "".join(card.mrz)),
        "lines: mrz": ((), f"{zone}\n"),
        "a line: qr": ((), code),
    }


def test_every_way_to_say_the_key_opens_the_card(stack: Stack, read: Callable[..., Answer]) -> None:
    card = personalise()
    with seen(stack, VirtualCard(card)):
        answers = {name: read(*words, "--json", stdin=stdin) for name, (words, stdin) in the_ways(card).items()}
    assert {name: (one.code, one.json["level"]) for name, one in answers.items()} == dict.fromkeys(
        the_ways(card), (0, "chip+pa")
    )


@pytest.mark.parametrize(
    ("behaviour", "words", "error"),
    [
        (Behaviour(), ("--can", "123456"), "access_denied"),
        (BAC_ONLY, ("--number", personalise().number), "access_denied"),
        (Behaviour(pulled_at=12), ("--number", personalise().number), "card_removed"),
        (Behaviour(tamper=Tamper.mac, tamper_from=4), ("--number", personalise().number), "secure_messaging"),
        (Behaviour(), ("--number", "12"), "access_denied"),
        (Behaviour(), ("--mrz", "IDVNM<<<"), "access_denied"),
    ],
    ids=["wrong CAN", "a CAN where only BAC is there", "pulled out", "tampered with", "no number", "no MRZ"],
)
def test_a_card_that_could_not_be_read_is_exit_code_1(
    behaviour: Behaviour, words: tuple[str, ...], error: str, stack: Stack, read: Callable[..., Answer]
) -> None:
    with seen(stack, VirtualCard(personalise(), behaviour)):
        answer = read(*words, "--json")
    assert (answer.code, answer.json["level"], answer.json["error"]) == (1, None, error)
    assert answer.json["document"] is None


def test_a_card_with_bac_only_is_opened_with_its_mrz(stack: Stack, read: Callable[..., Answer]) -> None:
    card = personalise()
    with seen(stack, VirtualCard(card, BAC_ONLY)):
        found = read("--mrz", "".join(card.mrz), "--json").json
    assert (found["level"], found["checks"]["pace_or_bac"]) == ("chip+pa", "bac")


def test_what_is_not_there_is_said_by_its_code(
    stack: Stack, read: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    def error(*words: str) -> tuple[int, Any]:
        answer = read("--can", "123456", "--wait", "0", "--json", *words)
        return answer.code, answer.json["error"]

    assert error() == (1, "timeout")
    assert error("--reader", "of nobody") == (1, "reader_unavailable")
    monkeypatch.delenv("DANCU_EDGE_ALLOW_VIRTUAL")
    assert error() == (1, "virtual_reader")
    stack.stop()
    try:
        assert error() == (1, "service_unavailable")
    finally:
        stack.start()


def test_the_reader_is_chosen_by_a_part_of_its_name(stack: Stack, read: Callable[..., Answer]) -> None:
    card, expired = personalise(), personalise(Variant.expired_document)
    with seen(stack, VirtualCard(card)), seen(stack, VirtualCard(expired), 1):
        assert read("--number", card.number, "--reader", "pcd 00 00").code == 0
        assert read("--number", card.number, "--reader", "PCD 00 01", "--json").json["error"] == "document_expired"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--can", "123456", "--number", "-"), "only one of"),
        (("--bogus",), "--bogus"),
        (("--wait", "soon"), "--wait"),
        (("--can", "123456", "--trust", "nowhere"), "nowhere"),
    ],
)
def test_a_mistake_on_the_command_line_is_exit_code_1_for_2_says_not_to_trust(
    words: tuple[str, ...], said: str, read: Callable[..., Answer]
) -> None:
    answer = read(*words, "--json")
    assert answer.code == 1
    assert said in answer.err
    assert answer.out == ""


def test_a_counter_needs_none_of_the_hubs_settings(
    stack: Stack, read: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DANCU_BATCH", "many")
    card = personalise()
    with seen(stack, VirtualCard(card)):
        assert read("--number", card.number).code == 0
    hub = CliRunner().invoke(app, ["edge", "devices"])
    assert (hub.exit_code, "DANCU_BATCH" in hub.stderr) == (2, True)


def test_without_a_trust_folder_nothing_is_read(read: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DANCU_EDGE_TRUST")
    assert "--trust DIR" in read("--can", "123456").err


def test_people_are_told_in_two_languages_and_see_no_whole_number(stack: Stack, read: Callable[..., Answer]) -> None:
    card = personalise()
    with seen(stack, VirtualCard(card)):
        answer = read("--number", card.number)
        wrong = read("--can", "123456")
    assert "Thẻ thật" in answer.err
    assert "genuine" in answer.err
    assert card.number not in answer.out + answer.err
    assert card.persona.name not in answer.out + answer.err
    assert "access_denied" in wrong.err


def test_the_whole_command_runs_where_only_its_own_service_is(stack: Stack, csca: Path) -> None:
    """As an operator starts it: a process, its environment, standard input, the service's own place."""
    card, cloned = personalise(), personalise(Variant.clone)
    home = csca.parent
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(home), "DANCU_EDGE_ALLOW_VIRTUAL": "1", "COLUMNS": "200"}
    line = [*stack.inside, str(PROGRAM), "edge", "read", "--trust", str(csca), "--json"]

    def run(stdin: str) -> tuple[int, Any]:
        done = subprocess.run(line, input=stdin.encode(), capture_output=True, env=environment, timeout=60, cwd=home)
        check_words((done.stdout + done.stderr).decode())
        return done.returncode, orjson.loads(done.stdout)["error"]

    with seen(stack, VirtualCard(card)):
        assert run(card.number) == (0, None)
    with seen(stack, VirtualCard(cloned), 1):
        assert run("".join(cloned.mrz)) == (2, Code.not_genuine)
    assert [path for path in home.iterdir() if path.name != "csca"] == []
