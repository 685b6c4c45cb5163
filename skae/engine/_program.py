"""Base class of programs: a compiled model that the program owns during training."""

from abc import ABC, abstractmethod

import keras
import numpy as np

from skae.engine._graph import autoencoder_core
from skae.engine._initial_values import uncompiled_initial_values
from skae.engine._variables import unchanged, values_of


class Program(ABC):
    """Training and evaluation of one compiled model.

    Parameters
    ----------
    model : keras.Model
        Compiled; the program owns it.
    batch_size : int
    variant : str
        What runs a step, as ``variant`` of the same class chose it.
    """

    loss_names: list[str]

    def __init__(self, model: keras.Model, batch_size: int, variant: str):
        self.model = model
        self.batch_size = batch_size
        self._variant = variant
        build_optimizer(model)
        self.initial_optimizer_state = values_of(model.optimizer.variables)
        self._core = autoencoder_core(model)
        self._compiled_with = (model.optimizer, model.loss)
        self._optimizer_variables = model.optimizer.variables
        self._weights_to_train = model.trainable_variables

    def serves(self, model: keras.Model, batch_size: int, variant: str) -> bool:
        """Tell whether this is the program of just that model, compiled as it is now."""
        same_model = self.model is model and self._is_compiled_as_before()
        return same_model and (self.batch_size, self._variant) == (batch_size, variant)

    def check_compilation(self) -> None:
        """Raise if a callback compiled or froze the model, or exchanged its learning rate."""
        if not self._is_compiled_as_before():
            raise ValueError(
                "a callback compiled the model anew, froze weights, or gave its optimizer a "
                "schedule, while it was trained: expected the loss, the optimizer and the weights "
                "to train that training began with. Pass loss, optimizer and a schedule as "
                "learning_rate to the autoencoder, and freeze layers of a Keras model before it "
                "is passed; a callback can assign a number, as in "
                "self.model.optimizer.learning_rate = 0.001."
            )

    def _is_compiled_as_before(self):
        optimizer, loss = self._compiled_with
        now = self.model.optimizer
        return (
            now is optimizer
            and self.model.loss is loss
            and _are_same(now.variables, self._optimizer_variables)
            and _are_same(self.model.trainable_variables, self._weights_to_train)
        )

    @abstractmethod
    def remember(self) -> None:
        """Keep the present state, in place of the one kept before."""

    @abstractmethod
    def recall(self) -> None:
        """Return to the state kept last."""

    @abstractmethod
    def prepare_rows(self, rows: np.ndarray):
        """Return ``rows`` as what epochs gather from."""

    @abstractmethod
    def train(self, rows, order: np.ndarray, weights) -> np.ndarray:
        """Take one optimizer step per batch of ``order`` and return the mean losses."""

    @abstractmethod
    def evaluate(self, rows, weights) -> np.ndarray:
        """Return the mean losses without training."""

    def last_look(self, rows, weights) -> float:
        """Return the mean loss of a row or some, as it is now, and change nothing."""
        with unchanged(self.model.non_trainable_variables):
            return self.evaluate(rows[:1], weights[:1])[0]


def build_optimizer(model: keras.Model) -> None:
    """Let a model's optimizer make its variables, unless it has.

    ``LossScaleOptimizer`` would make a part of them twice.
    """
    if not model.optimizer.built:
        with uncompiled_initial_values():
            model.optimizer.build(model.trainable_variables)


def _are_same(variables, others):
    return list(map(id, variables)) == list(map(id, others))
