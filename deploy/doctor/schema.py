"""Whether a database has the tables that this program needs."""

from __future__ import annotations

import sqlalchemy as sa

from deploy.doctor.finding import Finding, ok, problem
from hub.migrations import History, Standing, state


def check_schema(check: str, engine: sa.Engine, history: History) -> Finding:
    """Compare the database's version of our tables with this program's. Changes nothing."""
    try:
        found = state(engine, history)
    except sa.exc.SQLAlchemyError as error:
        return problem(
            check,
            f"the tables can't be looked at: {type(getattr(error, 'orig', None) or error).__name__}",
            "Kiểm tra quyền của người dùng này trên schema public.",
            "Check what this user may do: USAGE on the schema, SELECT on the tables.",
        )
    if found.standing is Standing.CURRENT:
        return ok(check, f"revision {found.revision}, as this program needs it")
    if found.standing is Standing.NEWER:
        return problem(
            check,
            f"revision {found.revision} is newer than this program, which needs {found.head}",
            "Cài phiên bản mới hơn của dancu.",
            "Another, newer dancu works on this database: install that version here, too.",
        )
    told = {
        Standing.EMPTY: "the database can be reached and has none of our tables",
        Standing.UNSTAMPED: "the tables are those of release 0.1.0, without a revision",
        Standing.OLD: f"revision {found.revision} is older than this program, which needs {found.head}",
    }[found.standing]
    return problem(
        check,
        f"not migrated: {told}",
        "Sao lưu rồi chạy `dancu db upgrade`.",
        "Make a backup if there is data, then `dancu db upgrade`.",
    )
