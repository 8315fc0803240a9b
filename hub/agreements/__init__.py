"""What each agency may have: agreements read from YAML manifests and checked before anything starts."""

from __future__ import annotations

from hub.agreements.agreement import Agreement, Agreements, Grant, Population
from hub.agreements.checks import ways
from hub.agreements.manifest import AgreementProblem
from hub.agreements.reading import load_agreements, read_agreement

__all__ = [
    "Agreement",
    "AgreementProblem",
    "Agreements",
    "Grant",
    "Population",
    "load_agreements",
    "read_agreement",
    "ways",
]
