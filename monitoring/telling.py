"""From evidence to the story of an event. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from hub import headers as h
from hub.agreements import Agreements
from hub.deliveries import FactKind, State
from hub.discretion import masked, without_numbers
from hub.facts import Fate, Why
from hub.steps.validate import END_OF_TIME
from monitoring.evidence import Aside, Asking, Entry, Evidence, Place
from monitoring.story import AgencyState, Standing, Step, Story, Verdict

_VERDICTS: Mapping[Fate, Verdict] = {
    Fate.PUBLISHED: "published",
    Fate.HELD: "held",
    Fate.JOINED: "joined",
    Fate.LATE: "late",
    Fate.SAME_FACT: "duplicate",
    Fate.SAME_VITAL: "duplicate",
    Fate.REFUSED: "refused",
}
_STATES: Mapping[State, AgencyState] = {
    State.PARKED: "parked",
    State.WAITING: "waiting",
    State.DUE: "pending",
    State.DELIVERED: "delivered",
    State.RELEASED: "delivered",
    State.WITHHELD: "withheld",
}
#: What must have happened first, should the clock not tell it apart. Deliveries keep the order they come in.
_ORDER = (
    "received",
    "duplicate",
    "kept_back",
    "refused",
    "joined_other",
    "joined",
    "published",
    "addressed",
    "withheld",
)


def tell(evidence: Evidence, agreements: Agreements) -> Story:
    """Tell the story, without personal data. The agreements say what for an agency would have had it."""
    record, entry = evidence.record, evidence.entry
    steps = [*_arrival(evidence), *_asides(evidence), *_taken_in_again(evidence)]
    if entry is not None:
        steps += [*_decision(entry, evidence), *_routing(entry, evidence.places, agreements)]
        steps += [*_relations(entry, evidence.others), *_handlings(evidence)]
    return Story(
        event_id=evidence.event_id,
        type=record.headers.get(h.TYPE) if record else None,
        subject_masked=masked(record.headers.get(h.SUBJECT, "")) if record else None,
        verdict=_verdict(evidence),
        steps=sorted(steps, key=_place_in_time),
        agencies=_standings(entry, evidence, agreements) if entry else {},
    )


def _place_in_time(step: Step) -> tuple[float, int]:
    order = _ORDER.index(step.what) if step.what in _ORDER else len(_ORDER)
    return (float("inf") if step.at is None else step.at, order)


def _verdict(evidence: Evidence) -> Verdict:
    if evidence.entry is not None:
        return _VERDICTS[evidence.entry.fate]
    return "refused" if evidence.asides or evidence.record is None else "received"


def _arrival(evidence: Evidence) -> Iterator[Step]:
    for refusal in evidence.refusals:
        yield Step(refusal.at, "refused", code=refusal.reason, detail=without_numbers(refusal.detail))
    record = evidence.record
    if record is None:
        return
    code = None
    if not record.position:
        code = "mass_run"
    elif evidence.entry is None and not evidence.asides:
        code = "undecided"
    names = {
        "source": h.SOURCE,
        "change": h.CHANGE,
        "fact_id": h.FACT_ID,
        "fact_version": h.FACT_VERSION,
        "occurred_at": h.TIME,
        "registered_at": h.REGISTERED_AT,
        "previous_event_id": h.PREVIOUS_ID,
        "bulk_id": h.BULK_ID,
    }
    about: dict[str, str | int] = {
        name: without_numbers(record.headers[header]) for name, header in names.items() if header in record.headers
    }
    if str(about.get("fact_version", "")).isdecimal():
        about["fact_version"] = int(about["fact_version"])
    yield Step(record.at if record.position else None, "received", code=code, about=about)


def _asides(evidence: Evidence) -> Iterator[Step]:
    for aside in evidence.asides:
        yield _aside(aside)
    if evidence.left_out:
        yield Step(evidence.asides[-1].at, "repeated", code="and_more", detail=f"{evidence.left_out} more times")


def _aside(aside: Aside) -> Step:
    if aside.verdict == "refused":
        return Step(aside.at, "refused", code=aside.reason, detail=without_numbers(aside.detail))
    if aside.reason == "event_id":
        return Step(aside.at, "repeated", code=aside.reason)
    return Step(aside.at, "duplicate", code=aside.reason, event=aside.detail)


def _taken_in_again(evidence: Evidence) -> Iterator[Step]:
    """A refused event that a replay has sent to the pipeline once more."""
    for (agency, at), asking in evidence.replays.items():
        if not agency:
            yield Step(at, "let_in_again", detail=asking.reason, by=asking.planned_by, about=_about(asking))


def _about(asking: Asking) -> dict[str, str | int]:
    return {"replay": asking.replay, "approved_by": ", ".join(asking.approved_by)}


def _decision(entry: Entry, evidence: Evidence) -> Iterator[Step]:
    if evidence.kept is not None:
        why, until = evidence.kept
        yield Step(entry.at, "kept_back", code=why, until=until if until < END_OF_TIME else None)
    elif entry.was_kept:
        yield Step(entry.at, "kept_back", code=_why_it_was_kept(entry, evidence))
    if entry.fate is Fate.JOINED:
        yield Step(entry.decided_at, "joined", event=entry.with_event)
    elif entry.fate is Fate.PUBLISHED:
        nobody = None if entry.sent_to or entry.withheld_from else "nobody"
        yield Step(entry.decided_at, "published", code=nobody)


def _why_it_was_kept(entry: Entry, evidence: Evidence) -> str:
    """What is known of a wait that is over: the hub no longer keeps its reason."""
    if entry.fate is Fate.JOINED:
        return Why.JOIN
    second = any(aside.reason == "vital" for aside in evidence.asides)
    return Why.SECOND_REPORT if second and entry.fate is Fate.PUBLISHED else "earlier"


def _routing(entry: Entry, places: Mapping[str, Place], agreements: Agreements) -> Iterator[Step]:
    for agency, (purpose, basis, shielded, *given_at) in entry.sent_to.items():
        place = places.get(agency)
        notes = ["shielded"] if shielded else []
        if given_at:
            yield Step(given_at[0], "in_snapshot", agency, basis=basis, purpose=purpose, notes=notes)
            continue
        if place is not None and place.unmatched:
            notes.append("unmatched")
        at = place.at if place else entry.decided_at
        yield Step(at, "addressed", agency, basis=basis, purpose=purpose, notes=notes)
    for agency, code in entry.withheld_from.items():
        purpose, needed = _grant(agency, entry.type, agreements)
        yield Step(entry.decided_at, "withheld", agency, code=code, detail=needed, purpose=purpose)


def _grant(agency: str, type_name: str, agreements: Agreements) -> tuple[str | None, str | None]:
    """Return the purpose and the basis that today's agreement names for a type."""
    agreement = agreements.by_agency.get(agency)
    grant = agreement.grants.get(type_name) if agreement else None
    if grant is None:
        return None, None
    needed = f"statute: {grant.statute}" if grant.statute else f"the person's consent for {grant.purpose}"
    return grant.purpose, f"the basis would be {needed}"


