"""The counter's page: for this machine's own browser alone, nothing from elsewhere, and the keyboard alone."""

from __future__ import annotations

import http.client
import re
import socket
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest

from adapters.card_reader.producer.counter.behind import CounterPage
from adapters.card_reader.producer.counter.serving import POLICY, serving_page
from adapters.card_reader.producer.outbox_file import Stop
from tests.adapters.card_reader.producer.counters import QR, Table
from tests.adapters.card_reader.producer.hub import a_hub
from tests.adapters.card_reader.producer.making import FOUND, Device, a_device
from tests.adapters.card_reader.virtual.personal import MINH

PAGE = Path(__file__).parents[4] / "adapters" / "card_reader" / "producer" / "counter" / "page"


@pytest.fixture
def device(tmp_path: Path) -> Iterator[Device]:
    with a_hub() as hub, a_device(hub, tmp_path) as one:
        yield one


@pytest.fixture
def table(device: Device) -> Table:
    return Table(device)


@pytest.fixture
def url(table: Table) -> Iterator[str]:
    with serving_page(CounterPage(table.counter), 0) as served:
        yield served
        table.counter.desk.close()


def ask(
    url: str, path: str, content: object = None, headers: dict[str, str] | None = None
) -> tuple[int, bytes, dict[str, str]]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=30)
    try:
        if content is None:
            connection.request("GET", path, headers=headers or {})
        else:
            said = {"content-type": "application/json", **(headers or {})}
            connection.request("POST", path, orjson.dumps(content), said)
        with connection.getresponse() as response:
            return response.status, response.read(), {name.lower(): value for name, value in response.getheaders()}
    finally:
        connection.close()


def state(url: str, after: int = -1) -> dict[str, Any]:
    status, body, _ = ask(url, f"/state?after={after}")
    assert status == 200
    found: dict[str, Any] = orjson.loads(body)
    return found


@pytest.mark.parametrize("path", ["/", "/counter.js", "/counter.css", "/state", "/nothing"])
def test_every_answer_has_the_strict_policy_and_is_kept_nowhere(url: str, path: str) -> None:
    _, _, headers = ask(url, path)
    assert headers["content-security-policy"] == POLICY
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in headers
    assert "unsafe" not in POLICY


def test_it_listens_on_this_machine_only(url: str) -> None:
    port = urlsplit(url).port
    assert urlsplit(url).hostname == "127.0.0.1"
    for _, _, _, _, address in socket.getaddrinfo(socket.gethostname(), port, socket.AF_INET, socket.SOCK_STREAM):
        if not str(address[0]).startswith("127."):
            with pytest.raises(OSError, match=r"refused|unreachable"):
                socket.create_connection(address[:2], timeout=5).close()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "headers", [{"host": "evil.example"}, {"host": "127.0.0.1"}, {"origin": "http://evil.example"}, {"origin": "null"}]
)
def test_another_site_in_the_same_browser_gets_nothing(url: str, headers: dict[str, str]) -> None:
    for content in (None, {"text": MINH.number, "purpose": "health-check-in"}):
        status, body, _ = ask(url, "/key" if content else "/state", content, headers)
        assert (status, body) == (403, b"")


def test_what_is_no_json_of_our_page_is_refused(url: str) -> None:
    assert ask(url, "/key", {"text": "1"}, {"content-type": "text/plain"})[0] == 403
    assert ask(url, "/key", ["a list"])[0] == 400
    assert ask(url, "/key", {"text": 5, "purpose": None})[0] == 400
    assert ask(url, "/key", {"text": "x" * 20_000, "purpose": "x"})[0] == 400
    assert ask(url, "/nothing", {})[0] == 400


def test_a_card_is_read_from_the_page_and_its_result_shown(url: str, table: Table) -> None:
    table.put()
    before = state(url)
    assert [one["state"] for one in before["readers"]] == ["card"]
    status, body, _ = ask(url, "/key", {"text": MINH.number, "purpose": "health-check-in", "reader": ""})
    assert (status, orjson.loads(body)) == (200, {"said": None})
    table.result()
    status, shown, _ = ask(url, "/state")
    result = orjson.loads(shown)["readers"][0]["result"]
    assert (result["vi"], result["en"], result["number_masked"]) == ("ĐÃ XÁC THỰC", "VERIFIED", "001•••••••17")
    assert MINH.number.encode() not in shown
    assert ask(url, "/clear", {})[0] == 200
    assert state(url)["readers"][0]["result"] is None


