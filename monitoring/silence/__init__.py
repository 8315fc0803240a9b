"""Which feed is silent that should speak: what is usual is learnt from each feed's own past."""

from monitoring.silence.verdict import Silence, Why
from monitoring.silence.watch import Habits, is_behind, silences

__all__ = ["Habits", "Silence", "Why", "is_behind", "silences"]
