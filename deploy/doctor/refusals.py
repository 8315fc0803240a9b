"""Why PostgreSQL lets nobody in: its driver gives only the sentence, so the sentence is looked at."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from deploy.doctor.finding import Finding, problem


class _Refusal(NamedTuple):
    """Words of PostgreSQL's sentence, and what they mean; {user}, {database} and {setting} are filled in."""

    words: tuple[str, ...]
    what: str
    vi: str
    en: str


_KNOWN = (
    _Refusal(
        ("password authentication failed", "no password supplied"),
        "the server does not accept the password of {user}",
        "Sai tên hoặc mật khẩu trong {setting}.",
        "Correct the user or the password in {setting}; the server says the same when there is no such user.",
    ),
    _Refusal(
        ("does not exist",),
        "there is no database {database}, or no user {user}, on this server",
        "Tạo cơ sở dữ liệu (`createdb {database}`), rồi `dancu db upgrade`; hoặc sửa {setting}.",
        "Make it (`createdb {database}`) and then `dancu db upgrade`, or correct {setting}.",
    ),
    _Refusal(
        ("no pg_hba.conf entry", "pg_hba.conf rejects"),
        "the server lets {user} not in from this machine (pg_hba.conf)",
        "Thêm dòng cho máy này vào pg_hba.conf (hostssl … scram-sha-256) rồi nạp lại.",
        "Add a line for this machine to the server's pg_hba.conf (hostssl … scram-sha-256) and reload it; "
        "if it asks for encryption: sslmode=require in the URL.",
    ),
    _Refusal(
        ("too many clients", "too many connections", "connection slots are reserved", "remaining connection slots"),
        "all connections of the server (or of this user, or of this database) are in use",
        "Hết kết nối: tăng max_connections hoặc dùng pgbouncer; tìm chương trình giữ kết nối.",
        "Find in pg_stat_activity who keeps so many, raise max_connections, or put a pooler before the server.",
    ),
    _Refusal(
        ("starting up", "shutting down", "not accepting connections", "in recovery mode"),
        "the server is starting, stopping or recovering",
        "Đợi một lát rồi chạy lại; xem nhật ký của PostgreSQL.",
        "Wait a moment and ask again; if it stays so, look at PostgreSQL's log.",
    ),
    _Refusal(
        ("permission denied for database", "permission denied"),
        "{user} may not connect to {database}",
        "Cấp quyền: `GRANT CONNECT ON DATABASE {database} TO {user}`.",
        "`GRANT CONNECT ON DATABASE {database} TO {user}`.",
    ),
    _Refusal(
        ("certificate", "SSL", "root.crt"),
        "the encryption (TLS) with the server does not come about",
        "Xem sslmode và sslrootcert trong {setting}.",
        "Check sslmode and sslrootcert in {setting}: the CA's file, the host name in the certificate, its end.",
    ),
    _Refusal(
        ("timeout",),
        "the server accepts the connection and then says nothing",
        "Máy chủ quá tải, hoặc cổng này không phải PostgreSQL.",
        "It is overloaded, or another program has that port: look at the server.",
    ),
)


def refusal(check: str, setting: str, url: sa.URL, said: str) -> Finding:
    """Return what the driver's sentence means."""
    names = {"user": url.username or "this user", "database": url.database or "of that name", "setting": setting}
    for known in _KNOWN:
        if any(words in said for words in known.words):
            what, vi, en = (text.format(**names) for text in (known.what, known.vi, known.en))
            return problem(check, what, vi, en)
    line = " ".join(said.split())[:300]
    return problem(
        check,
        f"the server can't be used: {line}",
        f"Xem lại {setting} và nhật ký của PostgreSQL.",
        f"Check {setting}, and PostgreSQL's log; is it PostgreSQL that listens there?",
    )
