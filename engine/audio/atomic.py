"""Files that are either whole or absent.

The bytes go to a hidden file beside the target, reach the disk, and take the target's name in
one rename. Any failure removes the hidden file; one left by a killed process is swept later.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.errors import AudioFileError

TEMPORARY_PREFIX = ".undertone-"
TEMPORARY_SUFFIX = ".part"
STALE_S = 3600.0  # no write of ours takes this long

Buffer = bytes | bytearray | memoryview


def write_atomically(path: Path, parts: Sequence[Buffer]) -> None:
    """Replace `path` by the concatenated `parts`, durably. Raises `AudioFileError`."""
    with file_errors("written", path):
        sweep_temporary_files(path.parent, older_than_s=STALE_S)
        temporary = path.with_name(f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}{TEMPORARY_SUFFIX}")
        try:
            with open(temporary, "xb") as file:
                for part in parts:
                    file.write(part)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:  # also Ctrl+C: nothing half-written stays behind
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make renames in `folder` durable where the system can (Windows cannot open folders)."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sweep_temporary_files(folder: Path, older_than_s: float = 0.0) -> int:
    """Remove our hidden files in `folder` that a killed process left; returns how many."""
    removed = 0
    for path in folder.glob(f"{TEMPORARY_PREFIX}*{TEMPORARY_SUFFIX}"):
        with contextlib.suppress(OSError):  # another process may sweep too
            if time.time() - path.stat().st_mtime >= older_than_s:
                path.unlink()
                removed += 1
    return removed


@contextlib.contextmanager
def file_errors(done: str, path: Path) -> Iterator[None]:
    """Turn the system's refusals into `AudioFileError`; `done` is "written", "read", …"""
    try:
        yield
    except (OSError, ValueError) as error:  # ValueError: a name with a null character
        reason, remedy = _explain(error, path)
        raise AudioFileError(f"“{path.name}” could not be {done}: {reason}.", remedy) from error


def _explain(error: OSError | ValueError, path: Path) -> tuple[str, str]:
    number = error.errno if isinstance(error, OSError) else errno.EINVAL
    if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return "the disk is full", "Free some space or choose another disk, then try again."
    if number in (errno.EROFS, errno.EACCES, errno.EPERM):
        return (
            f"the folder “{path.parent}” does not allow it",
            "Choose a folder of your own, for example Music or Documents.",
        )
    if number in (errno.ENOENT, errno.ENOTDIR):
        return (
            "the file or its folder does not exist",
            "Choose a folder that exists, or create it first.",
        )
    if number in (errno.ENAMETOOLONG, errno.EINVAL, errno.EISDIR, errno.EILSEQ):
        return "the name is not possible here", "Choose a shorter, plainer file name."
    return str(error), "Choose another folder or disk, then try again."
