"""`dancu edge …`: counters that read citizens' cards, and the devices that a hub knows.

Importing this loads nothing of the extra `edge`: a command imports it when it runs, inside `edge_extra`.
"""

from __future__ import annotations

import typer

from deploy.cli.edge.alerts import acknowledge, alerts
from deploy.cli.edge.devices import devices
from deploy.cli.edge.doctor import doctor
from deploy.cli.edge.enrol import enrol
from deploy.cli.edge.hub_key import hub_key
from deploy.cli.edge.join import join
from deploy.cli.edge.qr import qr
from deploy.cli.edge.read import Reads, read
from deploy.cli.edge.revoke import revoke
from deploy.cli.edge.run import run
from deploy.cli.edge.status import status

app = typer.Typer(
    help="Quầy đọc thẻ căn cước. / Counters that read citizens' cards: read a card, run a counter, admit its device.",
    no_args_is_help=True,
)
app.command("read", cls=Reads, epilog="Example: dancu edge read --number - --trust csca")(read)
app.command("qr", epilog="Example: dancu edge qr --json < scanned.txt")(qr)
app.command("doctor", epilog="Example: dancu edge doctor --json")(doctor)
app.command("join", epilog='Example: dancu edge join --hub https://hub.example --name "Quầy 1" < code')(join)
app.command("run", epilog="Example: dancu edge run --trust csca")(run)
app.command("status", epilog="Example: dancu edge status --json")(status)
app.command("enrol", epilog='Example: dancu edge enrol --site hospital-7 --purpose health-check-in --reason "new"')(
    enrol
)
app.command("devices", epilog="Example: dancu edge devices --json")(devices)
app.command("revoke", epilog='Example: dancu edge revoke edge-4f0c21ab9e --reason "it was stolen"')(revoke)
app.command("alerts", epilog="Example: dancu edge alerts --json")(alerts)
app.command("acknowledge", epilog='Example: dancu edge acknowledge 1c9f03a2b4d5e6f7 --reason "asked at the counter"')(
    acknowledge
)
app.command("hub-key", epilog="Example: dancu edge hub-key --file edge-key.json --json")(hub_key)
