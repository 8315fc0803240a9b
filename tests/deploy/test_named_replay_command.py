"""`dancu failures`, `dancu replay plan` … `run`, `dancu audit` and `dancu operator` from the outside."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands import Answer, Dancu, applied, terminate, wait_for
from tests.deploy.sample import lines, move
from tests.deploy.test_replay_command import _GUARD, story, tax_system

PERSON = "--person"


@pytest.fixture
def parked(dancu: Dancu) -> Dancu:
    """A hub whose tax office has rejected one event; one waits behind it."""
    dancu.ingest("-", stdin=lines(move(1, 1)))
    dancu.run_until_idle()
    with tax_system(dancu) as database:
        database.execute(_GUARD)
    dancu.ingest("-", stdin=lines(move(1, 2), move(1, 3), move(2, 1)))
    dancu.run_until_idle()
    return dancu


def ok(answer: Answer) -> Answer:
    """Return the answer of a command that must have worked."""
    assert answer.code == 0, answer
    return answer


def mend(dancu: Dancu) -> None:
    """Let the tax office take it."""
    with tax_system(dancu) as database:
        database.execute("DROP TRIGGER guard")


def test_a_failure_is_found_planned_approved_replayed_and_told(parked: Dancu) -> None:
    listed = ok(parked("failures", "list", "--json")).json
    assert [(one["agency"], one["event_id"]) for one in listed["failures"]] == [("tax", "move-1-2")]
    grouped = ok(parked("failures", "groups", "--agency", "tax", "--json")).json
    assert [(one["count"], one["error_class"]) for one in grouped["groups"]] == [(1, "constraint")]
    shown = ok(parked("failures", "show", "move-1-2", "--json")).json
    assert (shown["deliveries"][0]["waiting_behind"], shown["deliveries"][0]["next_behind"]) == (1, ["move-1-3"])
    dry = ok(parked("replay", "plan", "--agency", "tax", "--dry-run", "--json")).json
    assert (dry["estimate"]["deliveries"], dry["estimate"]["waiting_behind"]) == (1, 1)
    assert ok(parked("replay", "list", "--json")).json == {"replays": []}
    planned = ok(parked("replay", "plan", "--agency", "tax", "--reason", "mended", "--by", "lan", "--json")).json
    name = planned["id"]
    early = parked("replay", "run", name)
    assert (early.code, "approved" in early.err) == (1, True)
    ok(parked("replay", "approve", name, "--reason", "looked", "--by", "minh", "--json"))
    mend(parked)
    done = ok(parked("replay", "run", name, "--by", "lan", "--json")).json
    assert (done["state"], done["progress"]["delivered"]) == ("done", 1)
    assert applied(parked.home, "tax") == ["move-1-1", "move-2-1", "move-1-2", "move-1-3"]
    (asked,) = [step for step in story(parked, "move-1-2")["steps"] if step["what"] == "requested"]
    assert (asked["by"], asked["detail"], asked["replay"], asked["approved_by"]) == ("lan", "mended", name, "minh")
    assert name in ok(parked("explain", "move-1-2")).out
    trail = ok(parked("audit", "list", "--subject", name, "--json")).json["entries"]
    assert [(one["by"], one["action"]) for one in trail] == [
        ("lan", "replay.planned"),
        ("minh", "replay.approved"),
        ("lan", "replay.started"),
        ("dancu", "replay.done"),
    ]


def test_the_audit_trail_says_when_it_was_changed(parked: Dancu) -> None:
    import sqlite3

    ok(parked("replay", "tax", "--reason", "try", "--json"))
    whole = ok(parked("audit", "verify", "--json")).json
    assert whole["whole"] is True
    assert ok(parked("audit", "verify", "--expect", whole["last"])).code == 0
    with sqlite3.connect(parked.home / "deliveries.db") as database:
        database.execute("UPDATE audit_entries SET by = 'somebody else'")
    database.close()
    broken = parked("audit", "verify", "--json")
    assert (broken.code, broken.json["whole"], broken.json["number"]) == (1, False, 1)
    assert parked("audit", "verify", "--expect", "x").code == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("plan", "--reason", "x"), "nothing is selected"),
        (("plan", "--agency", "police", "--reason", "x"), "no such agency"),
        (("plan", "--all", "--agency", "tax", "--reason", "x"), "does not go together"),
        (("plan", "--all", "--since", "yesterday", "--reason", "x"), "since"),
        (("plan", "--all", "--attempts", "many", "--reason", "x"), "attempts"),
        (("plan", "--all"), "a reason"),
        (("plan", "--agency", "tax", "--rate", "0", "--reason", "x"), "rate"),
        (("police",), "no such agency"),
    ],
)
def test_what_is_asked_wrongly_is_said_in_one_sentence(dancu: Dancu, words: tuple[str, ...], said: str) -> None:
    answer = dancu("replay", *words)
    assert (answer.code, said in answer.err) == (2, True), answer


def test_a_filter_that_matches_nothing_plans_nothing_and_says_so(parked: Dancu) -> None:
    answer = parked("replay", "plan", "--error-class", "unheard-of", "--reason", "x")
    assert (answer.code, "nothing that is parked" in answer.err) == (1, True)
    for words in (("--since", "2100-01-01"), ("--until", "2000-01-01"), ("--attempts", "7.."), ("--type", "X")):
        assert ok(parked("replay", "plan", *words, "--dry-run", "--json")).json["estimate"]["deliveries"] == 0


def test_a_person_is_named_on_standard_input_and_never_shown(parked: Dancu) -> None:
    from tests.deploy.sample import lines as _lines

    number = parked("failures", "list", "--json")
    assert number.code == 0
    sent = _lines(move(1, 2)).decode()
    subject = sent.split('"subject":"')[1][:12].encode()
    listed = ok(parked("failures", "list", PERSON, "-", "--json", stdin=subject)).json
    assert [one["event_id"] for one in listed["failures"]] == ["move-1-2"]
    words = ("replay", "plan", PERSON, "-", "--reason", "x")
    planned = ok(parked(*words, "--json", stdin=subject)).json
    assert planned["selection"]["persons"] == [f"{subject.decode()[:3]}•••••••{subject.decode()[-2:]}"]
    assert parked("failures", "list", PERSON, "-", stdin=b"").code == 2


def test_a_running_hub_goes_on_with_a_replay_that_was_started(parked: Dancu) -> None:
    mend(parked)
    name = ok(parked("replay", "plan", "--all", "--reason", "mended", "--json")).json["id"]
    ok(parked("replay", "approve", name, "--reason", "one only"))
    assert ok(parked("replay", "run", name, "--no-wait", "--json")).json["state"] == "running"
    with parked.started("run", "--registry-port", "0") as process:

        def done() -> bool:
            return bool(ok(parked("replay", "status", name, "--json")).json["state"] == "done")

        wait_for(process, done)
        terminate(process)
    assert "move-1-3" in applied(parked.home, "tax")


def test_cancelled_and_paused_replays_send_nothing(parked: Dancu) -> None:
    mend(parked)
    name = ok(parked("replay", "plan", "--all", "--reason", "mended", "--json")).json["id"]
    ok(parked("replay", "cancel", name, "--reason", "not yet"))
    assert parked("replay", "approve", name, "--reason", "x").code == 1
    assert "move-1-2" not in applied(parked.home, "tax")
    assert ok(parked("replay", "status", name, "--items", "selected", "--json")).json["items"] == []


def test_tokens_of_operators_are_shown_once_listed_and_revoked(dancu: Dancu) -> None:
    made = ok(dancu("operator", "token", "lan", "--role", "approver", "--json")).json
    listed = ok(dancu("operator", "tokens", "--json"))
    assert made["token"] not in listed.out
    (one,) = listed.json["tokens"]
    assert (one["name"], one["role"], one["valid"]) == ("lan", "approver", True)
    ok(dancu("operator", "revoke", one["id"], "--reason", "she has left"))
    assert ok(dancu("operator", "tokens", "--json")).json["tokens"][0]["valid"] is False
    assert dancu("operator", "revoke", one["id"], "--reason", "again").code == 1
    assert dancu("operator", "token", "lan", "--role", "king").code == 2
    assert dancu("operator", "token", "Lan Anh").code == 2


def test_help_names_the_steps(dancu: Dancu, tmp_path: Path) -> None:
    assert tmp_path.is_dir()
    said = ok(dancu("replay", "--help")).out
    for word in ("plan", "approve", "run", "pause", "resume", "cancel", "status", "list"):
        assert word in said
