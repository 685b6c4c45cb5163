"""Constraints on parameters that stand for Keras objects, for scikit-learn's validation."""

from collections.abc import Callable
from functools import cache
from typing import Any

import keras
from sklearn.utils._param_validation import Options, StrOptions

from skae._activations import activation_name


class KerasName(StrOptions):
    """A string that Keras knows as the name of something.

    Parameters
    ----------
    kind : str
        What it names, as in "activation".
    example : str
        One such name.
    lookup : callable
        Raises ValueError for names that are unknown.
    """

    def __init__(self, kind: str, example: str, lookup: Callable[[str], Any]):
        super().__init__({example})
        self._kind, self._example = kind, example
        self._lookup = cache(lookup)

    def is_satisfied_by(self, val: Any) -> bool:
        """Return whether ``val`` is such a name."""
        if not isinstance(val, str):
            return False
        try:
            self._lookup(val)
        except ValueError:
            return False
        return True

    def __str__(self) -> str:
        return f"the name of a Keras {self._kind}, such as {self._example!r}"


class SubclassOf(Options):
    """A class below another one."""

    def __init__(self, parent: type):
        super().__init__(type, {parent})
        self._parent = parent

    def is_satisfied_by(self, val: Any) -> bool:
        """Return whether ``val`` is such a class."""
        return isinstance(val, type) and issubclass(val, self._parent)

    def __str__(self) -> str:
        return f"a subclass of {self._parent.__module__}.{self._parent.__qualname__}"


ACTIVATION = [KerasName("activation", "relu", activation_name), callable]
LOSS = [KerasName("loss", "mse", keras.losses.get), callable, keras.losses.Loss]
OPTIMIZER = [
    KerasName("optimizer", "adam", keras.optimizers.get),
    SubclassOf(keras.optimizers.Optimizer),
    keras.optimizers.Optimizer,
]
REGULARIZER = [
    KerasName("regularizer", "l2", keras.regularizers.get),
    keras.regularizers.Regularizer,
]
