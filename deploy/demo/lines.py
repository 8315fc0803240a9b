"""What the registers send: one line, and what the generator meant by it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from deploy.demo.world import World


class SourceLine(NamedTuple):
    """One line as a register sends it, without a line end."""

    raw: bytes
    #: One of `INTENTS`.
    intent: str


#: A CloudEvent in JSON structured form.
Event = dict[str, Any]
#: A story yields lines, and numbers: how many lines of other stories should come before its next one.
Story = Callable[["World"], Iterator[SourceLine | int]]

#: What the hub must do with a line of each intent, as the verdicts of `deploy.demo.reference` name it.
INTENTS = {
    "fresh": "published",
    "corrected": "published",
    "annulled": "published",
    "ceased": "published",
    "bulk": "published",
    "nfd": "published",
    "old_number": "published",
    "same_event_id": "duplicate:event_id",
    "same_fact": "duplicate:fact",
    "same_vital": "duplicate:vital",
    "same_vital_released": "duplicate:vital",  # published after all, when the first report is annulled
    "late": "refused:late",
    "joined_annul": "joined",
    "joined_create": "published",
    "waits": "published",
    "queued": "published",
    "original": "published",
    "waits_forever": "published",  # marked as unmatched
    "invalid:broken_json": "refused:invalid",
    "invalid:wrong_encoding": "refused:invalid",
    "invalid:nul": "refused:invalid",
    "invalid:impossible_number": "refused:invalid",
    "invalid:sex_against_number": "refused:invalid",
    "invalid:birth_year_against_number": "refused:invalid",
    "invalid:future_date": "refused:invalid",
    "invalid:death_before_birth": "refused:invalid",
    "invalid:forbidden_change": "refused:invalid",
    "invalid:no_previous": "refused:invalid",
    "invalid:unknown_type": "refused:invalid",
    "invalid:unknown_field": "refused:invalid",
    "invalid:unknown_attribute": "refused:invalid",
    "invalid:wrong_type": "refused:invalid",
    "invalid:missing_field": "refused:invalid",
}
