"""All that `dancu agency` can do, each part from its own module."""

from __future__ import annotations

from deploy.cli.agency import app
from deploy.cli.agency_rewind import rewind
from deploy.cli.agency_snapshot import take_snapshot
from deploy.cli.agency_tokens import revoke, token, tokens
from deploy.cli.agency_verify import verify

__all__ = ["app"]

app.command("rewind", epilog='Example: dancu agency rewind land --to 2026-11-20T08:00:00Z --reason "a backup"')(rewind)
app.command("token", epilog="Example: dancu agency token tax --overlap 7d")(token)
app.command("tokens", epilog="Example: dancu agency tokens tax --json")(tokens)
app.command("revoke", epilog='Example: dancu agency revoke 3f9a01c4d2e8 --reason "it was in an e-mail"')(revoke)
app.command("snapshot", epilog="Example: dancu agency snapshot tax --to tax.ndjson --json")(take_snapshot)
app.command("verify", epilog="Example: dancu agency verify land")(verify)
