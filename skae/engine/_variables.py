"""Values of Keras variables, out and in."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np


def values_of(variables) -> list[np.ndarray]:
    """Return the values of Keras variables, as copies."""
    tensors = map(keras.ops.convert_to_tensor, variables)
    return [np.array(keras.ops.convert_to_numpy(tensor)) for tensor in tensors]


def array_of(value: Any) -> np.ndarray:
    """Return ``value`` of a Keras variable as an array, without a copy where there need be none."""
    return np.asarray(tensor_of(value) if keras.backend.backend() == "tensorflow" else value)


def tensor_of(value: Any) -> Any:
    """Return ``value`` of a Keras variable on TensorFlow as a tensor, by its shortest way."""
    import tensorflow as tf

    if isinstance(value, tf.distribute.DistributedValues):
        return value.read_value()
    return tf.raw_ops.ReadVariableOp(resource=value.handle, dtype=value.dtype)


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
