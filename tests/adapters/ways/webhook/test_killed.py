"""A hub that is killed while it posts: nothing is lost, what comes twice is the same, each person has their order."""

from __future__ import annotations

import signal
import subprocess
from collections import defaultdict
from pathlib import Path

import orjson

from tests.adapters.ways.webhook.receiver import Receiver, Reply, Request, receiver
from tests.commands import Dancu
from tests.deploy.cli.test_agency_verify import hub_with
from tests.deploy.sample import event, lines

PERSONS, TURNS = 12, 6


def corrections() -> bytes:
    """Return several events of each person, in their order."""
    made = [
        event(f"name-{person}-{turn}", "PersonDetailsCorrected", person, {"nationality": "VN"})
        for turn in range(TURNS)
        for person in range(PERSONS)
    ]
    return lines(*made)


def check_what_came(endpoint: Receiver) -> None:
    bodies: dict[str, set[bytes]] = defaultdict(set)
    order: dict[str, list[int]] = defaultdict(list)
    for request in endpoint.posts:
        content = orjson.loads(request.body)
        if content["id"] not in bodies:
            order[content["subject"]].append(int(content["sequence"]))
        bodies[content["id"]].add(request.body)
    assert len(bodies) == PERSONS * TURNS
    assert all(len(same) == 1 for same in bodies.values())
    assert all(sequences == sorted(sequences) for sequences in order.values())


def test_a_hub_that_is_killed_again_and_again_loses_nothing_and_changes_nothing(tmp_path: Path) -> None:
    """It is killed while the endpoint has taken an event and has not answered yet."""
    kills = [5, 30, 55]
    running: list[subprocess.Popen[bytes]] = []

    def answer(_request: Request) -> Reply:
        if kills and len(endpoint.posts) >= kills[0]:
            del kills[0]
            running[-1].kill()
        return Reply()

    with receiver(answer) as endpoint:
        dancu = Dancu(*hub_with(endpoint.url, tmp_path))
        dancu.ingest("-", stdin=corrections())
        for _ in range(3):
            with dancu.started("run", "--registry-port", "0") as process:
                running.append(process)
                assert process.wait(60) == -signal.SIGKILL
        dancu.run_until_idle()
        assert kills == []
        check_what_came(endpoint)
