"""Files that are written whole or not at all."""

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
    """Write a file such that its path has the old content or the new one, whatever happens.

    The parts go to a new file beside it, which takes its place once the disk has it, with the mode
    of the file that was there. A process that is killed may leave that file,
    ``.<name>.<random>.part``, behind; the next writing removes it an hour later.

    Raises
    ------
    OSError
        If the folder or the disk does not take it; the path is then as it was.
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
