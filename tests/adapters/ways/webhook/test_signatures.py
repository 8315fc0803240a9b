"""Signatures are checked with the library `standardwebhooks`, as agencies do, not with our own code."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from adapters.ways.way import WayProblem
from adapters.ways.webhook.signing import Secrets, signed_headers
from adapters.ways.webhook.system import open_system
from hub.destination import Unavailable
from tests.adapters.ways.webhook.receiver import Request, receiver
from tests.adapters.ways.webhook.sample import NAME, SECRET, event, land, place, posting_to, secret

OLD, NEW = secret("o"), secret("n")
FORMATS = ["binary", "structured", "batch", "spdci"]


def verified(request: Request, by: str) -> bool:
    """Say whether a receiver that knows this secret believes the request."""
    try:
        Webhook(by).verify(request.body, dict(request.headers))
    except WebhookVerificationError:
        return False
    return True


@pytest.mark.parametrize("form", FORMATS)
def test_every_request_is_signed(form: str) -> None:
    with receiver() as endpoint, posting_to(endpoint, format=form) as system:
        if form == "spdci":
            with pytest.raises(Unavailable):
                system.deliver([event()])
        else:
            system.deliver([event()])
        [request] = endpoint.posts
    assert verified(request, SECRET)
    assert not verified(request, OLD)
    assert not verified(request._replace(body=request.body + b" "), SECRET)
    other_id = {**request.headers, "webhook-id": "another"}
    assert not verified(request._replace(headers=other_id), SECRET)


def test_while_secrets_overlap_both_old_and_new_receivers_believe() -> None:
    with receiver() as endpoint:
        system = open_system(land(endpoint.url), place(environment={NAME: f"{NEW} {OLD}"}))
        system.deliver([event()])
        system.close()
        [request] = endpoint.posts
    assert verified(request, NEW)
    assert verified(request, OLD)
    first = request.headers["webhook-signature"].split()[0]
    assert verified(request._replace(headers={**request.headers, "webhook-signature": first}), NEW)


def test_a_rotation_in_the_file_holds_from_the_next_call_on(tmp_path: Path) -> None:
    file = tmp_path / "secrets"
    file.write_text(f"{OLD}\n")
    with receiver() as endpoint:
        system = open_system(land(endpoint.url), place(environment={f"{NAME}_FILE": str(file)}))
        system.deliver([event()])
        file.write_text(f"{NEW}\n{OLD}\n")
        system.deliver([event()])
        replacement = tmp_path / "next"
        replacement.write_text(f"{NEW}\n")
        replacement.replace(file)
        system.deliver([event()])
        system.close()
        before, during, after = endpoint.posts
    assert (verified(before, OLD), verified(before, NEW)) == (True, False)
    assert (verified(during, OLD), verified(during, NEW)) == (True, True)
    assert (verified(after, OLD), verified(after, NEW)) == (False, True)


def test_a_file_that_goes_bad_while_running_holds_deliveries_back_and_says_why(tmp_path: Path) -> None:
    file = tmp_path / "secrets"
    file.write_text(OLD)
    with receiver() as endpoint:
        system = open_system(land(endpoint.url), place(environment={f"{NAME}_FILE": str(file)}))
        system.deliver([event()])
        file.write_text("whsec_short")
        with pytest.raises(Unavailable, match=f"{NAME}_FILE: secret 1"):
            system.deliver([event()])
        file.unlink()
        with pytest.raises(Unavailable, match="can't be read: No such file"):
            system.deliver([event()])
        file.write_text(NEW)
        os.utime(file, (1, 1))
        system.deliver([event()])
        system.close()
        assert verified(endpoint.posts[-1], NEW)


def test_an_attempt_has_the_time_of_the_attempt() -> None:
    with receiver() as endpoint, posting_to(endpoint) as system:
        before = int(time.time())
        system.deliver([event()])
        [request] = endpoint.posts
    assert before <= int(request.headers["webhook-timestamp"]) <= int(time.time())


def test_the_example_of_the_specification_is_signed_as_the_library_signs_it() -> None:
    keys = Secrets(NAME, {NAME: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}).now()
    headers = signed_headers(keys, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({}, "neither is set"),
        ({NAME: SECRET, f"{NAME}_FILE": "x"}, "both are set"),
        ({NAME: ""}, "holds 0 secrets"),
        ({NAME: " ".join([SECRET] * 6)}, "holds 6 secrets"),
        ({NAME: "topsecretvalue"}, "secret 1 does not begin with whsec_"),
        ({NAME: f"{SECRET} whsec_%%topsecretvalue"}, "secret 2 is not base64"),
        ({NAME: "whsec_c2hvcnQ="}, "secret 1 is of 5 bytes; 24 to 64 are needed"),
        ({f"{NAME}_FILE": "no/such/file"}, "can't be read: No such file"),
    ],
)
def test_a_secret_that_is_missing_or_bad_is_said_when_opening_with_what_to_do(
    environment: dict[str, str], words: str
) -> None:
    with pytest.raises(WayProblem) as problem:
        open_system(land("http://127.0.0.1:1/"), place(environment=environment))
    said = str(problem.value)
    assert words in said
    assert NAME in said
    assert "topsecretvalue" not in said
    assert "c2hvcnQ" not in said


def test_a_file_that_is_no_text_is_said(tmp_path: Path) -> None:
    (tmp_path / "secrets").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(WayProblem, match="holds no secrets"):
        Secrets(NAME, {f"{NAME}_FILE": str(tmp_path / "secrets")})


def test_a_secret_may_lack_the_padding_of_base64() -> None:
    assert Secrets(NAME, {NAME: SECRET.rstrip("=")}).now() == Secrets(NAME, {NAME: SECRET}).now()
