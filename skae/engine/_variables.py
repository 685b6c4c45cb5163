"""Values of Keras variables, out and in."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras
import numpy as np


def values_of(variables) -> list[np.ndarray]:
    """Return the values of Keras variables, as copies."""
    tensors = map(keras.ops.convert_to_tensor, variables)
    return [np.array(keras.ops.convert_to_numpy(tensor)) for tensor in tensors]


def load(variables, values) -> None:
    """Assign values to variables, one by one."""
    for variable, value in zip(variables, values, strict=True):
        variable.assign(on_device(value))


@contextmanager
def unchanged(variables) -> Iterator[None]:
    """Give variables back the values that they had, unless the block raises."""
    before = values_of(variables)
    yield
    load(variables, before)


def on_device(values: np.ndarray):
    """Return values to assign; JAX would compile a copy of its own for every new shape."""
    if keras.backend.backend() != "jax":
        return values
    import jax

    return jax.device_put(np.array(values))
