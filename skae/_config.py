"""Configuration of the library, as scikit-learn's: what a process sets for itself."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import Any

_CACHE_DIR = "SKAE_CACHE_DIR"


def get_config() -> dict[str, Any]:
    """Return the configuration that :func:`set_config` sets.

    Returns
    -------
    config : dict
        ``"cache_dir"``: the folder of the cache, a string, or None.

    Examples
    --------
    >>> import skae
    >>> skae.get_config()
    {'cache_dir': None}
    """
    return {"cache_dir": os.environ.get(_CACHE_DIR) or None}


def set_config(*, cache_dir: str | PathLike | None) -> None:
    """Set the configuration of this process and of the processes that it starts.

    Parameters
    ----------
    cache_dir : str, path or None
        Folder in which compiled code is kept for other processes, such as ``"~/.cache/skae"``,
        created if it does not exist.
        Any number of processes may share it, and it may be deleted. It holds code that is run:
        choose a folder to which only those can write whom you trust. None switches the cache off.
        The environment variable ``SKAE_CACHE_DIR`` does the same. TensorFlow reads it once, when
        it first computes.

    Raises
    ------
    ValueError
        If this is no path, or the folder cannot be created or written to. Nothing is changed then.

    Warns
    -----
    UserWarning
        If TensorFlow has computed before: only processes that are started later use the folder.

    See Also
    --------
    config_context : The same for a block.

    Examples
    --------
    >>> import skae
    >>> skae.set_config(cache_dir=None)
    >>> skae.get_config()
    {'cache_dir': None}
    """
    if cache_dir is None:
        os.environ.pop(_CACHE_DIR, None)
    else:
        _check_path(cache_dir)
        folder = os.path.abspath(os.path.expanduser(cache_dir))
        check_folder(Path(folder), "cache_dir")
        os.environ[_CACHE_DIR] = folder
    if "skae.engine" in sys.modules:
        import_module("skae.engine").use_disk_cache()


@contextmanager
def config_context(*, cache_dir: str | PathLike | None) -> Iterator[None]:
    """Set the configuration for the duration of a block.

    Parameters
    ----------
    cache_dir : str, path or None
        As in :func:`set_config`, which see for errors and warnings.

    Examples
    --------
    >>> import skae
    >>> with skae.config_context(cache_dir=None):
    ...     skae.get_config()
    {'cache_dir': None}
    """
    before = get_config()
    set_config(cache_dir=cache_dir)
    try:
        yield
    finally:
        set_config(**before)


def _check_path(cache_dir):
    path = os.fspath(cache_dir) if isinstance(cache_dir, PathLike) else cache_dir
    if not isinstance(path, str) or not path or "\0" in path:
        raise ValueError(
            "cache_dir must be a string or path that names a folder, or None; got "
            f"{cache_dir!r}. Pass for instance '~/.cache/skae', or None for no cache."
        )


def check_folder(folder: Path, name: str) -> None:
    """Create a folder and raise ValueError unless files can be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ValueError(
            f"{name} must be a folder that files can be written to; got {str(folder)!r}: "
            f"{error.strerror}. Choose another folder, or None for no cache."
        ) from error
