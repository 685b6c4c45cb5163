"""State of a training, to resume it after a crash."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import keras
import numpy as np

from skae.engine._proof import is_known, is_of_keras

OF_WHERE_IT_WRITES = {"backup_dir", "filename", "filepath", "log_dir", "path", "root", "verbose"}
"""Attributes of Keras's callbacks that change nothing of a training."""

_SHOWS = (keras.callbacks.History, keras.callbacks.ProgbarLogger)


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


def collected(callback: keras.callbacks.Callback) -> dict[str, Any]:
    """Return the attributes of a callback that are numbers, text, arrays and Keras's functions."""
    return {
        name: value
        for name, value in vars(callback).items()
        if name not in OF_WHERE_IT_WRITES and _is_plain(value)
    }


def restore(callbacks: list, states: list[dict[str, Any]]) -> None:
    """Give callbacks back what they had collected."""
    for callback, state in zip(callbacks, states, strict=True):
        vars(callback).update(state)


def with_state(callbacks: list) -> list:
    """Return the callbacks whose attributes are all that they are: Keras's own, but for shows."""
    return [made for made in callbacks if is_of_keras(made) and not isinstance(made, _SHOWS)]


def _is_plain(value):
    if isinstance(value, list):
        return all(map(_is_plain, value))
    if isinstance(value, FunctionType):
        return is_known(value)  # what compares losses, for one
    return value is None or isinstance(value, bool | int | float | str | np.generic | np.ndarray)
