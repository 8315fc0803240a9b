"""Run by alembic for the tables of the deliveries."""

from hub.migrations.environment import run
from hub.migrations.history import DELIVERIES

run(DELIVERIES)
