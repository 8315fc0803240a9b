"""Names of the record headers: CloudEvents attributes (Kafka binary binding) and the hub's own."""

from __future__ import annotations

from typing import Final

ID: Final = "ce_id"
TYPE: Final = "ce_type"
SOURCE: Final = "ce_source"
SUBJECT: Final = "ce_subject"
TIME: Final = "ce_time"
CHANGE: Final = "ce_change"
FACT_ID: Final = "ce_factid"
FACT_VERSION: Final = "ce_factversion"
PREVIOUS_ID: Final = "ce_previousid"
REGISTERED_AT: Final = "ce_registeredat"
BULK_ID: Final = "ce_bulkid"
SPEC_VERSION: Final = "ce_specversion"

#: Stamped on what goes out: why the agency may have it, and what for.
LEGAL_BASIS: Final = "ce_legalbasis"
PURPOSE: Final = "ce_purpose"
#: "true" on a correction whose original the hub has never seen.
UNMATCHED: Final = "ce_unmatched"

#: The hub's own, for routing without decoding; they never leave it.
PROVINCES: Final = "dancu_provinces"
VITAL: Final = "dancu_vital"
RESIDENCE: Final = "dancu_residence"
#: The other numbers of the person, on an event that says which number stands for whom.
NUMBERS: Final = "dancu_numbers"
#: On a record that carries no event but the passing of time: TICK_DUE or TICK_FLUSH.
TICK: Final = "dancu_tick"
TICK_DUE: Final = "due"
TICK_FLUSH: Final = "flush"
#: Where a message must go (the number of a partition) whatever its key, and what must be decided before it:
#: `partition:offset`, several with commas. Both only on a log with several partitions; see `hub.routing`.
PARTITION: Final = "dancu_partition"
AFTER: Final = "dancu_after"
#: On `refused`, `withheld` and `duplicates`: what was decided, about which agency, in words.
REASON: Final = "dancu_reason"
AGENCY: Final = "dancu_agency"
DETAIL: Final = "dancu_detail"
#: On an event that was refused and taken in once more: by which replay.
REPLAY: Final = "dancu_replay"
PLACE: Final = "dancu_place"
INTERNAL: Final = frozenset({PROVINCES, VITAL, RESIDENCE, NUMBERS, PARTITION, AFTER, REPLAY})
