"""The topics: are they there, as the topics file wants them, and can they be written?"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from deploy.cluster.differences import Difference
from deploy.cluster.topics import differences
from deploy.cluster.topics_file import load_topics
from deploy.doctor.finding import Finding, ok, problem, some, warning
from deploy.doctor.together import TooSlow, within
from deploy.settings import BadSetting
from hub.eventlog import LogUnavailable
from hub.eventlog.connection import KafkaConnection

if TYPE_CHECKING:
    from confluent_kafka.admin import PartitionMetadata, TopicMetadata

_CHECK, _REPLICAS = "kafka.topics", "kafka.replicas"


class Wanted(NamedTuple):
    """What there should be: the topics file (None: the one shipped), for these agencies."""

    file: Path | None
    agencies: Sequence[str]

    def names(self) -> Collection[str]:
        """Return the topics' plain names; none when the file can't be used, which `check_topics` tells."""
        try:
            return load_topics(self.file, self.agencies).topics
        except BadSetting:
            return ()


def check_topics(
    connection: KafkaConnection, wanted: Wanted, hidden: Collection[str], seconds: float
) -> Iterator[Finding]:
    """Compare the cluster with the topics file: one finding per kind of difference.

    `hidden` topics may be there, and this user may not see them: nothing is said about them.
    """
    try:
        found = within(lambda: differences(connection, wanted.file, wanted.agencies), 2 * seconds)
    except BadSetting as error:
        yield problem(_CHECK, str(error), "Sửa tệp đó (DANCU_TOPICS).", "Correct that file (DANCU_TOPICS names it).")
        return
    except (LogUnavailable, TooSlow) as error:
        yield problem(
            _CHECK,
            f"the topics can't be looked at: {error}",
            "Xem trạng thái các broker.",
            "Look whether the brokers are up and have a controller; `dancu topics check` asks again.",
        )
        return
    matter = [one for one in found if one.matters and one.topic not in hidden]
    yield from _by_kind(matter)
    if not matter:
        unseen = f"; {len(hidden)} can't be seen by this user" if hidden else ""
        yield ok(_CHECK, f"the topics are there, as the topics file wants them{unseen}")


def _by_kind(found: Sequence[Difference]) -> Iterator[Finding]:
    missing = [one.topic for one in found if one.action == "create"]
    if missing:
        yield problem(
            _CHECK,
            f"{len(missing)} topics are missing: {some(missing)}",
            "Tạo bằng `dancu topics apply` (người quản trị Kafka); kiểm tra DANCU_TOPIC_PREFIX.",
            "`dancu topics apply`, with the cluster administrator's settings, makes them; nothing is made by itself. "
            "Check DANCU_TOPIC_PREFIX, too.",
        )
    counts = [one for one in found if one.setting == "partitions"]
    if counts:
        yield problem(
            _CHECK,
            f"wrong number of partitions: {some([_count(one) for one in counts])}",
            "Không đổi số phân vùng của topic đang dùng: `dancu topics plan` cho biết phải làm gì.",
            " ".join(dict.fromkeys(one.words for one in counts)) + ". `dancu topics plan` shows it.",
        )
    others = [one for one in found if one.action != "create" and one.setting != "partitions"]
    if others:
        yield warning(
            _CHECK,
            f"topics are set otherwise than the file wants: {some([str(one) for one in others])}",
            "Xem `dancu topics plan`, rồi `dancu topics apply`.",
            "`dancu topics plan` shows all of it, `dancu topics apply` changes what can be changed.",
        )


def check_replicas(topics: Mapping[str, TopicMetadata], min_isr: Mapping[str, int], away: Collection[int]) -> Finding:
    """Look for partitions that can't be written: no leader, or fewer brokers in sync than `min_isr` asks for.

    `away` are brokers that can't be reached from here: a cluster without a majority still calls them leaders.
    Where `min_isr` says nothing (this user may not see it), it is one less than there are replicas.
    """
    parts = [
        (f"{name}-{number}", part, min_isr.get(name) or max(1, len(part.replicas) - 1))
        for name, topic in topics.items()
        for number, part in topic.partitions.items()
    ]
    leaderless = [name for name, part, _ in parts if part.leader < 0 or part.leader in away]
    if leaderless:
        return problem(
            _REPLICAS,
            f"{len(leaderless)} partitions have no leader that can be reached: {some(leaderless)}",
            "Khởi động lại các broker đang tắt; không mất dữ liệu.",
            "The brokers that hold them are down, or not enough of all brokers are up to choose others: start them "
            "again. Nothing is lost, and the hub goes on by itself.",
        )
    few = [f"{name} ({len(part.isrs)} of {wanted})" for name, part, wanted in parts if len(part.isrs) < wanted]
    if few:
        return problem(
            _REPLICAS,
            f"{len(few)} partitions have fewer brokers in sync than min.insync.replicas asks for: {some(few)}",
            "Không ghi được cho đến khi đủ broker: khởi động lại broker đang tắt.",
            "Nothing can be written to them until more brokers are back: start those that are down, and look at their "
            "disks and logs. Do not lower min.insync.replicas: it keeps what was accepted from being lost.",
        )
    behind = [name for name, part, _ in parts if _is_behind(part)]
    if behind:
        return warning(
            _REPLICAS,
            f"{len(behind)} partitions have replicas that are behind or down: {some(behind)}",
            "Một broker đang tắt hoặc chậm: xem nhật ký của broker.",
            "A broker is down or slow. The hub works; one broker less and it may not: look at the brokers.",
        )
    return ok(_REPLICAS, f"all replicas of {len(parts)} partitions are in sync")


def _count(one: Difference) -> str:
    return f"{one.topic} has {one.found}, wanted {one.wanted}"


def _is_behind(part: PartitionMetadata) -> bool:
    return len(part.isrs) < len(part.replicas)
