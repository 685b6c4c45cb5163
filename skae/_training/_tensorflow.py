"""Whole epochs inside one TensorFlow graph."""

import keras
import numpy as np
import tensorflow as tf

from skae._training._graph import autoencoder_core
from skae._training._losses import loss_names, loss_terms, mean_loss
from skae._training._programs import optimizer_state_of

_EVALUATION_BATCH_SIZE = 2048


class TensorFlowProgram:
    """The traced epoch and evaluation of one architecture, with variables to run them on.

    Parameters
    ----------
    model : keras.Model
        Compiled; the program owns it.
    batch_size : int
    """

    def __init__(self, model: keras.Model, batch_size: int):
        self.model = model
        self.batch_size = batch_size
        model.optimizer.build(model.trainable_variables)
        self.initial_optimizer_state = optimizer_state_of(model)
        self._core = autoencoder_core(model)
        self._loss = mean_loss(model.loss)
        self.loss_names = loss_names(self._core)
        self._state = [*model.variables, *model.optimizer.variables]
        self._kept: list[tf.Variable] = []
        self._keep = tf.function(self._copy_state_to_kept, autograph=False)
        self._restore = tf.function(self._copy_kept_to_state, autograph=False)
        sample = tf.TensorSpec((None, *self._core.input.shape[1:]), tf.float32)
        order = tf.TensorSpec((None,), tf.int32)
        weights = tf.TensorSpec((None,), tf.float32)
        signatures = {False: (sample, order), True: (sample, order, weights)}
        self._epoch = {
            weighted: tf.function(self._run_epoch, input_signature=signature, autograph=False)
            for weighted, signature in signatures.items()
        }
        self._evaluation = {
            weighted: tf.function(self._run_evaluation, input_signature=signature, autograph=False)
            for weighted, signature in signatures.items()
        }

    def remember(self) -> None:
        """Keep the present state, in place of the one kept before."""
        if not self._kept:
            self._kept = [tf.Variable(variable.value) for variable in self._state]
        self._keep()

    def recall(self) -> None:
        """Return to the state kept last."""
        self._restore()

    def resident(self, rows: np.ndarray) -> tf.Tensor:
        """Return ``rows`` as the tensor that epochs gather from."""
        return tf.convert_to_tensor(rows)

    def train(self, rows, order: np.ndarray, sample_weight=None) -> np.ndarray:
        """Take one optimizer step per batch of ``order`` and return the mean losses."""
        arguments = [rows, tf.convert_to_tensor(order, tf.int32)]
        if sample_weight is not None:
            arguments.append(sample_weight)
        return self._epoch[sample_weight is not None](*arguments).numpy()

    def evaluate(self, rows, sample_weight=None) -> np.ndarray:
        """Return the mean losses without training."""
        arguments = [rows, tf.range(len(rows))]
        if sample_weight is not None:
            arguments.append(sample_weight)
        return self._evaluation[sample_weight is not None](*arguments).numpy()

    def _copy_state_to_kept(self):
        for kept, variable in zip(self._kept, self._state, strict=True):
            kept.assign(variable.value)

    def _copy_kept_to_state(self):
        for kept, variable in zip(self._kept, self._state, strict=True):
            variable.value.assign(kept)

    def _run_epoch(self, rows, order, weights=None):
        return self._mean_over_batches(self._train_on, rows, order, weights, self.batch_size)

    def _run_evaluation(self, rows, order, weights=None):
        return self._mean_over_batches(
            self._evaluate_on, rows, order, weights, _EVALUATION_BATCH_SIZE
        )

    def _mean_over_batches(self, step, rows, order, weights, batch_size):
        n_rows = tf.shape(order)[0]

        def body(start, totals):
            batch = order[start : start + batch_size]
            losses = step(
                tf.gather(rows, batch), None if weights is None else tf.gather(weights, batch)
            )
            return start + batch_size, totals + losses * tf.cast(tf.shape(batch)[0], tf.float32)

        zeros = tf.zeros(len(self.loss_names))
        _, totals = tf.while_loop(
            lambda start, _: start < n_rows, body, (0, zeros), parallel_iterations=1
        )
        return totals / tf.cast(n_rows, tf.float32)

    def _train_on(self, batch, weights):
        optimizer, variables = self.model.optimizer, self.model.trainable_variables
        with tf.GradientTape() as tape:
            terms = loss_terms(self._core, self._loss, batch, weights, training=True)
            objective = optimizer.scale_loss(terms[0])
        optimizer.apply(tape.gradient(objective, [v.value for v in variables]), variables)
        return tf.stack(terms)

    def _evaluate_on(self, batch, weights):
        return tf.stack(loss_terms(self._core, self._loss, batch, weights, training=False))
