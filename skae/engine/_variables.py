"""Values of Keras variables, out and in."""

import keras
import numpy as np


def values_of(variables) -> list[np.ndarray]:
    """Return the values of Keras variables."""
    return [keras.ops.convert_to_numpy(keras.ops.copy(variable)) for variable in variables]


def load(variables, values) -> None:
    """Assign values to variables, one by one."""
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
