"""How much happened when, in the hub's database: for curves on a screen and for knowing a feed's habits."""

from hub.activity.acknowledging import Acknowledged
from hub.activity.kind import HOUR, MINUTE, Kind
from hub.activity.store import KEPT, Activity, Counts, Hour, Known

__all__ = ["HOUR", "KEPT", "MINUTE", "Acknowledged", "Activity", "Counts", "Hour", "Kind", "Known"]
