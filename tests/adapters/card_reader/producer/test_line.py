"""The line to the hub: only to whom it should go, and within its bounds."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import trustme

from adapters.card_reader.producer import line as line_module
from adapters.card_reader.producer.line import BadAddress, Line, LineDown
from tests.adapters.card_reader.producer.hub import a_hub
from tests.adapters.card_reader.producer.making import FOUND, a_device


@contextmanager
def answering(raw: bytes) -> Iterator[str]:
    """Answer one question with these bytes, and yield the URL."""

    def answer(listening: socket.socket) -> None:
        taken, _ = listening.accept()
        with taken:
            taken.recv(65536)
            taken.sendall(raw)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=answer, args=(listening,))
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread.join()


@pytest.fixture
def authority(tmp_path: Path) -> tuple[trustme.CA, Path]:
    ca = trustme.CA()
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    return ca, tmp_path / "ca.pem"


def served_by(ca: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(name).configure_cert(context)
    return context


def test_events_go_over_tls_to_a_hub_whose_authority_is_known(
    tmp_path: Path, authority: tuple[trustme.CA, Path]
) -> None:
    ca, file = authority
    with a_hub(served_by(ca, "localhost")) as hub, a_device(hub, tmp_path / "home", ca=file) as device:
        device.recorder.record(FOUND)
        device.send_all()
        assert len(hub.taken) == 1


def test_a_hub_of_another_name_or_authority_gets_nothing(tmp_path: Path, authority: tuple[trustme.CA, Path]) -> None:
    ca, file = authority
    for context in (served_by(ca, "other.example"), served_by(trustme.CA(), "localhost")):
        with a_hub(context) as hub, closing(Line(hub.url, file)) as line:
            with pytest.raises(LineDown, match="the hub's certificate is not accepted"):
                line.post("/edge/events", {})
            assert hub.wire == []


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://hub.example", "must begin with https://"),
        ("http://10.0.0.1:80", "must begin with https://"),
        ("ftp://hub.example", "such as https://hub.example"),
        ("https://", "such as https://hub.example"),
        ("https://hub.example?x=1", "such as https://hub.example"),
        ("https://hub.example:99999", "the port is no number"),
    ],
)
def test_an_address_that_is_none_or_not_safe_is_refused(url: str, said: str) -> None:
    with pytest.raises(BadAddress, match=said):
        Line(url)


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(BadAddress) as refused:
        Line("https://somebody:secret@hub.example")
    assert "secret" not in str(refused.value)


def test_a_file_without_certificates_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("nothing")
    for file in (tmp_path / "empty.pem", tmp_path / "missing.pem"):
        with pytest.raises(BadAddress, match="no file of certificates"):
            Line("https://hub.example", file)


@pytest.mark.parametrize(
    "raw", [b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf", b"HTTP/1.1 200 OK\r\n" * 200]
)
def test_what_is_no_answer_is_said(raw: bytes) -> None:
    with answering(raw) as url, closing(Line(url)) as line, pytest.raises(LineDown):
        line.post("/edge/events", {})


def test_an_answer_without_end_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_module, "_LONGEST", 1000)
    with (
        answering(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 5000) as url,
        closing(Line(url)) as line,
        pytest.raises(LineDown, match="too long"),
    ):
        line.post("/edge/events", {})


def test_a_redirect_is_not_followed() -> None:
    raw = b"HTTP/1.1 307 x\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"
    with answering(raw) as url, closing(Line(url)) as line:
        answer = line.post("/edge/events", {})
    assert (answer.status, answer.body) == (307, None)


def test_the_hubs_words_are_cut_to_what_can_be_shown() -> None:
    body = b'{"detail": "no\\u001b[2J ' + b"x" * 500 + b'"}'
    raw = b"HTTP/1.1 503 x\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)
    with answering(raw) as url, closing(Line(url)) as line:
        words = line.post("/edge/events", {}).reason
    assert words.startswith("the hub answered 503: no[2J x")
    assert len(words) < 250
