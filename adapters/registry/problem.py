"""What can go wrong with a registry, in plain words for whoever runs the hub."""

from __future__ import annotations


class RegistryProblem(Exception):
    """Something about a schema registry that an operator has to act on."""


class CannotServe(RegistryProblem):
    """Nothing can be served: the web server is not installed, or the address can't be had."""


class RegistryUnavailable(RegistryProblem):
    """The external registry gave no usable answer. Says which, and what it said."""


class RegistryDiffers(RegistryProblem):
    """The external registry has not what the hub writes its records with."""
