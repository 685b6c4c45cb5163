"""Values of Keras variables, out and in."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras
import numpy as np
from keras.src.backend.common.global_state import get_global_attribute, set_global_attribute
from keras.src.backend.common.variables import initialize_all_variables

_PENDING = "uninitialized_variables"


def values_of(variables) -> list[np.ndarray]:
    """Return the values of Keras variables."""
    return [keras.ops.convert_to_numpy(keras.ops.copy(variable)) for variable in variables]


def load(variables, values) -> None:
    """Assign values to variables, one by one."""
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


@contextmanager
def allocated_at_the_end() -> Iterator[None]:
    """Create variables in a block without memory, which they get at its end unless it raises."""
    pending = get_global_attribute(_PENDING) or []
    set_global_attribute(_PENDING, [])
    try:
        with keras.StatelessScope(initialize_variables=False):
            yield
        initialize_all_variables()
    finally:
        set_global_attribute(_PENDING, pending)
