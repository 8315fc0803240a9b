"""Logs for operators: structured lines on standard error, in which no personal number survives."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from hub.discretion import hidden_numbers


def hide_numbers(_logger: object, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace every personal number by dots, wherever it stands in the entry."""
    return {key: _hidden(value) for key, value in entry.items()}


def _hidden(value: Any) -> Any:
    if isinstance(value, str):
        return hidden_numbers(value)
    if isinstance(value, dict):
        return {key: _hidden(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_hidden(item) for item in value]
    return value


def set_up_logs(level: str) -> None:
    """Send the logs of all libraries through one formatter."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        hide_numbers,
    ]
    last = structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "logger", "event"])
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last]
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
