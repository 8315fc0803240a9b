"""Run by alembic for the tables of the registers."""

from hub.migrations.environment import run
from hub.migrations.history import REGISTERS

run(REGISTERS)
