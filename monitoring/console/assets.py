"""What pages load: styles, scripts and fonts of our own and vendored ones, under an address that changes with them."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from fastapi import APIRouter
from starlette.responses import Response

from monitoring.console.places import PREFIX
from monitoring.console.refusals import Refused

_FOLDER: Final = Path(__file__).parent / "static"
_SERVED: Final = frozenset({".css", ".js", ".woff2", ".svg", ".txt"})
_FOREVER: Final = "public, max-age=31536000, immutable"


class _Asset(NamedTuple):
    content: bytes
    kind: str


def asset(name: str) -> str:
    """Return the address of a file in static/. Raises KeyError where there is none."""
    _ = _assets()[name]
    return f"{PREFIX}/static/{_version()}/{name}"


def add_assets(router: APIRouter) -> None:
    """Add the route. The files are read here, once."""
    _version()

    @router.get("/static/{version}/{name:path}")
    async def static(version: str, name: str) -> Response:
        found = _assets().get(name)
        if found is None:
            raise Refused(404, "Không có tệp này.", "There is no such file.")
        caching = _FOREVER if version == _version() else "no-cache"  # a page of the release before asks for its own
        return Response(found.content, headers={"Cache-Control": caching}, media_type=found.kind)


@cache
def _assets() -> Mapping[str, _Asset]:
    files = sorted(path for path in _FOLDER.rglob("*") if path.suffix in _SERVED)
    return {str(path.relative_to(_FOLDER)): _Asset(path.read_bytes(), _kind(path)) for path in files}


@cache
def _version() -> str:
    digest = hashlib.sha256()
    for name, one in _assets().items():
        digest.update(f"{name}\0{len(one.content)}\0".encode())
        digest.update(one.content)
    return digest.hexdigest()[:12]


def _kind(path: Path) -> str:
    known = {".woff2": "font/woff2", ".js": "text/javascript", ".svg": "image/svg+xml"}
    return known.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
