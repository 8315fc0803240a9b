"""How many agencies of each sector shall be connected: from a file that an operator may replace."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from deploy.settings import BadSetting, Settings
from monitoring.connections import SECTORS

_SHIPPED = Path(__file__).parent / "targets.yaml"


def targets_of(settings: Settings) -> Mapping[str, int]:
    """Read the targets: as set, else of the home, else the ones shipped. Raises `BadSetting`."""
    own = settings.home / "targets.yaml"
    return read_targets(settings.targets or (own if own.is_file() else _SHIPPED))


def read_targets(path: Path) -> Mapping[str, int]:
    """Read sector → number. Raises `BadSetting` with the file, what is wrong, and what is allowed."""
    try:
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not YAML in UTF-8"
        raise BadSetting(f"DANCU_TARGETS: {path} can't be read: {reason}") from error
    if not isinstance(content, dict):
        raise BadSetting(f"DANCU_TARGETS: {path}: write lines such as `ministry: 15`")
    for sector, number in content.items():
        if sector not in SECTORS:
            raise BadSetting(f"DANCU_TARGETS: {path}: {sector!r} is no sector. Allowed: {', '.join(SECTORS)}")
        if isinstance(number, bool) or not isinstance(number, int) or number < 0:
            raise BadSetting(f"DANCU_TARGETS: {path}: {sector}: a whole number from 0 up is wanted")
    return content
