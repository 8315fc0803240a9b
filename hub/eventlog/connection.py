"""How to reach a Kafka cluster: one value, given to everything that talks to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

#: The thread that takes leave of a cluster. While it lives, the client's own end may hang.
LEAVING: Final = "leaving-kafka"


@dataclass(frozen=True, slots=True)
class KafkaConnection:
    """The cluster, how to prove who we are, and what goes before our names in it."""

    #: host:port[,host:port…]
    servers: str
    #: librdkafka's own options, such as `security.protocol` or `sasl.username`. May hold secrets.
    options: Mapping[str, str] = field(default_factory=dict, repr=False)
    #: Before every name of a topic, group and transactional id, for a cluster shared with others.
    prefix: str = ""

    def config(self, **more: object) -> dict[str, str | int | float | bool]:
        """Return the configuration of a client; `more` has its further options, with `_` for `.`; or a call-back."""
        chosen = {name if callable(value) else name.replace("_", "."): value for name, value in more.items()}
        return {"bootstrap.servers": self.servers, **self.options, **chosen}  # type: ignore[dict-item]

    def name(self, plain: str) -> str:
        """Return the name of a topic, group or transactional id as the cluster knows it."""
        return self.prefix + plain
