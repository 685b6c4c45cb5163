"""Atomic writes of files."""

import os
import re
import secrets
import stat
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_SECONDS_NO_WRITING_TAKES = 3600.0  # from one part to the next


def write_whole(path: Path, parts: Iterable[bytes | memoryview]) -> None:
    """Write a file atomically: its path has either the old content or the new one.

    The parts are written to a new file in the same folder, which is then renamed, with the mode of
    the file that it replaces. A killed process may leave this file behind, as
    ``.<name>.<random>.part``; writing the same path again removes it once it is an hour old.

    Raises
    ------
    OSError
        If the file cannot be written. An existing file is then unchanged.
    """
    path = Path(os.path.realpath(path))  # a link stays one
    if not path.parent.is_dir():
        raise FileNotFoundError(f"Expected the folder of {path} to be there; make it before.")
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a directory: expected the path of a file.")
    _remove_leftovers(path)
    beside = path.with_name(f".{path.name[:200]}.{secrets.token_hex(8)}.part")
    try:
        with open(beside, "xb") as file:
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            os.chmod(beside, stat.S_IMODE(path.stat().st_mode))
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _remove_leftovers(path):
    """Remove what killed processes left of this path, unless another one may be writing it now."""
    name = re.compile(rf"\.{re.escape(path.name[:200])}\.[0-9a-f]{{16}}\.part")
    for entry in os.scandir(path.parent):
        if name.fullmatch(entry.name):
            with suppress(OSError):  # gone by now, or not ours
                if time.time() - entry.stat().st_mtime > _SECONDS_NO_WRITING_TAKES:
                    os.unlink(entry)


def _sync_folder(folder):
    """Have the disk remember the new name; where folders cannot be opened, it does so anyway."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
