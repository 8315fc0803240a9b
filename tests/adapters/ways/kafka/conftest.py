"""A broker, and a registry that serves the hub's schemas."""

from __future__ import annotations

from tests.adapters.registry.conftest import registry_url

__all__ = ["registry_url"]
