"""A PostgreSQL server for tests: killed and brought back."""

from __future__ import annotations

import sqlalchemy as sa

from tests.postgres import a_postgres


def test_a_killed_server_comes_back_on_its_port_with_its_data_and_settings() -> None:
    with a_postgres({"max_connections": "7"}) as server:
        server.make_database("kept")
        engine = sa.create_engine(server.url("kept"), poolclass=sa.NullPool)
        with engine.begin() as connection:
            connection.execute(sa.text("CREATE TABLE kept (word TEXT)"))
            connection.execute(sa.text("INSERT INTO kept VALUES ('still here')"))
        server.kill()
        assert not server.program.running()
        server.start()
        server.make_database("kept")  # it is there already
        with engine.begin() as connection:
            assert connection.scalar(sa.text("SELECT word FROM kept")) == "still here"
            assert connection.scalar(sa.text("SHOW max_connections")) == "7"
