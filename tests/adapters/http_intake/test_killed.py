"""The intake is killed while many send to it; they send again what has no answer. Nothing is lost, nothing doubled."""

from __future__ import annotations

import http.client
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field

import orjson

from adapters.http_intake.modes import BATCH
from tests.adapters.http_intake.serving import Intake, started
from tests.commands import Dancu, applied, received_ids, wait_for
from tests.deploy.sample import TAKE_MOVES, move

SENDERS = 12
EVENTS_OF_EACH = 150
KILLS = 3


@dataclass
class Register:
    """A source that sends its events in order, a few at a time, and goes on only when it has its answer."""

    number: int
    #: How many of its events have an answer.
    answered: int = 0
    rng: random.Random = field(default_factory=random.Random)

    def send_to(self, intake: Intake) -> None:
        """Send what has no answer yet, until all have one or the intake is dead."""
        with closing(intake.connection()) as connection:
            try:
                while self.answered < EVENTS_OF_EACH:
                    upto = min(self.answered + self.rng.randint(1, 5), EVENTS_OF_EACH)
                    body = orjson.dumps([moved(self.number, turn) for turn in range(self.answered, upto)])
                    reply = intake.post_on(connection, body, {"content-type": BATCH})
                    assert (reply.status, reply.json["refused"]) == (202, [])
                    self.answered = upto
            except (OSError, http.client.HTTPException):
                return


def moved(number: int, turn: int) -> dict[str, object]:
    return move(number, turn, factid=f"moves-{number}", factversion=turn + 1) | {"id": f"{number}-{turn}"}


def test_what_was_answered_is_there_after_a_kill_and_what_was_not_may_be_sent_again(dancu: Dancu) -> None:
    seed = random.randrange(10**6)
    registers = [Register(number, rng=random.Random(f"{seed}.{number}")) for number in range(SENDERS)]
    total = SENDERS * EVENTS_OF_EACH
    with ThreadPoolExecutor(SENDERS) as pool:
        for kill in range(KILLS):
            with started(dancu) as intake:
                sending = [pool.submit(register.send_to, intake) for register in registers]
                goal = total * (kill + 1) // (KILLS + 1)
                wait_for(intake.process, lambda goal=goal: sum(r.answered for r in registers) >= goal)  # type: ignore[misc]
                intake.process.kill()
                for one in sending:
                    one.result(60)
            answered = {f"{r.number}-{turn}" for r in registers for turn in range(r.answered)}
            assert answered <= set(received_ids(dancu.home)), f"lost what was answered; seed {seed}"
        assert sum(r.answered for r in registers) < total
        with started(dancu) as intake:
            list(pool.map(lambda register: register.send_to(intake), registers))
    assert all(register.answered == EVENTS_OF_EACH for register in registers)
    dancu.run_until_idle()
    for agency in TAKE_MOVES:
        order = applied(dancu.home, agency)
        assert Counter(order) == Counter(f"{n}-{turn}" for n in range(SENDERS) for turn in range(EVENTS_OF_EACH))
        for number in range(SENDERS):
            turns = [int(name.partition("-")[2]) for name in order if name.startswith(f"{number}-")]
            assert turns == sorted(turns), f"{agency}, person {number}; seed {seed}"
