"""Makes the token with which the first operator opens the console of a hub on one machine."""

from __future__ import annotations

import os
from pathlib import Path

from deploy.bootstrap import Hub, now_ms
from hub.access import OPERATOR, Holder, Tokens

#: Who it is for, and with which role: one who runs a hub on one machine does everything there.
_FIRST = Holder(OPERATOR, "operator", "approver")


def first_token(hub: Hub) -> Path | None:
    """Return the file with the token of an embedded hub's first operator; make both where no operator has a token.

    Only its owner can read the file. None: operators have tokens of their own. Raises OSError.
    """
    file = hub.home.operator_token
    if hub.shared:
        return None
    tokens = Tokens(hub.deliveries_db)
    if not tokens.every(OPERATOR):
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w") as writing:
            os.fchmod(descriptor, 0o600)
            writing.write(tokens.new(_FIRST, "dancu run", now_ms()) + "\n")
    return file if file.is_file() else None
