"""`dancu run` serves the console and says where its first token is, not what it is."""

from __future__ import annotations

from tests.commands import Dancu, terminate, wait_for, words_of
from tests.consumers.pull.scene import get
from tests.deploy.web.address import url_of


def test_a_first_run_makes_a_token_for_the_console_and_never_says_it(dancu: Dancu) -> None:
    with dancu.started("run", "--port", "0", "--registry-port", "0") as hub:
        wait_for(hub, lambda: "/console" in words_of(dancu.home).read_text())
        url, said = url_of(dancu), words_of(dancu.home).read_text()
        token = (dancu.home / "operator-token").read_text().strip()
        assert f"console: {url}/console" in said
        assert "operator-token" in said
        assert get(f"{url}/console", {"Authorization": f"Bearer {token}"}).status == 200
        assert terminate(hub) == 0
    assert token not in words_of(dancu.home).read_text()
    assert all(token.encode() not in path.read_bytes() for path in dancu.home.rglob("*.db*"))
