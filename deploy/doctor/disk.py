"""The disk under the home folder: may we write there, and is there room?"""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from deploy.doctor.finding import Finding, ok, problem, skipped, warning

#: Bytes: below the first the hub will stop soon, below the second it is worth a look.
_TOO_LITTLE, _LITTLE = 100 * 2**20, 2 * 2**30
#: Files that can still be made; and the share of either that is worth a look.
_FEW_FILES, _LOW = 1_000, 0.05


def check_space(home: Path) -> Finding:
    """Look how many bytes are free."""
    check, place = "disk.space", _there(home)
    found = os.statvfs(place)
    free, size = found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize
    told = f"{place}: {_amount(free)} free of {_amount(size)}"
    vi = "Giải phóng dung lượng, hoặc chuyển thư mục sang đĩa lớn hơn (DANCU_HOME)."
    en = "Make room on that disk, or move the home folder to a larger one (DANCU_HOME). Nothing is lost meanwhile."
    if free < _TOO_LITTLE:
        return problem(check, told, vi, en)
    if free < _LITTLE or free < _LOW * size:
        return warning(check, told, vi, en)
    return ok(check, told)


def check_inodes(home: Path) -> Finding:
    """Look how many files can still be made: that can run out while bytes are left."""
    check, place = "disk.inodes", _there(home)
    found = os.statvfs(place)
    if not found.f_files:
        return skipped(check, f"skipped: the file system of {place} has no fixed number of files")
    told = f"{place}: {found.f_favail:,} files can still be made"
    vi = "Quá nhiều tệp nhỏ: tìm bằng `df -i`, `du --inodes` và xóa bớt."
    en = "Too many small files on that disk: `df -i` and `du --inodes` show where; delete what nobody needs."
    if found.f_favail < _FEW_FILES:
        return problem(check, told, vi, en)
    return warning(check, told, vi, en) if found.f_favail < _LOW * found.f_files else ok(check, told)


def check_writable(home: Path) -> Finding:
    """Write a small file to the disk and delete it again."""
    check, place = "disk.writable", _there(home)
    try:
        with tempfile.NamedTemporaryFile(dir=place, prefix=".dancu-doctor-") as file:
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        return problem(
            check,
            f"{place}: {'the disk is full' if full else error.strerror}",
            "Giải phóng dung lượng." if full else "Cấp quyền ghi thư mục này cho người dùng chạy hub.",
            "Make room on the disk and start again; nothing is lost."
            if full
            else "Give this user write access to the folder (`chown`), or name another one: --home, DANCU_HOME. "
            "A disk with errors is mounted read-only: `dmesg` says so.",
        )
    return ok(check, f"{place} can be written")


def _there(home: Path) -> Path:
    """Return the home folder, or the nearest folder above it that is there."""
    place = home.absolute()
    while not place.is_dir():
        place = place.parent
    return place


def _amount(size: int) -> str:
    return f"{size / 2**30:,.1f} GiB" if size >= 2**30 else f"{size / 2**20:,.0f} MiB"
