"""Settings, read once from the environment (`DANCU_…`) and the command line."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from hub.eventlog.connection import KafkaConnection

#: What these variables say is for the Kafka client: DANCU_KAFKA_SASL_USERNAME is its `sasl.username`.
_KAFKA = "DANCU_KAFKA_"
_FILE = "_FILE"
_WITH_UNDERSCORE = {"log.level": "log_level"}


class BadSetting(Exception):
    """A setting can't be used. Says which, why and what is allowed."""


class Settings(BaseSettings):
    """Where the hub lives and how patient it is."""

    model_config = SettingsConfigDict(env_prefix="DANCU_", frozen=True, extra="ignore")

    home: Path = Field(default=Path(".dancu"), description="the home folder: log, registers, agencies' systems")
    agreements: Path | None = Field(
        default=None, description="folder with the agreements (default: HOME/agreements, else the ones shipped)"
    )
    kafka: str | None = Field(
        default=None,
        min_length=1,
        description="Kafka's bootstrap servers, host:port[,host:port…] (default: the embedded log in HOME)",
    )
    database: str | None = Field(
        default=None,
        pattern=r"^postgresql\+psycopg://",
        description="the hub's PostgreSQL, postgresql+psycopg://user@host/name (default: SQLite files in HOME)",
    )
    schema_registry: str | None = Field(
        default=None,
        pattern="^https?://",
        description="URL of an external schema registry that is used instead of the hub's own",
    )
    topics: Path | None = Field(
        default=None, description="file with the topics' partitions and retention (default: the one shipped)"
    )
    targets: Path | None = Field(
        default=None,
        description="file with the number of agencies to connect per sector (default: HOME/targets.yaml, else shipped)",
    )
    procedures: Path | None = Field(
        default=None,
        description="file with the linked procedures to follow (default: HOME/procedures.yaml, else the ones shipped)",
    )
    topic_prefix: str = Field(
        default="",
        pattern=r"^[a-zA-Z0-9._-]{0,100}$",
        description="put before every name of a topic, group and transactional id: letters, digits, `.`, `_`, `-`",
    )
    health: str | None = Field(
        default=None, description="HOST:PORT where a process answers /healthz, /readyz and /metrics (default: nowhere)"
    )
    intake_tokens: Path | None = Field(
        default=None, description="file with the sources that may send over HTTP, and the hashes of their tokens"
    )
    join_window: float = Field(
        default=5.0, ge=0, le=86_400, description="seconds that an annulment waits to become a correction, 0 to 86,400"
    )
    correction_wait: float = Field(
        default=30.0, ge=0, le=86_400, description="seconds that a correction waits for its original, 0 to 86,400"
    )
    batch: int = Field(
        default=1000, ge=1, le=100_000, description="events that the worker decides about at once, 1 to 100,000"
    )
    lanes: int = Field(
        default=2, ge=1, le=16, description="partitions that a worker decides about at once, on Kafka, 1 to 16"
    )
    delivery_batch: int = Field(
        default=500, ge=1, le=10_000, description="events that an agency gets at once, 1 to 10,000"
    )
    replay_alone: int = Field(
        default=100,
        ge=0,
        description="deliveries that one person may replay; above it a second one approves, 0 or more",
    )
    replay_tries: int = Field(
        default=3, ge=1, le=1000, description="replays in vain after which a delivery is left alone, 1 to 1,000"
    )
    edge_key_file: Path | None = Field(
        default=None, description="file with the key to which counters seal their events (default: HOME/edge-key.json)"
    )
    edge_window_days: float = Field(
        default=14, gt=0, le=366, description="days that an event of a counter may be old when it arrives, up to 366"
    )
    edge_distant_minutes: float = Field(
        default=30,
        ge=0,
        le=1440,
        description="minutes within which the same card in two provinces raises an alert, 0 to 1,440",
    )
    edge_silent_hours: float = Field(
        default=72, gt=0, description="hours after which a counter's device that says nothing raises an alert"
    )
    log_level: str = Field(
        default="WARNING",
        pattern="^(DEBUG|INFO|WARNING|ERROR)$",
        description="what is logged: DEBUG, INFO, WARNING or ERROR",
    )

    def embedded(self) -> Settings:
        """Return the same for a hub whose log and databases are files of its home."""
        return self.model_copy(update={"kafka": None, "database": None})

    def require_whole(self) -> None:
        """Raises `BadSetting` when Kafka is set without the database: who shares the log must share the registers."""
        if (self.kafka is None) != (self.database is None):
            there, missing = ("DANCU_KAFKA", "DANCU_DATABASE") if self.kafka else ("DANCU_DATABASE", "DANCU_KAFKA")
            raise BadSetting(f"{there} is set but {missing} is not; set both, or neither for the embedded hub")

    def kafka_connection(self) -> KafkaConnection | None:
        """Return how to reach Kafka, or None for the embedded log. Raises `BadSetting`."""
        if self.kafka is None:
            return None
        return KafkaConnection(self.kafka, kafka_options(os.environ), self.topic_prefix)


def kafka_options(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the Kafka client's own options from variables such as `DANCU_KAFKA_SECURITY_PROTOCOL`.

    With `_FILE` behind its name a variable names a file that holds the value, for secrets. Raises `BadSetting`.
    """
    options: dict[str, str] = {}
    for name, value in environment.items():
        if name.startswith(_KAFKA):
            of_file = name.endswith(_FILE)
            option = name.removeprefix(_KAFKA).removesuffix(_FILE if of_file else "").lower().replace("_", ".")
            option = _WITH_UNDERSCORE.get(option, option)
            options[option] = _secret(name, Path(value)) if of_file else value
    return options


def _secret(name: str, path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError as error:
        raise BadSetting(f"{name}: {path} can't be read: {error.strerror}") from error


def load_settings(**overrides: Any) -> Settings:
    """Read the settings; what is given here goes before the environment. Raises `BadSetting`."""
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})
    except ValidationError as error:
        problems = [
            f"DANCU_{'_'.join(map(str, problem['loc'])).upper()}: {problem['msg']} "
            f"({Settings.model_fields[str(problem['loc'][0])].description})"
            for problem in error.errors()
        ]
        raise BadSetting("; ".join(problems)) from error
