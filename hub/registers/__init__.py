"""The registers: what the hub knows about events, persons, consents and protection, in a SQL database."""

from hub.registers.store import Registers

__all__ = ["Registers"]
