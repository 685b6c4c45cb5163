"""What the contestants of `benchmarks.speed` are asked to train, and for how long."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from benchmarks import datasets


@dataclass(frozen=True)
class Task:
    """A network, what it is trained on, and how; with rates, a grid search over them by 5 folds."""

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
    rates: tuple[float, ...] = ()

    @property
    def output_activation(self):
        return {"mse": "linear", "bce": "sigmoid"}[self.loss]

    @property
    def warm_up(self):
        units = tuple(max(2, size // 4) for size in self.units)
        return replace(self, units=units, rows=4 * self.batch_size, epochs=1, rates=())


@lru_cache(maxsize=2)
def training_rows(name, rows):
    dataset = datasets.load(name)
    chosen = dataset.X[: dataset.n_train][:rows]
    return np.ascontiguousarray(chosen, dtype=np.float32)
