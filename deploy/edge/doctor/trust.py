"""Whose signatures count here: the CSCA certificates and revocation lists of the trust folder."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from deploy.doctor.finding import Finding, ok, problem, some, warning

#: An authority's certificate that ends so soon is worth a word.
_SOON = timedelta(days=60)
_GET = (
    "Xin chứng thư CSCA của Bộ Công an (C06).",
    "Ask the Ministry of Public Security (C06) for the CSCA certificates: without them no card can be verified.",
)


def check_trust(folder: Path | None, now: datetime) -> Iterator[Finding]:
    """Look at the certificates and the lists as they are on the disk."""
    if folder is None:
        vi, en = "Đặt DANCU_EDGE_TRUST.", "Set DANCU_EDGE_TRUST to the folder with the CSCA certificates."
        yield problem("trust.authorities", "no trust folder is set", vi, en)
        return
    from adapters.card_reader.trust import load_trust

    try:
        trust = load_trust(folder)
    except OSError as error:
        yield problem(
            "trust.authorities", f"{folder}: {error.strerror}", "Sửa DANCU_EDGE_TRUST.", "Correct DANCU_EDGE_TRUST."
        )
        return
    valid = [one for one in trust.authorities if one.valid_at(now)]
    told = f"{folder}: {len(valid)} valid of {len(trust.authorities)} CSCA certificates"
    soon = [one for one in valid if one.ends - now < _SOON]
    if not valid:
        yield problem("trust.authorities", told, *_GET)
    elif soon:
        yield warning("trust.authorities", f"{told}; {len(soon)} end within {_SOON.days} days", *_GET)
    else:
        yield ok("trust.authorities", told)
    if trust.problems:
        vi, en = "Bỏ hoặc thay các tệp này.", "Take these files away, or replace them: they are not used."
        yield warning("trust.files", some(trust.problems), vi, en)
    late = [one for one in trust.lists if one.ends is None or one.ends < now]
    vi, en = "Tải danh sách thu hồi (CRL) mới.", "Fetch the authorities' newest revocation lists (*.crl)."
    if not trust.lists:
        yield warning("trust.lists", "no revocation list: a revoked signer would not be noticed", vi, en)
    elif late:
        yield warning("trust.lists", f"{len(late)} of {len(trust.lists)} revocation lists are out of date", vi, en)
    else:
        yield ok("trust.lists", f"{len(trust.lists)} revocation lists, none out of date")
