"""Initial values on JAX, which would otherwise compile a program for each shape of a variable."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from typing import Any

import keras
import numpy as np

from skae._compat import keras_initial_values_by
from skae.engine._variables import on_device

_MOST_NUMBERS = 2**18  # beyond, compiling takes less time than NumPy
_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = np.uint32(0x1BD11BDA)
_ONE = np.uint32(0x3F800000)
_one_at_a_time = threading.RLock()


@contextmanager
def uncompiled_initial_values() -> Iterator[None]:
    """Let Keras's initializers of this thread compute zeros, ones and uniform numbers by NumPy.

    The numbers are those that JAX would draw. Nothing is changed on other backends, for several
    devices, or if the user has chosen another generator.
    """
    if not _draws_threefry():
        yield
        return
    with _one_at_a_time, keras_initial_values_by(uniform=_uniform, zeros=_zeros, ones=_ones):
        yield


def _draws_threefry():
    if keras.backend.backend() != "jax" or keras.distribution.distribution() is not None:
        return False
    import jax

    config: Any = jax.config
    return config.jax_threefry_partitionable and config.jax_default_prng_impl == "threefry2x32"


def _zeros(shape, dtype=None):
    return on_device(np.zeros(shape, dtype=_numpy_dtype(dtype)))


def _ones(shape, dtype=None):
    return on_device(np.ones(shape, dtype=_numpy_dtype(dtype)))


def _numpy_dtype(dtype) -> Any:
    name = keras.backend.standardize_dtype(dtype or keras.config.floatx())
    if name == "bfloat16":
        import ml_dtypes

        return ml_dtypes.bfloat16
    return name


def _uniform(shape, minval=0.0, maxval=1.0, dtype=None, seed=None):
    """Return what ``keras.random.uniform`` of the same arguments would."""
    is_drawn_here = (
        isinstance(seed, int)
        and 0 <= seed < 2**32
        and prod(shape) <= _MOST_NUMBERS
        and keras.backend.standardize_dtype(dtype or keras.config.floatx()) == "float32"
    )
    if not is_drawn_here:
        return keras.random.uniform(shape, minval, maxval, dtype, seed)
    bits = _threefry(np.uint32(seed), prod(shape))
    floats = ((bits >> np.uint32(9)) | _ONE).view(np.float32) - np.float32(1)
    low, high = np.float32(minval), np.float32(maxval)
    # In float64 nothing is rounded before the end, as in the fused multiplication of XLA.
    drawn = (floats.astype(np.float64) * (high - low) + np.float64(low)).astype(np.float32)
    return on_device(np.maximum(drawn, low).reshape(shape))


def _threefry(seed, n):
    """Return n words of Threefry-2x32 with the key (seed, 0), 20 rounds (Salmon et al., 2011)."""
    keys = (seed, np.uint32(0), seed ^ _PARITY)
    first: np.ndarray = np.full(n, keys[0])
    second: np.ndarray = np.arange(n, dtype=np.uint32) + keys[1]
    for group in range(5):
        for rotation in _ROTATIONS[group % 2]:
            first += second
            left = second << np.uint32(rotation)
            second = (left | (second >> np.uint32(32 - rotation))) ^ first
        first += keys[(group + 1) % 3]
        second += keys[(group + 2) % 3]
        second += np.uint32(group + 1)
    return first ^ second