def _relations(entry: Entry, others: Iterable[Entry]) -> Iterator[Step]:
    for other in others:
        mine = other.with_event == entry.event_id
        if mine and other.fate in (Fate.SAME_FACT, Fate.SAME_VITAL):
            yield Step(other.at, "set_aside_other", code=other.fate.value, event=other.event_id)
        elif mine and other.fate is Fate.JOINED:
            yield Step(entry.decided_at, "joined_other", event=other.event_id)
        elif _supersedes(other, entry):
            what = {"ANNULLED": "annulled", "CEASED": "ceased"}.get(other.change, "corrected")
            yield Step(other.decided_at, what, event=other.event_id)


def _supersedes(other: Entry, entry: Entry) -> bool:
    same_act = other.fact.partition("|")[2] == entry.fact.partition("|")[2]
    return entry.fate is other.fate is Fate.PUBLISHED and same_act and other.version > entry.version


def _handlings(evidence: Evidence) -> Iterator[Step]:
    for one in evidence.handlings:
        place = evidence.places.get(one.agency)
        behind = place.behind if place and one.kind is FactKind.WAITING else None
        failed = one.kind in (FactKind.PARKED, FactKind.WITHHELD)
        told = one.message if failed else one.reason
        asking = evidence.replays.get((one.agency, one.at)) if one.kind is FactKind.REQUESTED else None
        yield Step(
            one.at,
            one.kind.value,
            one.agency,
            code=one.error_class,
            detail=None if told is None else without_numbers(told),
            event=behind,
            by=one.by,
            attempt=one.attempt or None,
            about=_about(asking) if asking else {},
        )


def _standings(entry: Entry, evidence: Evidence, agreements: Agreements) -> dict[str, Standing]:
    taken = {one.agency: one.at for one in evidence.handlings if one.kind is FactKind.DELIVERED}
    failed = {one.agency: one.error_class for one in evidence.handlings if one.kind is FactKind.PARKED}
    barred = {one.agency: one.error_class for one in evidence.handlings if one.kind is FactKind.WITHHELD}
    found: dict[str, Standing] = {}
    for agency, (purpose, basis, _, *given_at) in entry.sent_to.items():
        place = evidence.places.get(agency)
        if given_at:
            found[agency] = Standing("delivered", basis, purpose, delivered_at=given_at[0])
            continue
        state: AgencyState = "pending"
        if agency in taken or agency in evidence.fetched:
            state = "delivered"
        elif place is not None and place.state is not None:
            state = _STATES[place.state]
        due = "due" if place and place.state is State.DUE else "pending"
        codes = {"parked": failed.get(agency), "pending": due, "waiting": "behind", "withheld": barred.get(agency)}
        found[agency] = Standing(state, basis, purpose, codes.get(state), taken.get(agency))
    for agency, code in entry.withheld_from.items():
        if agency in found:
            continue  # by a snapshot, later
        found[agency] = Standing("withheld", None, _grant(agency, entry.type, agreements)[0], code)
    return dict(sorted(found.items()))
