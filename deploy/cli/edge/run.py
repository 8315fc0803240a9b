"""`dancu edge run`: the counter's service."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.edge.extra import edge_extra
from deploy.cli.edge.plain import plain_edge_errors
from deploy.cli.shell import fail, plain_errors, screen
from deploy.edge.core_dumps import forbid_core_dumps
from deploy.edge.settings import load_edge_settings


def run(
    trust: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Chứng thư CSCA và CRL / CSCA certificates and CRLs (DANCU_EDGE_TRUST)."),
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Cổng của trang quầy / port of the page; 0: any free one.")
    ] = None,
) -> None:
    """Chạy quầy: đọc thẻ, hiện kết quả, gửi sự kiện. / Run the counter: read cards, show results, send events.

    The page is at http://127.0.0.1:8095, for this machine only. What the hub can't take now is kept and sent later.
    Stop it with Ctrl-C or SIGTERM.
    """
    forbid_core_dumps()
    with edge_extra(), plain_errors(), plain_edge_errors():
        settings = load_edge_settings(trust=trust, port=port)
        if settings.trust is None:
            fail("thiếu thư mục chứng thư / no trust folder: name it with --trust DIR or DANCU_EDGE_TRUST", 2)
        from deploy.edge.readers import FreshTrust, readers_of
        from deploy.edge.running import CounterRun

        trusted = FreshTrust(settings.trust)
        for problem in trusted().problems:
            screen.print(problem, style="yellow", markup=False, soft_wrap=True)
        CounterRun(settings, readers_of(trusted, virtual=settings.allow_virtual), _say).go()


def _say(url: str) -> None:
    screen.print(f"Trang quầy / the counter's page: {url}", markup=False, soft_wrap=True)
