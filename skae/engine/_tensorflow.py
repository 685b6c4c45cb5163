"""Whole epochs inside one TensorFlow graph."""

import keras
import numpy as np
import tensorflow as tf

from skae.engine._batches import whole_batches
from skae.engine._compiled import EVALUATION_BATCH_SIZE, CompiledProgram
from skae.engine._graph import CONVOLUTIONS, has_any
from skae.engine._losses import assigns_weights, loss_terms
from skae.engine._packing import OwnVariables, packed_if_possible
from skae.engine._traced import Traced

_ALIGNMENT = 64  # of memory that TensorFlow takes over as it is

# XLA fuses the element-wise work of a step, which is most of a small dense network's, and takes
# about a second to compile; steps enough to earn that back within the five fits of a
# cross-validation. Convolutions and recurrences become slower by it, large matrix products no
# faster.
_FEWEST_STEPS_FOR_XLA = 500
_MOST_PARAMETERS_FOR_XLA = 1_000_000
_MOST_ELEMENTS_PACKED = 2**12
# Keras's own noise is drawn by a generator that XLA makes slow.
_NOISE = (
    keras.layers.AlphaDropout,
    keras.layers.Dropout,
    keras.layers.GaussianDropout,
    keras.layers.GaussianNoise,
)
_UNFIT_FOR_XLA = (*CONVOLUTIONS, *_NOISE, keras.layers.RNN)


class TensorFlowProgram(CompiledProgram):
    """The traced epoch and evaluation of one architecture, with variables to run them on.

    Parameters
    ----------
    model : keras.Model
        Compiled; the program owns it.
    batch_size : int
    variant : {"graph", "xla"}
        What runs a step: TensorFlow's kernels or code compiled by XLA.
    """

    most_steps_at_once = 16

    def __init__(self, model: keras.Model, batch_size: int, variant: str):
        super().__init__(model, batch_size, variant)
        self._trained = (
            OwnVariables(model)
            if assigns_weights(self._core)
            else packed_if_possible(model, _MOST_ELEMENTS_PACKED)
        )
        self._state = [*model.variables, *model.optimizer.variables]
        self._kept: list[tf.Tensor] = []
        shape = self._core.input.shape[1:]
        self._steps = Traced(
            self._take_steps,
            tf.TensorSpec((), tf.int32),
            tf.TensorSpec((self._steps_at_once, batch_size, *shape), tf.float32),
            tf.TensorSpec((self._steps_at_once, batch_size), tf.float32),
            tf.TensorSpec((self._steps_at_once, batch_size), tf.float32),
            tf.TensorSpec((self._steps_at_once,), tf.float32),
            jit_compile=variant == "xla",
        )
        rows = tf.TensorSpec((None, *shape), tf.float32)
        order = tf.TensorSpec((None,), tf.int32)
        weights = tf.TensorSpec((None,), tf.float32)
        self._whole_batches = Traced(self._run_whole_batches, order, weights, rows, weights)
        self._last_batch = Traced(self._run_last_batch, order, rows, weights)
        self._evaluation = Traced(self._run_evaluation, rows, weights)

    @staticmethod
    def variant(model: keras.Model, n_steps: int) -> str:
        """Return what should run ``n_steps`` steps of a model."""
        small_and_long = (
            n_steps >= _FEWEST_STEPS_FOR_XLA and model.count_params() <= _MOST_PARAMETERS_FOR_XLA
        )
        return "xla" if small_and_long and not has_any(model, _UNFIT_FOR_XLA) else "graph"

    def remember(self) -> None:
        """Keep the present state, in place of the one kept before."""
        self._kept = [variable.value.value() for variable in self._state]

    def recall(self) -> None:
        """Return to the state kept last."""
        for variable, kept in zip(self._state, self._kept, strict=True):
            variable.value.assign(kept)

    def prepare_rows(self, rows: np.ndarray) -> tf.Tensor:
        """Return ``rows`` as the tensor that epochs gather from, without a copy if possible."""
        if rows.ctypes.data % _ALIGNMENT or not rows.flags.c_contiguous or not rows.flags.writeable:
            return tf.convert_to_tensor(rows)
        return tf.experimental.dlpack.from_dlpack(rows.__dlpack__())

    def evaluate(self, rows, weights) -> np.ndarray:
        """Return the mean losses without training."""
        return self._evaluation(rows, weights).numpy()

    def _train_together(self, rows, order, weights):
        positions, shares = map(tf.constant, whole_batches(order, self.batch_size))
        return self._whole_batches(positions, shares, rows, weights).numpy()

    def _train_last(self, rows, order, weights):
        return self._last_batch(tf.constant(order), rows, weights).numpy()

    def _run_whole_batches(self, order, shares, rows, weights):
        """Return the sum of the batches' losses.

        Batches are gathered several at a time into a tensor of fixed shape, so that compiled
        steps serve any number of rows; the steps beyond the last batch are not taken.
        """
        at_once = self._steps_at_once
        n_batches = tf.shape(order)[0] // self.batch_size
        shape = (-1, self.batch_size)
        order = tf.reshape(order, shape)
        shares = tf.reshape(shares, shape)

        def body(first, totals):
            chosen = tf.minimum(tf.range(first, first + at_once), n_batches - 1)
            positions = tf.gather(order, chosen)
            chosen_shares = tf.gather(shares, chosen)
            losses = self._steps(
                tf.minimum(at_once, n_batches - first),
                tf.gather(rows, positions),
                tf.gather(weights, positions),
                chosen_shares,
                1 / chosen_shares[:, 0],
            )
            return first + at_once, totals + losses

        self._trained.pack()
        losses = self._loop(lambda first: first < n_batches, body)
        self._trained.unpack()
        return losses

    def _take_steps(self, n_steps, batches, weights, shares, sizes):
        def body(step, totals):
            losses = self._train_on(batches[step], weights[step], shares[step])
            return step + 1, totals + losses * sizes[step]

        return self._loop(lambda step: step < n_steps, body)

    def _run_last_batch(self, order, rows, weights):
        self._trained.pack()
        weights = tf.gather(weights, order)
        losses = self._train_on(tf.gather(rows, order), weights, tf.ones_like(weights))
        self._trained.unpack()
        return losses

    def _run_evaluation(self, rows, weights):
        n_rows = tf.shape(rows)[0]

        def body(start, totals):
            stop = start + EVALUATION_BATCH_SIZE
            batch = rows[start:stop]
            terms = loss_terms(self._core, self._loss, batch, weights[start:stop], training=False)
            return stop, totals + tf.stack(terms) * tf.cast(tf.shape(batch)[0], tf.float32)

        return self._loop(lambda start: start < n_rows, body) / tf.cast(n_rows, tf.float32)

    def _loop(self, condition, body):
        """Return the losses that ``body`` adds up, from position 0 on."""
        zeros = tf.zeros(len(self.loss_names))
        return tf.while_loop(
            lambda position, _: condition(position), body, (0, zeros), parallel_iterations=1
        )[1]

    def _train_on(self, batch, weights, shares):
        terms = self._trained.step(
            lambda: loss_terms(
                self._core, self._loss, batch, weights * shares, training=True, shares=shares
            )
        )
        return tf.stack(terms)
