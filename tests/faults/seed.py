"""Which random faults happen: the ones asked for; in continuous integration always the same; otherwise others."""

from __future__ import annotations

import logging
import os
import random

_LOG = logging.getLogger(__name__)
_IN_CI = 261_122


def chosen_seed() -> int:
    """Return the seed, and say how to have the same faults again."""
    if "FAULT_SEED" in os.environ:
        seed = int(os.environ["FAULT_SEED"])
    else:
        seed = _IN_CI if os.environ.get("CI") == "true" else random.SystemRandom().randrange(1_000_000)
    _LOG.warning("for the same faults again: FAULT_SEED=%s", seed)
    return seed
