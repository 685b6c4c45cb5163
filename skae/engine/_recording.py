"""State and identity of a training, to resume it after a crash."""

import hashlib
import json
from abc import ABC, abstractmethod
from dataclasses import astuple, dataclass
from types import FunctionType
from typing import Any

import keras
import numpy as np

from skae.engine._proof import is_known, is_of_keras
from skae.engine._signature import architecture_signature
from skae.engine._variables import values_of


@dataclass(frozen=True)
class Standing:
    """State of a training at the end of an epoch.

    Attributes
    ----------
    n_epochs : int
        Epochs that the model has seen.
    ends : bool
        Whether no further epoch follows.
    history : dict of str to list of float
    best_loss, best_epoch : float, int
    present : list of ndarray
        Variables of the model and its optimizer.
    best : list of ndarray or None
        The same at the best epoch; None while that is the start.
    generator : dict
        State of the generator that orders the rows.
    callbacks : list of dict
        Numbers and arrays that each of Keras's callbacks has collected.
    """

    n_epochs: int
    ends: bool
    history: dict[str, list[float]]
    best_loss: float
    best_epoch: int
    present: list[np.ndarray]
    best: list[np.ndarray] | None
    generator: dict[str, Any]
    callbacks: list[dict[str, Any]]


@dataclass(frozen=True)
class Finish:
    """Result of a training.

    Attributes
    ----------
    weights : list of ndarray
        Variables of the model.
    history, best_epoch, optimizer_state
        As in ``TrainingResult``.
    generator : dict
        As in ``Standing``.
    """

    weights: list[np.ndarray]
    history: dict[str, list[float]]
    best_epoch: int
    optimizer_state: list[np.ndarray]
    generator: dict[str, Any]


class TrainingRecorder(keras.callbacks.Callback, ABC):
    """A callback that records the state of a training, and returns it to resume from."""

    @abstractmethod
    def resume(self, identity: dict[str, str]) -> Standing | Finish | None:
        """Return the state to resume from, or None for a new training; raise if it is another."""

    @abstractmethod
    def wants(self, n_epochs: int) -> bool:
        """Tell whether to record the end of an epoch that others follow."""

    @abstractmethod
    def record(self, state: Standing | Finish) -> None:
        """Record the state of the training."""


def recorder_among(callbacks: list) -> TrainingRecorder | None:
    """Return the recorder among callbacks, if there is one."""
    return next((made for made in callbacks if isinstance(made, TrainingRecorder)), None)


def identity_of(model, rows, validation, rng, callbacks, plan) -> dict[str, str]:
    """Return digests of what a training depends on: its parameters, its data and its start."""
    parameters = [
        architecture_signature(model),
        type(model.optimizer).__name__,
        model.optimizer.get_config(),
        _described_loss(model.loss),
        astuple(plan),
        [[type(made).__name__, collected(made)] for made in callbacks if _is_own(made)],
    ]
    text = json.dumps(parameters, default=_plain)
    data = (pair for some in (rows, validation) if some is not None for pair in some.blocks())
    generator = rng.get_state(legacy=False)["state"]
    return {
        "parameters": hashlib.sha256(text.encode()).hexdigest(),
        "data": digest(array for pair in data for array in pair if array is not None),
        "start": digest(values_of(model.variables)),
        "generator": digest([generator["key"], np.array(generator["pos"])]),
    }


def digest(arrays) -> str:
    """Return a checksum of arrays, their shapes included."""
    total = hashlib.sha256()
    for array in arrays:
        total.update(f"{array.dtype}{np.shape(array)}".encode())
        total.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return total.hexdigest()


def collected(callback: keras.callbacks.Callback) -> dict[str, Any]:
    """Return the attributes of a callback that are numbers, text, arrays and Keras's functions."""
    return {name: value for name, value in vars(callback).items() if _is_plain(value)}


def restore(callbacks: list, states: list[dict[str, Any]]) -> None:
    """Give callbacks back what they had collected."""
    for callback, state in zip(callbacks, states, strict=True):
        vars(callback).update(state)


def with_state(callbacks: list) -> list:
    """Return the callbacks whose attributes are all that they are: Keras's own."""
    return [made for made in callbacks if is_of_keras(made)]


def _is_own(callback):
    is_recorder = isinstance(callback, TrainingRecorder)
    return type(callback).__module__.split(".")[0] == "skae" and not is_recorder


def _is_plain(value):
    if isinstance(value, list):
        return all(map(_is_plain, value))
    if isinstance(value, FunctionType):
        return is_known(value)  # what compares losses, for one
    return value is None or isinstance(value, bool | int | float | str | np.generic | np.ndarray)


def _described_loss(loss):
    if isinstance(loss, keras.losses.Loss):
        return [type(loss).__name__, {name: _named(value) for name, value in vars(loss).items()}]
    return _named(loss)


def _named(value):
    return getattr(value, "__qualname__", None) or str(value)


def _plain(value):
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else _named(value)
