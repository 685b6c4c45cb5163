"""Optional cache of compiled code on disk, for other processes."""

import os
import platform
import tempfile
import warnings
from contextlib import suppress
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import keras

from skae._compat import has_tensorflow_computed
from skae._config import check_folder, get_config

_FLAGS = "TF_XLA_FLAGS"
_used_by_tensorflow: Path | None = None


def cache_folder() -> Path | None:
    """Return the folder for code of this backend, version and processor, or None for no cache."""
    folder = get_config()["cache_dir"]
    if folder is None:
        return None
    backend = keras.backend.backend()
    packages = {"jax": ("jax", "jaxlib"), "tensorflow": ("tensorflow",)}.get(backend, (backend,))
    return Path(folder, _processor(), "-".join(map(_with_version, packages)))


def use_disk_cache() -> None:
    """Use the folder that ``SKAE_CACHE_DIR`` names, if it names one.

    Called when the engine is imported, and when the configuration changes.

    Raises
    ------
    ValueError
        If files cannot be written to the folder.

    Warns
    -----
    UserWarning
        If TensorFlow has computed before, and so has read the folder before.
    """
    folder = cache_folder()
    if folder is not None:
        check_folder(folder, "SKAE_CACHE_DIR")
    if keras.backend.backend() == "tensorflow" and folder != _used_by_tensorflow:
        _use_in_tensorflow(folder)


def _use_in_tensorflow(folder):
    """Let TensorFlow read its flags now, with the folder among them.

    It writes a file aside and renames it, so that any number of processes can share the folder.
    """
    global _used_by_tensorflow
    if has_tensorflow_computed():
        warnings.warn(
            "TensorFlow has computed in this process, and reads the folder of its cache only once: "
            f"it goes on with {_used_by_tensorflow}, and the change is for processes started from "
            "now on. Call skae.set_config before the first fit, or set SKAE_CACHE_DIR.",
            stacklevel=4,
        )
        return
    import tensorflow as tf

    if folder is not None:
        _remove_damaged(folder)
    before = os.environ.get(_FLAGS)
    flag = f"--tf_xla_persistent_cache_directory={folder}"
    os.environ[_FLAGS] = flag if before is None else f"{before} {flag}"
    try:
        tf.function(lambda: tf.zeros(()), autograph=False)()
    finally:
        if before is None:
            del os.environ[_FLAGS]
        else:
            os.environ[_FLAGS] = before
    _used_by_tensorflow = folder


def _remove_damaged(folder):
    """Remove TensorFlow's files that are not complete, which it would raise at."""
    for path in folder.glob("*.pb"):
        with suppress(OSError):
            if not _is_message(path.read_bytes()):
                path.unlink()


def _is_message(content: bytes) -> bool:
    """Tell whether bytes are the fields of a protocol buffer, the last of them complete."""
    position, sizes = 0, {1: 8, 5: 4}
    try:
        while position < len(content):
            tag, position = _varint(content, position)
            kind = tag & 7
            if kind == 0:
                _, position = _varint(content, position)
            elif kind == 2:
                size, position = _varint(content, position)
                position += size
            else:
                position += sizes[kind]
    except LookupError:
        return False
    return 0 < position == len(content)


def _varint(content, position):
    """Return a number of seven bits a byte, the lowest first, and the position after it."""
    value = shift = 0
    while True:
        byte = content[position]
        value |= (byte & 127) << shift
        position, shift = position + 1, shift + 7
        if byte < 128:
            return value, position


def read_entry(path: Path) -> bytes | None:
    """Return what was written, or None if there is nothing, or no longer the same."""
    with suppress(OSError):
        content = path.read_bytes()
        digest, entry = content[:32], content[32:]
        if sha256(entry).digest() == digest:
            return entry
    return None


def write_entry(path: Path, entry: bytes) -> None:
    """Write an entry at once, in place of one that is damaged; without room there is none."""
    written = None
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
            written = file.name
            file.write(sha256(entry).digest() + entry)
        os.replace(written, path)
        return
    if written is not None:
        Path(written).unlink(missing_ok=True)


def _with_version(package):
    return f"{package}-{version(package)}"


@cache
def _processor() -> str:
    """Return an identifier of the processor, because compiled code depends on its instructions."""
    described = f"{platform.machine()} {platform.processor()}"
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        kept = ("flags", "Features", "model name")
        described += "".join(dict.fromkeys(line for line in lines if line.startswith(kept)))
    except OSError:
        pass  # a system without that file
    return sha256(described.encode()).hexdigest()[:16]
