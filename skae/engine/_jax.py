"""Many optimizer steps inside one compiled JAX function."""

import jax
import jax.numpy as jnp
import keras
import numpy as np

from skae.engine._batches import whole_batches
from skae.engine._compiled import EVALUATION_BATCH_SIZE, CompiledProgram
from skae.engine._devices import split_over_devices
from skae.engine._graph import CONVOLUTIONS, has_any
from skae.engine._jax_compiled import JaxCompiled
from skae.engine._losses import loss_terms
from skae.layers import held_variables


class JaxProgram(CompiledProgram):
    """The compiled steps and evaluation of one architecture.

    Between calls the state lives in the variables of ``model``, where callbacks find it; on this
    backend that is an exchange of references.

    Parameters
    ----------
    model : keras.Model
        Compiled; the program owns it.
    batch_size : int
    variant : str
        "loop" or "step": whether one compiled function takes many steps or one; and where.
    """

    most_steps_at_once = 64

    def __init__(self, model: keras.Model, batch_size: int, variant: str):
        super().__init__(model, batch_size, variant)
        held = held_variables(model)
        self._variables = [*model.variables, *held]
        self._groups = (
            model.trainable_variables,
            [*model.non_trainable_variables, *held],
            model.optimizer.variables,
        )
        self._kept: list[list] = []
        self._steps = (
            JaxCompiled(self._run_steps) if variant.startswith("loop") else self._run_step_by_step
        )
        self._step = JaxCompiled(self._train_on)
        self._evaluation = JaxCompiled(self._evaluate_on)

    @staticmethod
    def variant(model: keras.Model, n_steps: int) -> str:
        """Return how ``n_steps`` steps of a model are taken."""
        kind = "step" if has_any(model, CONVOLUTIONS) else "loop"
        devices = keras.distribution.distribution()
        return kind if devices is None else f"{kind} on {devices}"

    def remember(self) -> None:
        """Keep the present state, in place of the one kept before."""
        self._kept = self._state()

    def recall(self) -> None:
        """Return to the state kept last."""
        self._load(self._kept)

    def _state(self):
        return [[variable.value for variable in group] for group in self._groups]

    def _load(self, state):
        for group, values in zip(self._groups, state, strict=True):
            for variable, value in zip(group, values, strict=True):
                variable.assign(value)

    def prepare_rows(self, rows: np.ndarray) -> np.ndarray:
        """Return ``rows`` as the array that epochs gather from."""
        return rows

    def _train_together(self, rows, order, weights):
        order, shares = (
            values.reshape(-1, self.batch_size) for values in whole_batches(order, self.batch_size)
        )
        losses = []
        for start in range(0, len(order), self._steps_at_once):
            # One shape for every call: the steps beyond n_steps are not taken.
            steps = np.minimum(np.arange(start, start + self._steps_at_once), len(order) - 1)
            chunk = order[steps]
            losses.append(
                self._take(
                    min(self._steps_at_once, len(order) - start),
                    rows[chunk],
                    weights[chunk],
                    shares[steps],
                )
            )
        # JAX computes while the next rows are gathered: the losses are not waited for until here.
        return np.sum(losses, axis=0, dtype=np.float64)

    def _train_last(self, rows, order, weights):
        chunk = order[None]
        shares = np.ones(chunk.shape, np.float32)
        return np.asarray(self._take(1, rows[chunk], weights[chunk], shares))

    def _take(self, n_steps, batches, weights, shares):
        split = split_over_devices(self._groups[0][0].value, batches.shape[1])
        if split is not None:
            batches, weights, shares = jax.device_put((batches, weights, shares), split)
        state, losses = self._steps(self._state(), n_steps, batches, weights, shares)
        self._load(state)
        return losses

    def evaluate(self, rows, weights) -> np.ndarray:
        """Return the mean losses without training."""
        variables = [variable.value for variable in self._variables]
        totals = np.zeros(len(self.loss_names))
        for start in range(0, len(rows), EVALUATION_BATCH_SIZE):
            chunk = slice(start, start + EVALUATION_BATCH_SIZE)
            batch = rows[chunk]
            totals += np.asarray(self._evaluation(variables, batch, weights[chunk])) * len(batch)
        return totals / len(rows)

    def _run_steps(self, state, n_steps, batches, weights, shares):
        def body(step, carried):
            state, losses = carried
            state, new = self._train_on(state, batches[step], weights[step], shares[step])
            return state, losses + new * (1 / shares[step, 0])

        start = (state, jnp.zeros(len(self.loss_names)))
        return jax.lax.fori_loop(0, n_steps, body, start)

    def _run_step_by_step(self, state, n_steps, batches, weights, shares):
        """Do the same without a loop in compiled code, where convolutions use one core only."""
        losses = np.zeros(len(self.loss_names))
        for step in range(n_steps):
            state, new = self._step(state, batches[step], weights[step], shares[step])
            losses = losses + new * (1 / shares[step, 0])
        return state, losses

    def _train_on(self, state, batch, weights, shares):
        trainable, non_trainable, optimizer_state = state
        gradient = jax.grad(self._objective, has_aux=True)
        gradients, (terms, non_trainable) = gradient(
            trainable, non_trainable, optimizer_state, batch, weights, shares
        )
        trainable, optimizer_state = self.model.optimizer.stateless_apply(
            optimizer_state, gradients, trainable
        )
        return [trainable, non_trainable, optimizer_state], terms

    def _objective(self, trainable, non_trainable, optimizer_state, batch, weights, shares):
        values = [*trainable, *non_trainable, *optimizer_state]
        variables = [variable for group in self._groups for variable in group]
        with keras.StatelessScope(
            list(zip(variables, values, strict=True)), collect_losses=True
        ) as scope:
            terms = loss_terms(
                self._core, self._loss, batch, weights * shares, training=True, shares=shares
            )
            objective = self.model.optimizer.scale_loss(terms[0])
        non_trainable = [scope.get_current_value(variable) for variable in self._groups[1]]
        return objective, (jnp.stack(terms), non_trainable)

    def _evaluate_on(self, values, batch, weights):
        with keras.StatelessScope(
            list(zip(self._variables, values, strict=True)), collect_losses=True
        ):
            return jnp.stack(loss_terms(self._core, self._loss, batch, weights, training=False))
