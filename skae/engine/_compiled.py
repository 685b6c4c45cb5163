"""What compiled programs share: the part of the model that is trained, and its last batch."""

from abc import abstractmethod
from math import prod
from typing import ClassVar

import keras
import numpy as np

from skae._compat import layers_within
from skae.engine._losses import loss_names, mean_loss
from skae.engine._program import Program
from skae.engine._row_by_row import mixes_rows

EVALUATION_BATCH_SIZE = 2048
_MOST_NUMBERS_AT_ONCE = 2**22


class CompiledProgram(Program):
    """Compiled steps and evaluation of one architecture; each backend compiles its own way.

    Parameters
    ----------
    model : keras.Model
        Compiled; the program owns it.
    batch_size : int
    variant : str
        What runs a step.
    """

    most_steps_at_once: ClassVar[int]
    """For how many steps rows are gathered at a time, unless they are large."""

    def __init__(self, model: keras.Model, batch_size: int, variant: str):
        super().__init__(model, batch_size, variant)
        steps_in_limit = _MOST_NUMBERS_AT_ONCE // (batch_size * prod(self._core.input.shape[1:]))
        self._steps_at_once = min(max(steps_in_limit, 1), self.most_steps_at_once)
        self._loss = mean_loss(model.loss)
        self.loss_names = loss_names(self._core)
        self._is_row_by_row = not mixes_rows(self._core)
        # The penalty of an activity regularizer is a mean over the batch, whatever rows it has.
        self._fills_batches = self._is_row_by_row and not any(
            layer.activity_regularizer for layer in layers_within(self._core)
        )

    def train(self, rows, order: np.ndarray, weights) -> np.ndarray:
        """Take one optimizer step per batch of ``order`` and return the mean losses."""
        n_together = len(order)
        if not self._fills_batches:
            n_together -= n_together % self.batch_size
        totals = np.zeros(len(self.loss_names))
        if n_together:
            totals += self._train_together(rows, order[:n_together], weights) * self.batch_size
        if n_together < len(order):
            losses = self._train_last(rows, order[n_together:], weights)
            totals += losses * (len(order) - n_together)
        return totals / len(order)

    def last_look(self, rows, weights) -> float:
        """Return the loss of a batch, and change nothing but the state that is kept.

        Where training computes what use does, a step that is taken back saves compiling more.
        """
        if not self._is_row_by_row:
            return super().last_look(rows, weights)
        self.remember()
        order = np.arange(min(len(weights), self.batch_size), dtype=np.int32)
        loss = self.train(rows, order, weights)[0]
        self.recall()
        return loss

    @abstractmethod
    def _train_together(self, rows, order, weights) -> np.ndarray:
        """Return the sums of the losses of the batches, the last one filled up."""

    @abstractmethod
    def _train_last(self, rows, order, weights) -> np.ndarray:
        """Return the losses of a single batch, of whatever size."""
