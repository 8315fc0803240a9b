"""The settings of a counter, read once from the environment (`DANCU_EDGE_…`). It needs none of the hub's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from deploy.settings import BadSetting


class EdgeSettings(BaseSettings):
    """Where a counter keeps its things, whom it trusts and to which hub it reports."""

    model_config = SettingsConfigDict(env_prefix="DANCU_EDGE_", frozen=True, extra="ignore", env_ignore_empty=True)

    home: Path = Field(default=Path(".dancu-edge"), description="the counter's folder: its key, its outbox")
    trust: Path | None = Field(
        default=None, description="folder with the CSCA certificates (*.der, *.cer, *.pem) and their CRLs (*.crl)"
    )
    allow_virtual: bool = Field(
        default=False, description="1: also use readers named `Virtual PCD`, which are no readers; for tests only"
    )
    hub: str | None = Field(default=None, pattern="^https?://", description="URL of the hub that gets the events")
    ca_file: Path | None = Field(
        default=None,
        description="PEM file with the authority that signed the hub's certificate (default: the system's)",
    )
    port: int = Field(default=8095, ge=0, le=65_535, description="port of the counter's page on 127.0.0.1")


def load_edge_settings(**overrides: Any) -> EdgeSettings:
    """Read the settings; what is given here goes before the environment. Raises `BadSetting`."""
    try:
        return EdgeSettings(**{name: value for name, value in overrides.items() if value is not None})
    except ValidationError as error:
        problems = [
            f"DANCU_EDGE_{'_'.join(map(str, problem['loc'])).upper()}: {problem['msg']} "
            f"({EdgeSettings.model_fields[str(problem['loc'][0])].description})"
            for problem in error.errors()
        ]
        raise BadSetting("; ".join(problems)) from error
