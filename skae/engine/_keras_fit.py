"""Epochs by ``Model.fit``, for backends that have no compiled epoch here."""

import keras
import numpy as np

from skae.engine._program import Program
from skae.engine._variables import load, values_of

_EVALUATION_BATCH_SIZE = 2048


class KerasProgram(Program):
    """One epoch at a time through Keras's own training loop.

    Parameters
    ----------
    model : keras.Model
        Compiled; the program owns it.
    batch_size : int
    variant : {"fit"}
    """

    def __init__(self, model: keras.Model, batch_size: int, variant: str):
        super().__init__(model, batch_size, variant)
        self.loss_names = ["loss"]
        self._kept: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
        self._core.compile(optimizer=model.optimizer, loss=model.loss)

    @staticmethod
    def variant(model: keras.Model, n_steps: int) -> str:
        """Return the one variant there is."""
        return "fit"

    def remember(self) -> None:
        """Keep the present state, in place of the one kept before."""
        self._kept = values_of(self.model.variables), values_of(self.model.optimizer.variables)

    def recall(self) -> None:
        """Return to the state kept last."""
        weights, optimizer_state = self._kept
        load(self.model.variables, weights)
        load(self.model.optimizer.variables, optimizer_state)

    def resident(self, rows: np.ndarray) -> np.ndarray:
        """Return ``rows`` as they are."""
        return rows

    def train(self, rows, order: np.ndarray, weights) -> np.ndarray:
        """Take one optimizer step per batch of ``order`` and return the mean loss."""
        ordered = rows[order]
        history = self._core.fit(
            ordered,
            ordered,
            sample_weight=weights[order],
            batch_size=self.batch_size,
            shuffle=False,
            verbose=0,
        )
        return np.array(history.history["loss"])

    def evaluate(self, rows, weights) -> np.ndarray:
        """Return the mean loss without training."""
        loss = self._core.evaluate(
            rows, rows, sample_weight=weights, batch_size=_EVALUATION_BATCH_SIZE, verbose=0
        )
        return np.array([loss])