def test_what_is_wrong_with_a_key_is_said_in_both_languages(url: str) -> None:
    said = orjson.loads(ask(url, "/key", {"text": "123", "purpose": "health-check-in"})[1])["said"]
    assert said["vi"].startswith("Không phải số thẻ")
    assert said["en"].startswith("No card number")


def test_the_code_alone_can_be_reported(url: str, table: Table) -> None:
    assert ask(url, "/code", {"text": QR, "purpose": "health-check-in"})[0] == 200
    assert state(url)["readers"][0]["result"]["level"] == "qr"


def test_a_look_waits_for_a_change_and_no_longer(url: str, table: Table) -> None:
    version = state(url)["version"]
    table.put()
    assert state(url, version)["version"] != version


def test_the_page_works_without_the_hub_and_says_how_many_wait(tmp_path: Path) -> None:
    with a_hub() as hub, a_device(hub, tmp_path) as device:
        hub.status = 503
        device.recorder.record(FOUND)
        device.uplink.turn()
        with serving_page(CounterPage(Table(device).counter), 0) as url:
            assert state(url)["line"] == {"waiting": 1, "contact": None, "down": True}


def test_why_no_card_is_read_is_on_the_page(url: str, device: Device) -> None:
    assert state(url)["stopped"] is None
    device.outbox.stop(Stop.restored)
    assert state(url)["stopped"]["vi"].startswith("DỪNG ĐỌC THẺ: bộ nhớ của quầy là bản sao cũ")


def test_an_alarm_stays_until_somebody_has_seen_it(url: str, device: Device) -> None:
    device.outbox.alarms.add("an-id", 5, {"life": "deceased", "card": "valid", "alerts": []})
    (alarm,) = state(url)["alarms"]
    assert alarm["vi"].startswith("NGƯỜI NÀY ĐÃ MẤT")
    assert ask(url, "/seen", {"id": "an-id"})[0] == 200
    assert state(url)["alarms"] == []


class _Parts(HTMLParser):
    """Collects what a page is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.inside.append(tag)

    def handle_data(self, data: str) -> None:
        if self.inside and self.inside[-1] in ("script", "style"):
            assert not data.strip(), "an inline script or style"


def test_the_page_has_nothing_inline_and_nothing_from_elsewhere() -> None:
    page = _Parts()
    page.feed((PAGE / "counter.html").read_text("utf-8"))
    for tag, attributes in page.elements:
        assert not any(name.startswith("on") or name == "style" for name in attributes), tag
        for name in ("src", "href"):
            assert (attributes.get(name) or "/").startswith("/"), attributes
    for name in ("counter.js", "counter.css", "counter.html"):
        assert not re.search(r"(https?:)?//[a-z]", re.sub(r"(?m)^\s*//.*$", "", (PAGE / name).read_text("utf-8")))
    assert not re.search(
        r"innerHTML|insertAdjacent|document\.write|eval|localStorage", (PAGE / "counter.js").read_text()
    )


def test_all_that_the_page_does_can_be_done_with_keys() -> None:
    script, page = (PAGE / "counter.js").read_text("utf-8"), _Parts()
    page.feed((PAGE / "counter.html").read_text("utf-8"))
    assert {key for key in ("Escape", "F2", "F4", "F8", "F9") if f"{key}:" in script} == {
        "Escape",
        "F2",
        "F4",
        "F8",
        "F9",
    }
    assert [
        attributes["id"] for tag, attributes in page.elements if "autofocus" in attributes and tag == "textarea"
    ] == ["key"]
    labelled = {attributes.get("for") for tag, attributes in page.elements if tag == "label"}
    assert "key" in labelled
    assert not any("tabindex" in attributes for _, attributes in page.elements)
