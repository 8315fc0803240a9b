"""The way to the hub: does it answer, with a certificate that is trusted, and does its clock agree with ours?"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit

from deploy.doctor.clock import check_http_clock
from deploy.doctor.finding import Finding, ok, problem, skipped
from deploy.edge.settings import EdgeSettings

#: Seconds that the two clocks may differ; the hub's own window is wider, and refuses what is outside of it.
_MOST = 30.0


def check_hub(settings: EdgeSettings, seconds: float) -> Iterator[Finding]:
    """Ask the hub for anything: whatever it answers, it is there."""
    if settings.hub is None:
        yield skipped("hub", "skipped: DANCU_EDGE_HUB is not set; events are kept until there is a hub")
        return
    parts = urlsplit(settings.hub)
    where = f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
    try:
        connection = _connection(parts, settings, seconds)
    except OSError as error:
        vi, en = "Sửa DANCU_EDGE_CA_FILE.", "Correct DANCU_EDGE_CA_FILE: a PEM file with the authority's certificate."
        yield problem("hub", f"{settings.ca_file}: {error.strerror or 'no certificate in it'}", vi, en)
        return
    try:
        connection.request("GET", "/edge", headers={"Connection": "close"})
        date = connection.getresponse().headers.get("date")
    except ssl.SSLCertVerificationError as error:
        vi = "Đặt DANCU_EDGE_CA_FILE tới CA đã ký chứng thư của hub; kiểm tra tên máy và đồng hồ."
        en = (
            "Set DANCU_EDGE_CA_FILE to the authority that signed the hub's certificate; look at the name and the clock."
        )
        yield problem("hub", f"{where}: its certificate can't be trusted: {error.verify_message}", vi, en)
        return
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        vi, en = (
            "Kiểm tra mạng và hub; sự kiện vẫn được giữ.",
            "Look at the network and at the hub. Events are kept meanwhile.",
        )
        yield problem("hub", f"{where}: no answer: {reason}", vi, en)
        return
    finally:
        connection.close()
    yield ok("hub", f"{where} answers")
    yield check_http_clock("hub.clock", date, _MOST)


def _connection(parts: SplitResult, settings: EdgeSettings, seconds: float) -> http.client.HTTPConnection:
    host = parts.hostname or ""
    if parts.scheme == "http":
        return http.client.HTTPConnection(host, parts.port, timeout=seconds)
    context = ssl.create_default_context(cafile=settings.ca_file)
    return http.client.HTTPSConnection(host, parts.port, timeout=seconds, context=context)
