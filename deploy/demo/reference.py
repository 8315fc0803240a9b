"""An independent, slow model of the hub: one event at a time, plain dictionaries, nothing imported from the hub.

Its rules, in the order in which they are asked:

1. What is not an acceptable event (see `validity`) is refused, and has no effect whatever.
2. An event id met before is a duplicate (`event_id`).
3. The same (person, type, fact id, fact version) under another event id is a duplicate (`fact`).
4. While an event of a person waits (rule 7), that person's later events queue behind it.
5. A fact version not above the highest published one of (person, type, fact id) is refused as `late`.
6. An annulment whose person's next event creates the same fact anew, with a higher version, is joined with it:
   one event, with the id of the creation, as CORRECTED. Otherwise the annulment goes out before the next event.
7. A correction, annulment or cessation whose previous event was never met waits. When the original comes, it
   goes first, then what waited, then what queued. If it never comes, it goes out at the end as `unmatched`.
8. Two facts of one person and type with the same vital key (of the matrix) are one: while one stands, another
   fact's report is a duplicate (`vital`) and kept; when the standing one is annulled, the first kept is published.
9. Addressing: by type and population. A population of provinces has an event when the person lives there (as
   published so far) or an address in it lies there. Annulments go to those who received any event of the fact,
   and need no basis. Consent events go to the agency that they name. AddressProtectionChanged goes to limited
   agencies, and where the terms say `only_if_received`, only when they received anything about the person.
10. Permission: by statute always; by consent when the last word of the person to (agency, purpose) is a grant
    whose `valid_until` is not past; else withheld: no_consent, consent_withdrawn or consent_expired.
11. Protection: at STRICT no address for anyone, and what would go to an agency limited to provinces is withheld
    as `protected`; at CONFIDENTIAL no address on a consent basis. A level holds from its own event on.
12. A person is known by the number valid now: PersonalNumberChanged and PersonsMerged rename all that is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from deploy.demo.entitlement import Entitlement
from deploy.demo.expectation import Expected, Terms
from deploy.demo.lines import SourceLine
from deploy.demo.renaming import Numbers
from deploy.demo.validity import Unacceptable, matrix, read

Event = dict[str, Any]


def expected(lines: Iterable[SourceLine], terms: Sequence[Terms], today: date) -> Expected:
    """Return what must happen to these lines, sent in this order. `today` is the hub's date in Vietnam.

    Only the bytes of the lines count, not their intents.
    """
    model = _Model(terms, today)
    for line in lines:
        model.take(line.raw)
    model.end()
    replaced = {number: model.numbers.valid(number) for number in model.numbers.renamed}
    return Expected(model.verdicts, model.out.due, model.out.withheld, replaced)


class _Model:
    def __init__(self, terms: Sequence[Terms], today: date) -> None:
        self.today = today
        self.verdicts: list[str] = []
        self.met: set[str] = set()
        self.waiting: set[str] = set()
        self.numbers = numbers = Numbers()
        self.out = Entitlement(terms, numbers, today)
        #: (person, type, fact id, version) of every event met.
        self.versions_met = numbers.file()
        #: (person, type, fact id) → highest version published.
        self.published = numbers.file()
        #: (person, type) → {fact id: vital key} of what stands.
        self.standing = numbers.file()
        #: (person, type, *vital key) → second reports.
        self.kept = numbers.file()
        #: (person,) → events that wait, the first for its original, the others behind it.
        self.queues = numbers.file()
        #: (person,) → an annulment that may still be joined with a new version.
        self.annulments = numbers.file()

    # Rules 1 to 4: arriving.

    def take(self, raw: bytes) -> None:
        try:
            event = read(raw, self.today)
        except Unacceptable:
            self.verdicts.append("refused:invalid")
            return
        event["line"] = len(self.verdicts)
        version = (*self.fact(event), str(event["factversion"]))
        self.verdicts.append(self.repeat(event["id"], version) or "waiting")
        if self.verdicts[-1] != "waiting":
            return
        self.met.add(event["id"])
        self.versions_met[version] = True
        queue = self.queues.get(version[:1])
        if not queue:
            self.offer(event)
        elif event["id"] == queue[0].get("previousid"):
            self.settle(event)
            self.release(version[0])
        else:
            self.waiting.add(event["id"])
            queue.append(event)

    def repeat(self, event_id: str, version: tuple[str, ...]) -> str | None:
        if event_id in self.met:
            return "duplicate:event_id"
        if version in self.versions_met:
            self.met.add(event_id)
            return "duplicate:fact"
        return None

    # Rule 7: waiting.

    def offer(self, event: Event) -> None:
        previous = event.get("previousid") if event["change"] != "CREATED" else None
        known = previous is None or (previous in self.met and previous not in self.waiting)
        if known or self.is_late(event):
            self.settle(event)
        else:
            self.flush(self.person(event))
            self.waiting.add(event["id"])
            self.queues[(self.person(event),)] = [event]

    def release(self, person: str) -> None:
        """Let go on what waited, until something must wait again."""
        queue = self.queues.pop((person,))
        while queue and (person,) not in self.queues:
            event = queue.pop(0)
            self.waiting.discard(event["id"])
            self.offer(event)
        if queue:
            self.queues[(person,)] += queue

    def end(self) -> None:
        """Nothing more comes: what waits goes out unmatched, and what is held is let go."""
        while self.queues:
            (person, *_), queue = next(iter(self.queues.items()))
            first = queue.pop(0)
            first["unmatched"] = True
            self.waiting.discard(first["id"])
            self.settle(first)
            self.release(person)
        for person, *_ in list(self.annulments):
            self.flush(person)

    # Rules 5, 6 and 8: one fact at a time.

    def is_late(self, event: Event) -> bool:
        return bool(event["factversion"] <= self.published.get(self.fact(event), 0))

    def settle(self, event: Event) -> None:
        person = self.person(event)
        if self.is_late(event):
            self.verdicts[event["line"]] = "refused:late"
            return
        annulment = self.annulments.get((person,))
        if annulment and self.are_one(annulment, event):
            del self.annulments[(person,)]
            self.verdicts[annulment["line"]] = "joined"
            self.report(event | {"change": "CORRECTED", "previousid": annulment["previousid"]})
            return
        self.flush(person)
        if event["change"] == "ANNULLED":
            self.annulments[(person,)] = event
        else:
            self.report(event)

    def are_one(self, annulment: Event, event: Event) -> bool:
        same = self.fact(annulment) == self.fact(event)
        return bool(same and event["change"] == "CREATED" and event["factversion"] > annulment["factversion"])

    def flush(self, person: str) -> None:
        """Let go the annulment that was held for a new version of its fact, and what stands in its place."""
        annulment = self.annulments.pop((person,), None)
        if annulment is None:
            return
        kind, fact_id = annulment["type"], annulment["factid"]
        key = self.standing.get((person, kind), {}).pop(fact_id, None)
        if self.forget_kept(annulment):
            self.verdicts[annulment["line"]] = "duplicate:vital"
            return
        self.publish(annulment)
        if key is not None and self.kept.get((person, kind, *key)):
            self.report(self.kept[person, kind, *key].pop(0))

    def report(self, event: Event) -> None:
        """Publish what is said of a fact, unless another fact that stands says the same."""
        fields, (person, kind, fact_id) = matrix()[event["type"]]["vital_key"], self.fact(event)
        if fields is not None:
            key = tuple(str(event["data"].get(name)) for name in fields)
            standing = self.standing.setdefault((person, kind), {})
            if any(said == key and other != fact_id for other, said in standing.items()):
                self.forget_kept(event)
                self.kept.setdefault((person, kind, *key), []).append(event)
                self.verdicts[event["line"]] = "duplicate:vital"
                return
            standing[fact_id] = key
        self.publish(event)

    def forget_kept(self, event: Event) -> bool:
        """Drop an earlier version of a kept second report; return whether there was one."""
        for reports in self.kept.values():
            for kept in reports:
                if self.fact(kept) == self.fact(event):
                    reports.remove(kept)
                    return True
        return False

    def publish(self, event: Event) -> None:
        if self.verdicts[event["line"]] == "waiting":
            self.verdicts[event["line"]] = "published"
        self.published[self.fact(event)] = event["factversion"]
        self.rename(event)
        self.out.publish(event)

    # Rule 12: numbers.

    def rename(self, event: Event) -> None:
        data = event.get("data")
        if not data or event["type"] not in ("PersonalNumberChanged", "PersonsMerged"):
            return
        old = data.get("merged_numbers") or [data["old_number"]]
        for number in old:
            self.flush(self.numbers.valid(number))
            self.numbers.rename(number, data.get("new_number", event["subject"]))

    def person(self, event: Event) -> str:
        return self.numbers.valid(event["subject"])

    def fact(self, event: Event) -> tuple[str, str, str]:
        return (self.person(event), event["type"], event["factid"])
