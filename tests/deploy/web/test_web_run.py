"""What `dancu run` serves over HTTP, who it lets in, and the commands for tokens."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import orjson

from tests.commands import Dancu, terminate, wait_for, words_of
from tests.consumers.pull.scene import get
from tests.deploy.sample import death, lines
from tests.deploy.web.address import url_of


def bearer(token: str) -> dict[str, str]:
    """Return the header that proves who asks."""
    return {"Authorization": f"Bearer {token}"}


def printed(dancu: Dancu, file: Path, *words: str) -> bytes:
    """Return what a command prints for programs: it may hold personal numbers, as the agency has them."""
    with file.open("wb") as out:
        assert dancu(*words, out=out).code == 0
    return file.read_bytes()


def test_a_run_serves_feeds_and_a_token_can_be_replaced_and_revoked_while_it_runs(dancu: Dancu) -> None:
    dancu.ingest("-", stdin=lines(death(1), death(2)))
    dancu.run_until_idle()
    first = dancu("agency", "token", "tax", "--json").json
    assert first["others_end"] is None
    with dancu.started("run", "--port", "0", "--registry-port", "0") as hub:
        wait_for(hub, lambda: url_of(dancu) is not None)
        url = f"{url_of(dancu)}/feeds/tax"
        assert get(url, bearer(first["token"])).ids == ["death-1", "death-2"]
        second = dancu("agency", "token", "tax", "--overlap", "1h", "--by", "Lan", "--json").json
        assert second["others_end"] is not None
        assert [get(url, bearer(one["token"])).status for one in (first, second)] == [200, 200]
        assert dancu("agency", "revoke", first["id"], "--reason", "lost").code == 0
        wait_for(hub, lambda: get(url, bearer(first["token"])).status == 401)
        assert get(url, bearer(second["token"])).status == 200
        listed = dancu("agency", "tokens", "tax", "--json").json["tokens"]
        assert [(one["id"], one["state"], one["created_by"] == "Lan") for one in listed] == [
            (first["id"], "revoked", False),
            (second["id"], "valid", True),
        ]
        assert terminate(hub) == 0
    for secret in (first["token"], second["token"]):
        assert secret not in words_of(dancu.home).read_text()
        assert all(secret.encode() not in path.read_bytes() for path in dancu.home.rglob("*") if path.is_file())


def test_the_client_reads_the_same_as_the_command_at_the_hub(dancu: Dancu, tmp_path: Path) -> None:
    dancu.ingest("-", stdin=lines(*map(death, range(5))))
    dancu.run_until_idle()
    token = dancu("agency", "token", "tax", "--json").json["token"]
    file = tmp_path / "feed"
    here = printed(dancu, file, "feed", "tax")
    cursor = orjson.loads(here.splitlines()[1])["cursor"]
    asking = Dancu(dancu.home, {"TAX_TOKEN": token})
    with dancu.started("run", "--port", "0", "--registry-port", "0") as hub:
        wait_for(hub, lambda: url_of(dancu) is not None)
        there = ("feed", "tax", "--url", str(url_of(dancu)), "--token-env", "TAX_TOKEN")
        assert printed(asking, file, *there) == here
        assert printed(asking, file, *there, "--after", cursor, "--limit", "2").splitlines() == here.splitlines()[2:4]
        refused = asking("feed", "land", *there[2:])
        assert (refused.code, "/problems/not-your-feed" in refused.err) == (1, True)
        assert dancu(*there).code == 2
        assert token not in refused.err


def test_a_port_that_is_taken_is_said_and_the_run_goes_on(dancu: Dancu) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        answer = dancu("run", "--until-idle", "--port", port)
    assert answer.code == 0
    assert f"can't listen on 127.0.0.1:{port}" in answer.err


def test_a_run_until_idle_serves_nothing_unless_told(dancu: Dancu) -> None:
    for words, serves in (((), False), (("--port", "0"), True), (("--port", "0", "--no-web"), False)):
        answer = dancu("run", "--until-idle", *words)
        assert (answer.code, "feeds and API" in answer.err) == (0, serves)


def test_an_address_that_others_reach_needs_a_proxy_that_ends_tls(dancu: Dancu) -> None:
    answer = dancu("run", "--until-idle", "--port", "0", "--host", "0.0.0.0")  # noqa: S104 - refused
    assert answer.code == 2
    assert "--behind-proxy" in answer.err


def test_who_fetches_is_in_contact_and_how_far_it_is_is_known(dancu: Dancu, tmp_path: Path) -> None:
    folder = tmp_path / "agreements"
    folder.mkdir()
    shipped = Path(__file__).parents[3] / "deploy" / "agreements"
    for manifest in shipped.glob("*.yaml"):
        way = "feed" if manifest.stem == "tax" else "sql"
        (folder / manifest.name).write_text(manifest.read_text().replace("way: sql", f"way: {way}"))
    dancu = Dancu(dancu.home, {"DANCU_AGREEMENTS": os.fspath(folder)})
    dancu.ingest("-", stdin=lines(death(1), death(2)))
    dancu.run_until_idle()
    token = dancu("agency", "token", "tax", "--json").json["token"]
    with dancu.started("run", "--port", "0", "--registry-port", "0") as hub:
        wait_for(hub, lambda: url_of(dancu) is not None)
        url = f"{url_of(dancu)}/feeds/tax"
        cursor = get(url, bearer(token)).json[0]["cursor"]
        assert get(url, bearer(token), lastEventId=cursor).ids == ["death-2"]
        wait_for(hub, lambda: dancu("agency", "show", "tax", "--json").json["last_contact"] is not None)
        assert dancu("agency", "suspend", "tax", "--reason", "an audit").code == 0
        wait_for(hub, lambda: get(url, bearer(token)).status == 403)
        assert "an audit" in get(url, bearer(token)).json["detail"]
        assert dancu("agency", "resume", "tax", "--reason", "done").code == 0
        wait_for(hub, lambda: get(url, bearer(token)).status == 200)
        assert terminate(hub) == 0
