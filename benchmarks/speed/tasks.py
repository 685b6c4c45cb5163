"""What the contestants of `benchmarks.speed` are asked to train, and for how long."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from benchmarks import datasets


@dataclass(frozen=True)
class Task:
    """A network, what it is trained on, and how.

    Parameters
    ----------
    data : str
        Data set; its first training rows are taken.
    rows : int
        How many.
    batch_size, epochs : int
        Rows a step, and passes over all rows.
    kind : {"dense", "conv"}, default="dense"
        Fully connected, or the convolutions of `networks_by_hand`.
    units : tuple of int, default=(32,)
        Units or filters of the encoder's layers; the decoder mirrors them.
    code : int, default=2
        Size of the code of a dense network.
    activation, code_activation : str, default="relu"
        Of the hidden layers and of the code.
    loss : {"mse", "bce"}, default="mse"
        With a linear and a sigmoid output.
    optimizer : {"adam", "rmsprop"}, default="adam"
        Kind of optimizer.
    learning_rate : float, default=1e-3
        Its rate.
    """

    data: str
    rows: int
    batch_size: int
    epochs: int
    kind: str = "dense"
    units: tuple[int, ...] = (32,)
    code: int = 2
    activation: str = "relu"
    code_activation: str = "relu"
    loss: str = "mse"
    optimizer: str = "adam"
    learning_rate: float = 1e-3

    @property
    def output_activation(self):
        """Activation of the output."""
        return {"mse": "linear", "bce": "sigmoid"}[self.loss]

    @property
    def warm_up(self):
        """A tiny task with another architecture, which loads what a contestant needs."""
        units = tuple(max(2, size // 4) for size in self.units)
        return replace(self, units=units, rows=4 * self.batch_size, epochs=1)


@dataclass(frozen=True)
class Search:
    """A grid search: every learning rate on every fold.

    Parameters
    ----------
    task : Task
        What is trained on each fold.
    rates : tuple of float
        Learning rates.
    n_folds : int, default=5
        Folds.
    """

    task: Task
    rates: tuple[float, ...]
    n_folds: int = 5

    @property
    def warm_up(self):
        """A tiny task that loads what a contestant needs."""
        return self.task.warm_up


@lru_cache(maxsize=2)
def training_rows(name, rows):
    """Return the first training rows of a data set, flat, float32."""
    dataset = datasets.load(name)
    chosen = dataset.X[: dataset.n_train][:rows]
    return np.ascontiguousarray(chosen, dtype=np.float32)
