"""Parameters: constructors, types and constraints, and values as Keras wants them."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from numbers import Integral
from typing import Any, TypeAlias, TypeVar, dataclass_transform

import keras
import numpy as np
from sklearn.base import BaseEstimator

from skae._compat import Interval, Options, StrOptions
from skae.engine import activation_name

_FLOAT32 = np.finfo(np.float32)


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


class FunctionOfTensors(Options):
    """A callable, unless it is a function of NumPy's, which takes arrays alone."""

    def __init__(self):
        super().__init__(object, {keras.ops.tanh})

    def is_satisfied_by(self, val: Any) -> bool:
        """Return whether Keras may call ``val``."""
        return callable(val) and not isinstance(val, np.ufunc)

    def __str__(self) -> str:
        return "a layer or a function of Keras's tensors, such as keras.ops.tanh"


class Patience(Interval):
    """A number of epochs."""

    def __str__(self) -> str:
        return f"{super().__str__()}, the epochs of patience (False turns early stopping off)"


class Float32Interval(Interval):
    """An interval of real numbers that stay within it where they are rounded to float32.

    Numbers below the smallest normal one are rounded to 0, as compiled programs do.
    """

    def is_satisfied_by(self, val: Any) -> bool:
        """Return whether ``val`` is such a number."""
        smallest, largest = map(float, (_FLOAT32.tiny, _FLOAT32.max))
        if not super().is_satisfied_by(val) or abs(val) > largest:
            return False
        return super().is_satisfied_by(float(np.float32(val)) if abs(val) >= smallest else 0.0)

    def __str__(self) -> str:
        return f"{super().__str__()}, also when rounded to float32"


Sizes: TypeAlias = int | Sequence[int]
Activation: TypeAlias = str | Callable[..., Any] | keras.layers.Layer
Loss: TypeAlias = str | Callable[..., Any] | keras.losses.Loss
Optimizer: TypeAlias = str | type[keras.optimizers.Optimizer] | keras.optimizers.Optimizer
LearningRate: TypeAlias = float | keras.optimizers.schedules.LearningRateSchedule | None
Callback: TypeAlias = type[keras.callbacks.Callback] | keras.callbacks.Callback
Metric: TypeAlias = str | Callable | keras.metrics.Metric
Metrics: TypeAlias = Metric | Sequence[Metric] | None
Callbacks: TypeAlias = Callback | Sequence[Callback] | dict[str, Callback] | None
Initializer: TypeAlias = str | keras.initializers.Initializer
Regularizer: TypeAlias = str | keras.regularizers.Regularizer | None

POSITIVE = Interval(Integral, 1, None, closed="left")
SIZES = [POSITIVE, "array-like"]
ACTIVATION = [KerasName("activation", "relu", activation_name), FunctionOfTensors()]
METRIC = [KerasName("metric", "mae", keras.metrics.get), callable]
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

Estimator = TypeVar("Estimator")


@dataclass_transform(kw_only_default=True, eq_default=False, field_specifiers=(field,))
def parametrized(cls: type[Estimator]) -> type[Estimator]:
    """Give a class a constructor whose parameters are its annotated fields, inherited ones too.

    Parameters are keyword-only unless their field says ``kw_only=False``; ``init=False`` fixes one
    that the parent has. In the signature a class's own come before its parent's. Constraints are
    inherited too.
    """
    dataclass(cls, kw_only=True, eq=False, repr=False, match_args=False)
    _complete(cls, super(cls, cls))
    return cls


def _complete(cls: Any, parent: Any) -> None:
    """Put a class's own parameters first in its signature, and join the constraints."""
    instance, *parameters = inspect.signature(cls.__init__).parameters.values()
    inherited = inspect.signature(parent.__init__).parameters
    place = {name: number for number, name in enumerate(inherited)}
    parameters.sort(key=lambda parameter: (parameter.kind, place.get(parameter.name, -1)))
    cls.__init__.__signature__ = inspect.Signature([instance, *parameters])
    constraints = {**parent._parameter_constraints, **vars(cls).get("_parameter_constraints", {})}
    cls._parameter_constraints = {each.name: constraints[each.name] for each in parameters}


def plain(value: Any) -> Any:
    """Return a parameter's value without NumPy's scalars, which Keras does not take for numbers.

    Lists, tuples and the parameters of nested estimators are looked through, in copies.
    """
    if isinstance(value, np.generic):
        return value.item()
    if type(value) in (list, tuple):
        return type(value)(map(plain, value))
    if isinstance(value, BaseEstimator):
        return with_plain_parameters(value)
    return value


def as_it_is(estimator: Any) -> Any:
    """Return a copy that holds what an estimator holds now, whatever other threads fit later."""
    copy = object.__new__(type(estimator))
    copy.__dict__ = vars(estimator).copy()
    return copy


def with_plain_parameters(estimator: Any) -> Any:
    """Return a shallow copy of an estimator with :func:`plain` parameters."""
    copy = as_it_is(estimator)
    for name, value in estimator.get_params(deep=False).items():
        setattr(copy, name, plain(value))
    return copy


def entries(value: Any) -> tuple:
    """Return the entries of a sequence or array, or the only one that a number stands for."""
    return tuple(plain(entry) for entry in np.atleast_1d(np.asarray(value, dtype=object)))


def described(parameters: dict[str, Any]) -> dict[str, Any]:
    """Return parameters, nested ones too, such that later changes in place do not reach them."""
    return {name: _described(value) for name, value in parameters.items()}


_CONFIGURED = (
    keras.DTypePolicy,
    keras.layers.Layer,
    keras.optimizers.Optimizer,
    keras.optimizers.schedules.LearningRateSchedule,
)


def _described(value):
    if isinstance(value, BaseEstimator):
        return type(value)
    if isinstance(value, dict):
        return described(value)
    if isinstance(value, list | tuple | np.ndarray):
        return tuple(map(_described, value))
    # Copies and pickles hold objects of their own of these, so what they are made of is compared.
    if isinstance(value, keras.losses.Loss):
        return type(value), described(vars(value))
    if isinstance(value, keras.Model):
        return type(value)
    if isinstance(value, _CONFIGURED):
        return type(value), value.get_config()
    return plain(value)


def changed_parameters(
    before: dict[str, Any], now: dict[str, Any], *, changeable: frozenset[str]
) -> set[str]:
    """Return which of the changeable parameters differ once described, or what is routed to them.

    Raises
    ------
    ValueError
        If another one differs.
    """
    changed = set()
    for name in sorted({**before, **now}, key=lambda name: name.count("__")):
        old, new = before.get(name), now.get(name)
        if old is new or old == new:
            continue
        parameter = name.partition("__")[0]
        if parameter not in changeable:
            raise ValueError(
                f"Training goes on with the model that was built with {name}={old!r}: expected "
                f"the same value, got {new!r}. Set it back, or call fit with warm_start=False to "
                "build a new model."
            )
        changed.add(parameter)
    return changed
