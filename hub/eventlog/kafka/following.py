"""A group's reading of a topic: the same records until they are committed, from whichever partitions are ours."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from confluent_kafka import Consumer, Message, TopicPartition

from hub.eventlog import Batch, LogUnavailable, PositionMoved, start_of
from hub.eventlog.kafka.barrier import Barrier
from hub.eventlog.kafka.browser import Browser
from hub.eventlog.kafka.cluster import Cluster
from hub.eventlog.kafka.errors import plain
from hub.eventlog.kafka.fetch import at_end, fetch_until
from hub.eventlog.kafka.group import Group
from hub.eventlog.kafka.place import Place
from hub.eventlog.kafka.places import Places
from hub.eventlog.kafka.share import OPTIONS, join
from hub.eventlog.kafka.stretch import PAGE_BYTES, Stretch
from hub.eventlog.kafka.writer import Packed, Progress, Writer

#: Seconds after which the cluster ends what a killed reader left open, when nobody takes over before.
_LEFT_OPEN = 30.0
#: Seconds that a look at where the group is waits for what is being committed.
_SETTLING = 1.0
#: Records of a partition that are kept here at most; the rest waits in the client, then in the cluster.
_AHEAD = 2000
#: Seconds of silence after which a member asks whether the cluster is there.
_SILENT = 5.0
#: Seconds that a member waits for something to come.
_POLL = 0.05


class Following:
    """One group in one topic. Any number of threads may use it, one at a time."""

    def __init__(self, cluster: Cluster, places: Places, browser: Browser, topic: str, group: str) -> None:
        """Follow all partitions, until `join` is called."""
        self._lock = threading.RLock()
        self._cluster = cluster
        self._places = places
        self._browser = browser
        self._topic = topic
        self._group = group
        self._name = cluster.connection.name(topic)
        self._barrier = Barrier(browser, topic, self._seen)
        self._stretches: dict[int, Stretch] = {}
        self._writers: dict[int, Writer] = {}
        self._paused: set[int] = set()
        self._turn = 0
        self._shared = False
        self._broken: Exception | None = None
        self._heard = time.monotonic()
        self._consumer: Consumer | None = None
        self._asker = Group(cluster, group, topic)

    def join(self) -> None:
        """From now on read only what the members of the group have shared out to us."""
        with self._lock:
            self._start_anew()
            self._shared = True

    def read(self, limit: int) -> Batch:
        """Return the next records of one partition: the same ones until they are committed."""
        with self._lock:
            try:
                if self._shared:
                    self._fetch_some()
                else:
                    self._follow_all()
                    self._fetch_to_end(limit)
            except BaseException:
                self._start_anew()
                raise
            return self._batch(limit)

    def commit(self, batch: Batch, packed: list[Packed]) -> None:
        """Write and move behind the batch: both or neither. Raises `PositionMoved` and `LogUnavailable`."""
        with self._lock:
            try:
                self._commit(batch, packed)
            except BaseException:
                self._start_anew()
                raise

    def committed(self) -> dict[int, Place]:
        """Return how far the group is in each partition, for who only looks."""
        return self._seen(range(self._cluster.partitions(self._topic)), _SETTLING)

    def owned(self) -> Collection[int]:
        """Return the partitions that are ours."""
        return tuple(self._stretches) if self._shared else range(self._cluster.partitions(self._topic))

    def close(self) -> None:
        """Leave the group."""
        with self._lock:
            self._start_anew()
            self._asker.close()

    def _commit(self, batch: Batch, packed: list[Packed]) -> None:
        part = batch.partition
        stretch = self._stretches[part] if part in self._stretches else Stretch(Place.start(part))
        place = stretch.place_of(batch.last)
        if stretch.start.position != batch.after or place is None:
            raise PositionMoved(f"{self._name}/{part} is not at {batch.after} any more")
        writer = self._writers.setdefault(part, self._writer(part))
        if not writer.owned:
            writer.own()
            self._check(part, batch.after)
        if not batch.records:
            writer.write(packed)
            return
        at = TopicPartition(self._name, part, place.offset, place.text)
        moved = self._places.packed_commit(self._group, self._topic, batch.after, place)
        writer.write([*packed, *moved], Progress(at, self._asker.word()))
        stretch.drop_to(batch.last)
        self._turn = part + 1

    # Which partitions, from where

    def _follow_all(self) -> None:
        """Follow every partition from where the group is now, whoever brought it there."""
        moved: dict[int, Place] = {}
        for part, place in self._committed(range(self._cluster.partitions(self._topic))).items():
            stretch = self._stretches.get(part)
            if stretch is None or not stretch.drop_to(place.position):
                moved[part] = place
        if self._consumer is None:
            self._consumer = self._cluster.consumer(f"{self._group}.{self._topic}", fetch_wait_max_ms=10)
        if moved:
            self._unfollow(moved)
            self._follow(self._consumer, moved)

    def _follow(self, consumer: Consumer, places: Mapping[int, Place]) -> None:
        for part, place in places.items():
            self._stretches[part] = Stretch(place)
        with plain("beginning to read"):
            consumer.incremental_assign([TopicPartition(self._name, p, at.offset) for p, at in places.items()])

    def _unfollow(self, parts: Iterable[int]) -> None:
        gone = [part for part in parts if self._stretches.pop(part, None) is not None]
        self._paused.difference_update(gone)
        if gone and self._consumer is not None:
            self._consumer.incremental_unassign([TopicPartition(self._name, part) for part in gone])

    def _begin(self, parts: list[int]) -> None:
        """These are ours now. Whoever had them is fenced first: then it is settled where the group stands there."""
        try:
            writers = {part: self._writer(part) for part in parts}
            with ThreadPoolExecutor(8) as crew:
                list(crew.map(Writer.own, writers.values()))
            self._writers |= writers
            if self._consumer is not None:
                self._follow(self._consumer, self._committed(parts))
        except (LogUnavailable, PositionMoved) as problem:  # the client calls this, and would go on without us
            self._broken = problem

    def _end(self, parts: list[int]) -> None:
        """These are not ours any more. What was read of them and not committed comes to whoever has them now."""
        self._unfollow(parts)
        for part in parts:
            self._writers.pop(part, None)

    def _start_anew(self) -> None:
        """Forget what was read, and ask again where the group is, when somebody reads again."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            consumer.close()
        self._stretches.clear()
        self._paused.clear()
        if self._shared:
            self._writers.clear()
        self._broken = None

    def _committed(self, parts: Iterable[int]) -> dict[int, Place]:
        wanted = list(parts)
        return self._whole(wanted, self._asker.committed(wanted))

    def _seen(self, parts: Iterable[int], settling: float = 0.0) -> dict[int, Place]:
        wanted = list(parts)
        return self._whole(wanted, self._asker.seen(wanted, settling))

    def _whole(self, wanted: list[int], known: dict[int, Place]) -> dict[int, Place]:
        lost = [part for part in wanted if part not in known]
        if lost:
            known |= self._places.commits(self._group, self._topic, lost)
        return {part: known.get(part) or self._browser.first_place(self._topic, part) for part in wanted}

    def _check(self, part: int, after: int) -> None:
        found = self._committed([part])[part] if self._cluster.partitions(self._topic) else Place.start(part)
        if found.position != after:
            raise PositionMoved(f"the group is at {found.position} of {self._name}/{part}, not at {after}")

    def _writer(self, part: int) -> Writer:
        return Writer(self._cluster, f"{self._group}.{self._topic}.{part}", _LEFT_OPEN)

    # Fetching

    def _fetch_to_end(self, limit: int) -> None:
        """Fetch until there is a whole page, or all that was there when we were asked."""
        if self._consumer is None or any(len(stretch) >= limit for stretch in self._stretches.values()):
            return
        ends = {part: end for part, end in self._cluster.ends(self._topic).items() if part in self._stretches}
        starts = {part: self._stretches[part].end.offset for part in ends}
        for page in fetch_until(self._consumer, ends, starts):
            self._add(page)
            if any(len(stretch) >= limit or stretch.size > PAGE_BYTES for stretch in self._stretches.values()):
                return

    def _fetch_some(self) -> None:
        """Fetch what is there; wait a little only when there is nothing at all."""
        if self._consumer is None:
            self._consumer = self._cluster.consumer(f"{self._group}.{self._topic}.members", **OPTIONS)
            join(self._consumer, self._name, self._begin, self._end)
        deadline = time.monotonic() + _POLL
        while True:
            waits = any(len(stretch) for stretch in self._stretches.values())
            left = deadline - time.monotonic()
            with plain("reading"):
                messages = self._consumer.consume(1000, 0.0 if waits else min(max(left, 0.0), 0.005))
            self._add(messages)
            if self._broken is not None:
                raise self._broken
            if messages:
                self._heard = time.monotonic()
            if waits or left <= 0:
                break
        self._hold_back(self._consumer)
        if time.monotonic() - self._heard > _SILENT:  # the client says nothing, too, when there is no cluster
            self._cluster.very_ends(self._topic)
            self._heard = time.monotonic()

    def _add(self, messages: Sequence[Message]) -> None:
        """Put each message into the stretch of its partition; what is not ours any more is left out."""
        found: dict[int, list[Message]] = {}
        for message in messages:
            found.setdefault(message.partition() or 0, []).append(message)
        for part, some in found.items():
            if part in self._stretches:
                self._stretches[part].extend(some)
            else:
                for message in some:
                    at_end(message)

    def _hold_back(self, consumer: Consumer) -> None:
        """Pause the partitions of which enough is here, and resume those that are worked off."""
        for part, stretch in self._stretches.items():
            full = len(stretch) > _AHEAD or stretch.size > PAGE_BYTES
            if full != (part in self._paused):
                at = [TopicPartition(self._name, part)]
                if full:
                    consumer.pause(at)
                    self._paused.add(part)
                else:
                    consumer.resume(at)
                    self._paused.discard(part)

    def _batch(self, limit: int) -> Batch:
        """Take the next partition that has something to read; it stays the next until that is committed."""
        parts = sorted(self._stretches, key=lambda part: (part < self._turn, part))
        for part in parts:
            stretch = self._stretches[part]
            records = self._barrier.before(stretch.page(limit))
            if records:
                self._turn = part
                return Batch(self._topic, self._group, stretch.start.position, records)
        after = self._stretches[parts[0]].start.position if parts else start_of(0)
        return Batch(self._topic, self._group, after, [])
