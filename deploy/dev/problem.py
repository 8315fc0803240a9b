"""What can go wrong with servers for development, each with what to do about it."""

from __future__ import annotations


class DevProblem(Exception):
    """The servers for development can't be used as asked. Says why and what to do."""


class Missing(DevProblem):
    """A program or a download is missing on this machine. Says what to install."""


class DidNotStart(DevProblem):
    """A server ended, or never answered, instead of starting. Ends with what it said last."""
