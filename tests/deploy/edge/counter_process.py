"""What `dancu edge run` does, without loading all other commands: tests start it often. Run it with `-m`."""

from __future__ import annotations

import logging
import sys

from deploy.edge.core_dumps import forbid_core_dumps
from deploy.edge.readers import FreshTrust, readers_of
from deploy.edge.running import CounterRun
from deploy.edge.settings import load_edge_settings


def main() -> None:
    """Run until told to stop."""
    forbid_core_dumps()
    logging.basicConfig(level="DEBUG", stream=sys.stderr)
    settings = load_edge_settings()
    assert settings.trust is not None
    CounterRun(settings, readers_of(FreshTrust(settings.trust), virtual=settings.allow_virtual)).go()


if __name__ == "__main__":
    main()
