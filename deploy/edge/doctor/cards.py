"""From the program to the reader: pyscard, the service, whether it lets us in, and which readers it has."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from adapters.card_reader.failure import Code, Failed
from adapters.card_reader.pcsc import Context, Refused, is_virtual, scard
from deploy.doctor.finding import Finding, ok, problem, skipped, some, warning

#: Where pcsc-lite's library looks, unless its own variable says another place.
_SOCKET = Path("/run/pcscd/pcscd.comm")
_FORBIDDEN = 0x8010006A
_POLKIT = (
    "Cấp quyền polkit cho tài khoản chạy quầy: org.debian.pcsc-lite.access_pcsc và .access_card.",
    "Give the account of the counter the polkit actions org.debian.pcsc-lite.access_pcsc and .access_card: "
    "docs/edge.md has the rule.",
)


def check_cards(allow_virtual: bool) -> Iterator[Finding]:
    """Look from the library down to the readers; what can't be asked after a problem is left out."""
    try:
        scard()
    except (ModuleNotFoundError, Failed) as error:
        yield _no_library(error)
        return
    yield ok("cards.library", "pyscard and PC/SC's library are there")
    try:
        context = Context()
    except Failed as refused:
        yield _no_service(refused)
        return
    try:
        yield ok("cards.service", "pcscd answers")
        names = context.readers()
        yield _readers(names, allow_virtual)
        if names:
            yield _access(context, names[0])
    except Failed as refused:
        yield _no_service(refused)
    finally:
        context.release()


def _no_library(error: Exception) -> Finding:
    if isinstance(error, ModuleNotFoundError):
        return problem(
            "cards.library",
            "pyscard is not installed",
            "Cài: apt install gcc libpcsclite-dev; pip install 'dancu-hub[edge]'.",
            "Install it: pip install 'dancu-hub[edge]'. It is built on this machine: apt install gcc libpcsclite-dev.",
        )
    return problem(
        "cards.library",
        "PC/SC's library (libpcsclite.so.1) is not there",
        "Cài: apt install pcscd libpcsclite1.",
        "Install the smart card service: apt install pcscd libpcsclite1.",
    )


def _no_service(refused: Failed) -> Finding:
    place = Path(os.environ.get("PCSCLITE_CSOCK_NAME", _SOCKET))
    if isinstance(refused, Refused) and refused.number == _FORBIDDEN:
        return problem("cards.access", "pcscd does not let this account in (polkit)", *_POLKIT)
    if not place.exists():
        what = f"pcscd does not run: {place} is not there"
    elif not os.access(place, os.R_OK | os.W_OK):
        vi, en = "Cho tài khoản này quyền đọc và ghi socket đó.", "Let this account read and write that socket."
        return problem("cards.access", f"this account may not open {place}", vi, en)
    else:
        what = f"pcscd does not answer at {place}"
    return problem(
        "cards.service",
        what,
        "Chạy: systemctl restart pcscd.socket pcscd.",
        "Start it: systemctl restart pcscd.socket pcscd; its log: journalctl -u pcscd.",
    )


def _readers(names: Sequence[str], allow_virtual: bool) -> Finding:
    check, real = "cards.readers", [name for name in names if not is_virtual(name)]
    if not names:
        return problem(
            check,
            "there is no card reader",
            "Cắm đầu đọc; cài trình điều khiển: apt install libccid.",
            "Plug one in; `lsusb` must show it, and its driver must be installed (apt install libccid).",
        )
    if allow_virtual and len(real) < len(names):
        return warning(
            check,
            f"virtual readers are allowed: {some([name for name in names if is_virtual(name)])}",
            "Chỉ dùng để thử: bỏ DANCU_EDGE_ALLOW_VIRTUAL.",
            "For tests only, as any program can be a card there: unset DANCU_EDGE_ALLOW_VIRTUAL.",
        )
    if not real:
        return problem(
            check,
            f"there are only virtual readers, which are refused: {some(names)}",
            "Gỡ vsmartcard-vpcd; cắm đầu đọc thật.",
            "Remove vsmartcard-vpcd from this machine, and plug a reader in.",
        )
    if len(real) < len(names):
        return warning(
            check,
            f"{some(real)}; and a virtual reader, which is not used",
            "Gỡ vsmartcard-vpcd.",
            "Remove vsmartcard-vpcd: it lets anybody on the network be a card.",
        )
    return ok(check, some(real))


def _access(context: Context, reader: str) -> Finding:
    """Open the reader without touching a card in it: the service asks polkit then."""
    library, check = scard(), "cards.access"
    result, card, _ = library.SCardConnect(context.handle, reader, library.SCARD_SHARE_DIRECT, 0)
    if not result:
        library.SCardDisconnect(card, library.SCARD_LEAVE_CARD)
        return ok(check, "this account may use the readers")
    refused = Refused(int(result) & 0xFFFFFFFF)
    if refused.number == _FORBIDDEN:
        return problem(check, "pcscd does not let this account use the reader (polkit)", *_POLKIT)
    if refused.code is Code.reader_busy:
        return ok(check, "another program is using the reader just now")
    return skipped(check, f"skipped: the reader could not be opened ({refused.code})")
