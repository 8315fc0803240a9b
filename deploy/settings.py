"""Settings, read once from the environment (`DANCU_…`) and the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


class BadSetting(Exception):
    """A setting can't be used. Says which, why and what is allowed."""


class Settings(BaseSettings):
    """Where the hub lives and how patient it is."""

    model_config = SettingsConfigDict(env_prefix="DANCU_", frozen=True, extra="ignore")

    home: Path = Field(default=Path(".dancu"), description="the home folder: log, registers, agencies' systems")
    agreements: Path | None = Field(
        default=None, description="folder with the agreements (default: HOME/agreements, else the ones shipped)"
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
    delivery_batch: int = Field(
        default=500, ge=1, le=10_000, description="events that an agency gets at once, 1 to 10,000"
    )
    log_level: str = Field(
        default="WARNING",
        pattern="^(DEBUG|INFO|WARNING|ERROR)$",
        description="what is logged: DEBUG, INFO, WARNING or ERROR",
    )


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
