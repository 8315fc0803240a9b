"""An external schema registry: can it be reached, and does it know our schemas by our ids?"""

from __future__ import annotations

import base64
import http.client
import ssl
from collections.abc import Iterator
from functools import partial
from urllib.parse import SplitResult, unquote, urlsplit

from adapters.registry.external import verify_registry
from adapters.registry.problem import RegistryProblem
from deploy.doctor.clock import check_http_clock
from deploy.doctor.finding import Finding, State, ok, problem, skipped
from deploy.doctor.ladder import Step, climb
from deploy.doctor.names import check_name
from deploy.doctor.network import check_network
from deploy.doctor.server import Server
from schemas.catalogue import Catalogue

_SETTING = "DANCU_SCHEMA_REGISTRY"


def check_registry(url: str | None, catalogue: Catalogue, seconds: float) -> Iterator[Finding]:
    """Yield what there is to say about the registry at `url` (None: the hub serves its own)."""
    if url is None:
        yield skipped("registry", f"skipped: the hub serves its own ({_SETTING} is not set)")
        return
    parts, dates = urlsplit(url), list[str | None]()
    try:
        server = Server(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
    except ValueError:
        yield problem("registry.dns", f"{_SETTING}: no port", f"Sửa {_SETTING}.", f"Correct the port in {_SETTING}.")
        return
    found = list(
        climb(
            [
                Step("registry.dns", partial(check_name, "registry.dns", server, _SETTING, seconds)),
                Step("registry.tcp", partial(check_network, "registry.tcp", server, _SETTING, seconds)),
                Step("registry.http", lambda: _check_http(parts, server, seconds, dates)),
                Step("registry.ids", lambda: _check_ids(url, catalogue)),
            ]
        )
    )
    yield from found
    if found[2].state is State.OK:
        yield check_http_clock("clock.registry", dates[0])


def _check_http(parts: SplitResult, server: Server, seconds: float, dates: list[str | None]) -> Finding:
    check = "registry.http"
    try:
        status, date = _get(parts, server, f"{parts.path.rstrip('/')}/subjects", seconds)
    except ssl.SSLCertVerificationError as error:
        return problem(
            check,
            f"{server}: its certificate is not trusted: {error.verify_message}",
            "Thêm CA của registry: SSL_CERT_FILE.",
            "Name the CA's file in SSL_CERT_FILE, or use the host name that is in the certificate.",
        )
    except (OSError, http.client.HTTPException) as error:
        return problem(
            check,
            f"{server}: no HTTP answer: {type(error).__name__}",
            "Kiểm tra http/https và cổng.",
            f"Check http or https and the port in {_SETTING}; look at the registry's log.",
        )
    dates.append(date)
    if status in (401, 403):
        return problem(
            check,
            f"{server}: the registry asks for a user and a password (HTTP {status})",
            "Đặt tên và mật khẩu trong URL.",
            f"Put them into {_SETTING}: https://USER:PASSWORD@HOST, or give this user the right to read.",
        )
    if status != 200:
        return problem(
            check,
            f"{server}: GET /subjects answers HTTP {status}: this is no schema registry, or it is not well",
            "Kiểm tra URL; xem nhật ký của registry.",
            f"Check the path in {_SETTING}, and the registry's log.",
        )
    return ok(check, f"{server} answers as a schema registry")


def _check_ids(url: str, catalogue: Catalogue) -> Finding:
    check = "registry.ids"
    try:
        verify_registry(url, catalogue)
    except RegistryProblem as error:
        return problem(
            check,
            str(error),
            "Nạp lược đồ của hub vào registry đó đúng mã số.",
            "Readers find schemas by the ids in the records: the registry must have ours under the same ids (mode "
            "IMPORT), or leave DANCU_SCHEMA_REGISTRY out and let the hub serve them (`dancu registry serve`).",
        )
    return ok(check, "it has our schemas under our ids")


def _get(parts: SplitResult, server: Server, path: str, seconds: float) -> tuple[int, str | None]:
    """Return the status and the date of an answer."""
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(server.host, server.port, timeout=seconds)
    headers = {"Accept": "application/vnd.schemaregistry.v1+json"}
    if parts.username:
        login = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(login).decode()}"
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.headers.get("Date")
    finally:
        connection.close()
