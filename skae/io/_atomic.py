"""Atomic writes of files."""

import os
import secrets
from collections.abc import Iterable
from pathlib import Path


def write_whole(path: Path, parts: Iterable[bytes | memoryview]) -> None:
    """Write a file atomically: its path has either the old content or the new one.

    The parts are written to a new file in the same folder, which is then renamed. A killed process
    may leave this file behind, as ``.<name>.<random>.part``.

    Raises
    ------
    OSError
        If the file cannot be written. An existing file is then unchanged.
    """
    path = Path(os.path.realpath(path))  # a link stays one
    if not path.parent.is_dir():
        raise FileNotFoundError(f"Expected the folder of {path} to be there; make it before.")
    beside = path.with_name(f".{path.name[:200]}.{secrets.token_hex(8)}.part")
    try:
        with open(beside, "xb") as file:
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder):
    """Have the disk remember the new name; where folders cannot be opened, it does so anyway."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
