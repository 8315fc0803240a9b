"""Binary mode: attributes in `ce-` headers, the data as the body; put together into the JSON that intake knows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import unquote_to_bytes

import orjson

from hub.intake.desk import Unread

_PREFIX = b"ce-"
#: The only attribute that is a number in JSON; a header has texts only.
_NUMBERS = frozenset({"factversion"})
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,9})")
#: What no header may say: the data is the body, and its type the Content-Type.
_ELSEWHERE = {"data": "the body", "data_base64": "the body", "datacontenttype": "Content-Type"}


def read_binary(headers: Sequence[tuple[bytes, bytes]], body: bytes, *, with_type: bool) -> bytes | Unread:
    """Return the event in JSON, with the body in it byte for byte, or why there is none.

    `with_type` says whether the request names the body's type. What can't be read is kept as headers and body.
    """
    attributes: dict[str, str | int] = {}
    for header, value in headers:
        if not header.startswith(_PREFIX):
            continue
        name = header.removeprefix(_PREFIX).decode("latin-1")
        if name in attributes:
            return _unread(headers, body, "repeated_attribute", f"ce-{_shown(name)}: stands there twice")
        if name in _ELSEWHERE:
            return _unread(headers, body, "schema", f"ce-{name}: is said by {_ELSEWHERE[name]}, not by a header")
        try:
            attributes[name] = _value(name, value)
        except UnicodeDecodeError:
            return _unread(headers, body, "encoding", f"ce-{_shown(name)}: is not UTF-8, percent-encoded")
    if with_type:
        attributes["datacontenttype"] = "application/json"
    return _with_data(attributes, headers, body)


def _with_data(attributes: dict[str, str | int], headers: Sequence[tuple[bytes, bytes]], body: bytes) -> bytes | Unread:
    if not body:
        return orjson.dumps(attributes)
    try:
        orjson.loads(body)  # or else its end could be written to pass for attributes
    except orjson.JSONDecodeError as error:
        detail = f"the body is not JSON at character {error.pos + 1}: {error.msg.split(':')[0]}"
        return _unread(headers, body, "not_json", detail)
    return orjson.dumps(attributes)[:-1] + b',"data":' + body + b"}"


def _value(name: str, raw: bytes) -> str | int:
    """Decode a header's value as the HTTP binding wants it: unquote, then percent-decode."""
    if len(raw) > 1 and raw.startswith(b'"') and raw.endswith(b'"'):
        raw = re.sub(rb"\\(.)", rb"\1", raw[1:-1])
    text = unquote_to_bytes(raw).decode()
    return int(text) if name in _NUMBERS and _WHOLE.fullmatch(text) else text


def _unread(headers: Sequence[tuple[bytes, bytes]], body: bytes, reason: str, detail: str) -> Unread:
    told = [b"%s: %s" % header for header in headers if header[0].startswith(_PREFIX) or header[0] == b"content-type"]
    return Unread(b"\r\n".join([*told, b"", body]), reason, detail)


def _shown(name: str) -> str:
    """Return an attribute's name, unless it may be something else in a wrong place."""
    return name if re.fullmatch(r"[a-z]{1,20}", name) else "(a header whose name is not shown)"
