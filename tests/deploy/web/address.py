"""Where a run that was started in the background serves its feeds."""

from __future__ import annotations

import re

from tests.commands import Dancu, words_of


def url_of(dancu: Dancu) -> str | None:
    """Return the address that it has said, or None while it has not."""
    said = words_of(dancu.home).read_text() if words_of(dancu.home).exists() else ""
    found = re.findall(r"feeds and API: (http://\S+)", said)
    return found[-1] if found else None
