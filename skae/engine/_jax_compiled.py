"""Functions that JAX compiles, or takes from the cache on disk."""

import os
import pickle
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import jax
import keras
import numpy as np
from jax.experimental import serialize_executable

from skae.engine._disk_cache import cache_folder, read_entry, write_entry

_UNUSABLE = (
    *(AttributeError, EOFError, ImportError, IndexError, KeyError, RuntimeError, TypeError),
    *(ValueError, pickle.UnpicklingError, pickle.PicklingError),
)


class JaxCompiled:
    """A function, compiled for every shape of its array arguments.

    JAX has a cache on disk too, but one for everything that a process compiles, whose files are not
    written at once, and where a damaged file is warned of for ever.

    Parameters
    ----------
    function : callable
        Of arguments of which those that are NumPy arrays alone vary in shape.
    """

    def __init__(self, function: Callable):
        self._jitted = jax.jit(function)
        self._by_shapes: dict[tuple, Callable] = {}

    def __call__(self, *arguments):
        """Return the function's values."""
        shapes = tuple(value.shape for value in arguments if isinstance(value, np.ndarray))
        run = self._by_shapes.get(shapes)
        if run is None:
            run = self._by_shapes[shapes] = self._compiled_for(arguments)
        return run(*arguments)

    def _compiled_for(self, arguments):
        folder = cache_folder()
        one_device = jax.local_device_count() == 1 and keras.distribution.distribution() is None
        if folder is None or not one_device:
            return self._jitted
        lowered = self._jitted.lower(*arguments)
        path = folder / _key_of(lowered)
        found = _loaded(path, lowered)
        return _compiled_and_kept(path, lowered) if found is None else found


def _key_of(lowered):
    """Return a name for what is compiled, and for all that the result depends on."""
    device = jax.local_devices()[0]
    settings = [device.platform, device.device_kind, os.environ.get("XLA_FLAGS")]
    return sha256(f"{settings} {lowered.as_text()}".encode()).hexdigest()


def _loaded(path: Path, lowered) -> Any:
    entry = read_entry(path)
    if entry is None:
        return None
    trees = jax.tree.structure(lowered.args_info), lowered.out_tree
    try:
        return serialize_executable.deserialize_and_load(entry, *trees)
    except _UNUSABLE:
        return None


def _compiled_and_kept(path: Path, lowered):
    compiled = lowered.compile()
    try:
        entry = serialize_executable.serialize(compiled)[0]
    except _UNUSABLE:  # what closes over arrays, for one
        return compiled
    write_entry(path, entry)
    return compiled
