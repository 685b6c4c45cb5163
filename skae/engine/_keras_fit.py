"""Epochs by ``Model.fit``, for backends without a compiled epoch."""

import keras
import numpy as np

from skae.engine._batches import even_batches
from skae.engine._devices import replicas
from skae.engine._losses import loss_names, mean_loss, terms_of
from skae.engine._program import Program
from skae.engine._variables import load, values_of
from skae.layers import monitoring, sharing_rows

_EVALUATION_BATCH_SIZE = 2048


class KerasProgram(Program):
    """One epoch at a time through Keras's own training loop.

    Parameters
    ----------
    model : keras.Model
        Compiled; the program owns it.
    batch_size : int
    variant : str
    """

    def __init__(self, model: keras.Model, batch_size: int, variant: str):
        super().__init__(model, batch_size, variant)
        self.loss_names = loss_names(self._core)
        self._kept: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
        self._trained = _TrainedCore(self._core, mean_loss(model.loss), self.loss_names)
        self._trained.compile(optimizer=model.optimizer)

    @staticmethod
    def variant(model: keras.Model, n_steps: int) -> str:
        """Return on which devices the one kind of steps is taken."""
        strategy = replicas()
        return "fit" if strategy is None else f"fit in {id(strategy)}"

    def remember(self) -> None:
        """Keep the present state, in place of the one kept before."""
        self._kept = values_of(self.model.variables), values_of(self.model.optimizer.variables)

    def recall(self) -> None:
        """Return to the state kept last."""
        weights, optimizer_state = self._kept
        load(self.model.variables, weights)
        load(self.model.optimizer.variables, optimizer_state)

    def prepare_rows(self, rows: np.ndarray) -> np.ndarray:
        """Return ``rows`` as they are."""
        return rows

    def train(self, rows, order: np.ndarray, weights) -> np.ndarray:
        """Take one optimizer step per batch of ``order`` and return the mean losses."""
        return self._pass(self._fit, rows, order, weights, self.batch_size)

    def evaluate(self, rows, weights) -> np.ndarray:
        """Return the mean losses without training."""
        batch_size = min(_EVALUATION_BATCH_SIZE, len(rows))
        return self._pass(self._evaluate, rows, slice(None), weights, batch_size)

    def _pass(self, run, rows, order, weights, batch_size):
        """Return the mean losses that ``run`` gives; on replicas batches are filled up."""
        if self._trained.n_replicas == 1:
            rows, weights = rows[order], weights[order]
            shares = np.ones(len(rows), dtype=np.float32)
            return run(**_arguments(rows, shares, weights, batch_size))
        order = np.arange(len(rows))[order]
        n_together = len(order) - len(order) % batch_size
        totals = np.zeros(len(self.loss_names))
        for part in (order[:n_together], order[n_together:]):
            if len(part):
                positions, shares, size = even_batches(part, batch_size, self._trained.n_replicas)
                arguments = _arguments(rows[positions], shares, weights[positions] * shares, size)
                totals += run(**arguments) * len(part)
        return totals / len(order)

    def _fit(self, **arguments):
        history = self._trained.fit(**arguments, shuffle=False).history
        return np.array([history[name][0] for name in self.loss_names])

    def _evaluate(self, **arguments):
        losses = self._trained.evaluate(**arguments, return_dict=True)
        return np.array([losses[name] for name in self.loss_names])


def _arguments(rows, shares, weights, batch_size):
    """Return the arguments of Keras's ``fit`` and ``evaluate`` for a model of rows and shares."""
    return {
        "x": (rows, shares),
        "y": rows,
        "sample_weight": weights,
        "batch_size": batch_size,
        "verbose": 0,
    }


class _TrainedCore(keras.Model):
    """The trained part of an autoencoder with the loss, and each of its terms as a metric."""

    def __init__(self, core, loss, names):
        super().__init__(name="trained_core")
        self.core = core
        self._mean_loss = loss
        strategy = replicas()
        self.n_replicas = 1 if strategy is None else strategy.num_replicas_in_sync
        self._means = [keras.metrics.Mean(name) for name in names]

    @property
    def metrics(self):
        return self._means

    def call(self, inputs, training=None):
        rows, shares = inputs
        with monitoring(), sharing_rows(shares):  # here, since each replica has its own thread
            return self.core(rows, training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        terms = terms_of(self.core, self._mean_loss, (y, y_pred), sample_weight)
        n_rows = keras.ops.shape(y)[0]
        for mean, term in zip(self._means, terms, strict=True):
            mean.update_state(keras.ops.where(n_rows > 0, term, 0), sample_weight=n_rows)
        return terms[0] / self.n_replicas  # whose gradients are summed up
