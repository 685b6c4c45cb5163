"""When the layers of an objective act, on which rows, and where code finds hyperparameters."""

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, ClassVar

import keras
from keras import ops

from skae._compat import layers_directly_in, layers_within

_monitoring = ContextVar("_monitoring", default=False)
_shares: ContextVar[Any] = ContextVar("_shares", default=None)


@contextmanager
def monitoring():
    """Let the layers of an objective act in this block, though nothing is trained.

    The loss of held-out rows is then the objective itself: of noisy rows for a denoising
    autoencoder, with the sampled code for a variational one, with every penalty.
    """
    token = _monitoring.set(True)
    try:
        yield
    finally:
        _monitoring.reset(token)


@contextmanager
def sharing_rows(shares):
    """Let penalties in this block weigh each row of the batch by its share.

    Parameters
    ----------
    shares : tensor of float32 of shape (batch_size,)
        Of mean 1; 0 for rows that only fill the batch up.
    """
    token = _shares.set(shares)
    try:
        yield
    finally:
        _shares.reset(token)


def weighed(values):
    """Return float32 values of shape (batch_size, ...), each row times its share."""
    shares = _shares.get()
    if shares is None:
        return values
    return values * ops.reshape(shares, (-1, *[1] * (len(values.shape) - 1)))


@dataclass(frozen=True)
class _Held:
    """Variables that Keras does not find, so that they are not among the weights of a layer."""

    variables: dict[str, keras.Variable]


class ObjectiveLayer(keras.layers.Layer):
    """A layer that acts while an autoencoder is trained or monitored, never when it is used."""

    hyperparameters: ClassVar[tuple[str, ...]] = ()
    """Attributes, numbers in the configuration, that shared programs read from variables."""
    _held = _Held({})

    def acts(self, training: bool | None) -> bool:
        """Tell whether the layer acts in a call."""
        return bool(training) or _monitoring.get()

    def hyperparameter(self, name: str, dtype: str = "float32"):
        """Return a number of the layer, from its variable where there is one."""
        variable = _held_by(self).get(name)
        return getattr(self, name) if variable is None else ops.cast(variable, dtype)


def _held_by(layer):
    held = getattr(layer, "_held", None)
    return held.variables if isinstance(held, _Held) else {}


def adjustable_hyperparameters(layer: Any) -> list[str]:
    """Return the names of a layer's hyperparameters that a program need not be compiled for.

    One that is 0 is not among them: a penalty without weight stays out of the compiled code.
    """
    names = type(layer).hyperparameters if isinstance(layer, ObjectiveLayer) else ()
    return [name for name in names if _is_positive_number(getattr(layer, name))]


def _is_positive_number(value):
    return isinstance(value, int | float) and value > 0


def hold_hyperparameters(model: keras.Model) -> None:
    """Let the layers of a model, which the caller owns, read hyperparameters from variables."""
    for layer in layers_within(model):
        if names := adjustable_hyperparameters(layer):
            layer._held = _Held({name: _variable(name, getattr(layer, name)) for name in names})


def _variable(name, number):
    return keras.Variable(number, trainable=False, dtype="float32", autocast=False, name=name)


def adopt_hyperparameters(layer: keras.layers.Layer, other: keras.layers.Layer) -> None:
    """Give a model or layer that holds hyperparameters those of another one of its architecture."""
    for name, variable in _held_by(layer).items():
        number = getattr(other, name)
        setattr(layer, name, number)
        variable.assign(number)
    for inner, theirs in zip(layers_directly_in(layer), layers_directly_in(other), strict=True):
        adopt_hyperparameters(inner, theirs)


def held_variables(model: keras.Model) -> list[keras.Variable]:
    """Return the variables that the layers of a model read hyperparameters from."""
    return [variable for layer in layers_within(model) for variable in _held_by(layer).values()]
