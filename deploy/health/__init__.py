"""Whether a process of the hub is alive and ready, in a way that means something: a stuck loop is not ready."""

from __future__ import annotations

from deploy.health.answers import Answers
from deploy.health.checks import Asked, Check, Finding, Progress, Pulse
from deploy.health.collected import Health, probes_of
from deploy.health.probe import Probe
from deploy.health.serving import read_address, serve_health

__all__ = [
    "Answers",
    "Asked",
    "Check",
    "Finding",
    "Health",
    "Probe",
    "Progress",
    "Pulse",
    "probes_of",
    "read_address",
    "serve_health",
]
