"""`dancu edge doctor`: what is wrong at a counter, from the reader to the hub, and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.edge.extra import edge_extra
from deploy.cli.shell import plain_errors, screen


def doctor(
    trust: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Chứng thư CSCA và CRL / CSCA certificates and CRLs (DANCU_EDGE_TRUST)."),
    ] = None,
    timeout: Annotated[
        float, typer.Option(min=0.5, max=10, help="Số giây chờ hub trả lời / seconds for an answer of the hub.")
    ] = 3.0,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tìm nguyên nhân khi quầy không đọc được thẻ. / Find out why a counter reads no cards, and what to do.

    Looks at pyscard, pcscd, its rights, the readers, the trust folder, the clock, the hub and what waits to be sent.
    """
    from deploy.cli.doctor import report

    with edge_extra(), plain_errors():
        from deploy.edge.doctor import examine

        with screen.status("Đang kiểm tra / Looking …"):
            found = examine(timeout, trust=trust)
        report(found, json=json)
