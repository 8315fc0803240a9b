"""Opens the database of the deliveries to look something up: read-only, leaving no trace, waiting for nothing long."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from adapters.ways.way import Place
from deploy.doctor.database import engine_of
from deploy.doctor.setup import Setup
from deploy.doctor.sqlite_file import uri_of
from deploy.doctor.ways import Office
from deploy.home import Home
from deploy.settings import Settings


@contextmanager
def opened(setup: Setup, settings: Settings, seconds: float) -> Iterator[Office]:
    """Open what there is."""
    home = Home(settings.home)
    place = Place(home.agencies, setup.catalogue, os.environ)
    engine = _engine(setup, settings, home.deliveries, seconds)
    try:
        yield Office(place, engine, settings.kafka is not None)
    finally:
        if engine is not None:
            engine.dispose()


def _engine(setup: Setup, settings: Settings, file: Path, seconds: float) -> sa.Engine | None:
    if setup.database:
        return engine_of(setup.database, seconds)
    if settings.database is not None or not file.exists() or file.stat().st_size == 0:
        return None
    return sa.create_engine("sqlite://", creator=lambda: sqlite3.connect(uri_of(file), uri=True), hide_parameters=True)
