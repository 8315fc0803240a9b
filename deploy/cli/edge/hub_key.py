"""`dancu edge hub-key`: the key to which counters seal their events, made once for all processes of a hub."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.agency import AsJson
from deploy.cli.output import write_json
from deploy.cli.shell import fail, plain_errors, screen, settings_of
from deploy.home import Home


def hub_key(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Option(help="The file (else DANCU_EDGE_KEY_FILE, else edge-key.json in the home).")
    ] = None,
    json: AsJson = False,
) -> None:
    """Khóa của hệ thống cho các quầy. / Make the hub's key for counters where there is none; show its name only.

    An embedded hub makes it by itself. Processes that share a hub need the same file: make it once, copy it safely.
    """
    try:
        from adapters.edge_intake.hub_keys import HubKeyProblem, load_or_make
    except ModuleNotFoundError as missing:
        fail(f"{missing.name} is not installed. Install the extra: pip install 'dancu-hub[web]'")
    settings = settings_of(context)
    path = file or settings.edge_key_file or Home(settings.home).edge_key
    with plain_errors():
        try:
            public = load_or_make(path).public()
        except HubKeyProblem as problem:
            fail(str(problem))
    if json:
        write_json({"file": str(path), "kid": public["kid"]})
        return
    screen.print(f"{path}: {public['kid']}", markup=False, soft_wrap=True)
