"""One training run: epochs, their rows, validation, the best state and the history."""

import warnings
from dataclasses import dataclass, field

import keras
import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skae._compat import forget_swapped_weights
from skae.engine._interrupts import interrupts_as_such
from skae.engine._recording import (
    Standing,
    TrainingRecorder,
    collected,
    restore,
    with_state,
)
from skae.engine._variables import load, unchanged, values_of


class DivergedError(ValueError):
    """A loss or a weight became NaN or infinite, so there is nothing to continue from."""

    def __init__(self, what: str, value: float, epoch: int):
        super().__init__(
            f"the {what} became {value} in epoch {epoch}. Lower learning_rate, scale the data (for "
            "instance with StandardScaler), or choose an output_activation and loss that fit its "
            "range."
        )


@dataclass(frozen=True)
class TrainingPlan:
    """How long to train, and which state to end with.

    Attributes
    ----------
    epochs, initial_epoch, batch_size, shuffle
        As in ``keras.Model.fit``.
    patience : int or None
        Stop after so many epochs without a lower monitored loss.
    keep_best : bool
        End with the state of lowest monitored loss, the start included, instead of the last one.
    """

    epochs: int
    batch_size: int
    initial_epoch: int = 0
    shuffle: bool = True
    patience: int | None = None
    keep_best: bool = False

    @property
    def numbers(self) -> range:
        """The epochs to come, counted from the model's first."""
        return range(self.initial_epoch, self.initial_epoch + self.epochs)


@dataclass
class TrainingResult:
    """What a training run reports.

    Attributes
    ----------
    history : dict of str to list of float
        One value per epoch of every loss, as in ``keras.callbacks.History``.
    best_epoch : int
        Epoch of the restored weights; 0 means the initial ones.
    optimizer_state : list of ndarray
        State of the optimizer, to continue from.
    interrupted : bool
        Whether the user interrupted an epoch after the first.
    """

    history: dict[str, list[float]] = field(default_factory=dict)
    best_epoch: int = 0
    optimizer_state: list[np.ndarray] = field(default_factory=list)
    interrupted: bool = False

    def append(self, logs) -> None:
        """Add one epoch."""
        for name, value in logs.items():
            self.history.setdefault(name, []).append(value)


@dataclass
class _BestState:
    """The state with the lowest monitored loss so far, which the program remembers."""

    loss: float = np.inf
    epoch: int = 0

    def keep_if_better(self, loss, epoch, program) -> None:
        if loss < self.loss:
            program.remember()
            self.loss, self.epoch = loss, epoch


class _Record(keras.callbacks.Callback):
    """The last callback, which keeps what the others have added to the logs of an epoch."""

    def on_epoch_end(self, epoch, logs=None):
        self.logs = dict(logs or {})


@dataclass
class _Mean:
    """A mean over rows, block by block."""

    total: np.ndarray | float = 0.0
    count: int = 0

    def add(self, mean, count) -> None:
        self.total = self.total + np.asarray(mean, dtype=np.float64) * count
        self.count += count

    @property
    def value(self):
        return self.total / self.count


@dataclass(frozen=True)
class _Start:
    """The monitored loss at the start, and the state there if it may be needed again."""

    loss: float
    state: list[np.ndarray] | None


class Run:
    """One training run: a program, its data and its state."""

    def __init__(self, program, rows, validation, plan, rng, progress, recorder, stood):
        self._program = program
        self._recorder: TrainingRecorder | None = recorder
        self._stood: Standing | None = stood
        self._best_state: tuple[int, list[np.ndarray] | None] = (-1, None)
        self._plan: TrainingPlan = plan
        self._rng = rng
        self._progress = progress
        self._rows = rows.loaded(program.prepare_rows)
        self._validation = None if validation is None else validation.loaded(program.prepare_rows)
        self.record = _Record()

    def epochs(self, listeners: keras.callbacks.CallbackList) -> TrainingResult:
        """Run the epochs of the plan, and leave the model with the weights to end with."""
        epochs, keep_best = self._plan.numbers, self._plan.keep_best
        result, best = TrainingResult(), _BestState()
        start = self._start() if keep_best else None
        if start is not None:
            best.keep_if_better(start.loss, epochs.start, self._program)
        self._program.model.stop_training = False
        for callback in listeners.callbacks:
            if isinstance(callback, keras.callbacks.SwapEMAWeights):
                forget_swapped_weights(callback)
        listeners.on_train_begin()
        self._program.check_compilation()
        left = (
            epochs
            if self._stood is None
            else self._resume(self._stood, epochs, result, best, listeners)
        )
        try:
            with interrupts_as_such():
                self._run_each(left, listeners, result, best)
        except KeyboardInterrupt:
            if not result.history:
                raise
            result.interrupted = True
            warn_interrupted(len(result.history["loss"]), keep_best)
        result.best_epoch = epochs.start + len(result.history["loss"])
        if keep_best:
            result.best_epoch = best.epoch
            self._program.recall()
        model = self._program.model
        model.optimizer.finalize_variable_values(model.trainable_variables)
        self._check_end(result, start, epochs.start)
        self._end(result, listeners)
        return result

    def _end(self, result, listeners):
        """Let callbacks know that training is over; an interrupt there comes too late to matter."""
        try:
            with interrupts_as_such():
                listeners.on_train_end({name: last[-1] for name, last in result.history.items()})
        except KeyboardInterrupt:
            result.interrupted = True
            warn_interrupted(len(result.history["loss"]), self._plan.keep_best)

    def _run_each(self, epochs, listeners, result, best):
        patience = self._plan.patience
        for epoch in epochs:
            listeners.on_epoch_begin(epoch)
            logs = self._one_epoch(epoch, listeners)
            listeners.on_epoch_end(epoch, logs)
            self._program.check_compilation()
            result.append(self.record.logs)
            if self._plan.keep_best or patience is not None:
                best.keep_if_better(logs.get("val_loss", logs["loss"]), epoch + 1, self._program)
            out_of_patience = patience is not None and epoch + 1 - best.epoch >= patience
            ends = out_of_patience or self._program.model.stop_training
            if self._recorder is not None and (ends or self._recorder.wants(epoch + 1)):
                self._recorder.record(self._standing(epoch + 1, ends, result, best, listeners))
            if ends:
                break

    def _standing(self, n_epochs, ends, result, best, listeners):
        if best.epoch != self._best_state[0]:
            self._best_state = best.epoch, self._remembered() if best.epoch else None
        return Standing(
            n_epochs=n_epochs,
            ends=ends,
            history=result.history,
            best_loss=best.loss,
            best_epoch=best.epoch,
            present=values_of(self._variables()),
            best=self._best_state[1],
            generator=self._rng.get_state(legacy=False),
            callbacks=list(map(collected, with_state(listeners.callbacks))),
        )

    def _remembered(self):
        """Return the state that the program remembers."""
        with unchanged(self._variables()):
            self._program.recall()
            return values_of(self._variables())

    def _resume(self, stood, epochs, result, best, listeners):
        """Return to where training stood; return the epochs that are left."""
        result.history.update(stood.history)
        best.loss, best.epoch = stood.best_loss, stood.best_epoch
        if stood.best is not None:
            load(self._variables(), stood.best)
            self._program.remember()
        load(self._variables(), stood.present)
        self._rng.set_state(stood.generator)
        restore(with_state(listeners.callbacks), stood.callbacks)
        return range(epochs.stop if stood.ends else stood.n_epochs, epochs.stop)

    def _start(self):
        """Return the loss at the start and, if rows to train on decide, what to return to."""
        if self._validation is not None:
            return _Start(self._evaluate(self._validation)[0], None)
        return _Start(self._evaluate(self._rows)[0], values_of(self._variables()))

    def _variables(self):
        model = self._program.model
        return [*model.variables, *model.optimizer.variables]

    def _check_end(self, result, start, start_epoch):
        """Raise if training ended nowhere; go back if it ended above the start.

        The loss of an epoch is a mean over the states during it, and says little of the last.
        """
        n_epochs = start_epoch + len(result.history["loss"])
        model = self._program.model
        if not all(np.isfinite(values).all() for values in values_of(model.variables)):
            raise DivergedError("weights", np.nan, n_epochs)
        if start is None and (self._validation is None or result.interrupted):
            values, weights = self._rows.first()
            _check_finite("loss", self._program.last_look(values, weights), n_epochs)
        elif start is not None and self._validation is None and result.best_epoch > start_epoch:
            with unchanged(self._program.model.non_trainable_variables):
                loss = self._evaluate(self._rows)[0]
            _check_finite("loss", loss, n_epochs)
            if loss > start.loss:
                load(self._variables(), start.state)
                result.best_epoch = start_epoch

    def _one_epoch(self, epoch, listeners) -> dict[str, float]:
        logs = self._named(self._train_pass(listeners))
        _check_finite("loss", logs["loss"], epoch + 1)
        if self._validation is not None:
            logs |= self._named(self._evaluate(self._validation), prefix="val_")
            _check_finite("val_loss", logs["val_loss"], epoch + 1)
        return logs

    def _train_pass(self, listeners):
        train = self._train_by_batch if _wants_batches(listeners) else self._train_block
        total = _Mean()
        rng = self._rng if self._plan.shuffle else None
        for values, order, weights in self._rows.epoch(self._program.batch_size, rng):
            train(values, order, weights, total, listeners)
            for progress in self._progress:
                progress.rows_done(total.count, self._named(total.value))
        return total.value

    def _train_block(self, values, order, weights, total, listeners):
        total.add(self._program.train(values, order, weights), len(order))

    def _train_by_batch(self, values, order, weights, total, listeners):
        size = self._program.batch_size
        for start in range(0, len(order), size):
            batch = order[start : start + size]
            step = total.count // size
            listeners.on_train_batch_begin(step)
            total.add(self._program.train(values, batch, weights), len(batch))
            listeners.on_train_batch_end(step, self._named(total.value))

    def _evaluate(self, rows):
        total = _Mean()
        for values, weights in rows:
            total.add(self._program.evaluate(values, weights), len(values))
        return total.value

    def _named(self, losses, prefix="") -> dict[str, float]:
        names = self._program.loss_names
        return {prefix + name: float(loss) for name, loss in zip(names, losses, strict=True)}


def _check_finite(what, value, epoch) -> None:
    if not np.isfinite(value):
        raise DivergedError(what, float(value), epoch)


def warn_interrupted(n_epochs: int, keep_best: bool) -> None:
    """Warn that the user interrupted training, and say what is kept."""
    kept = "best state so far" if keep_best else "last state"
    warnings.warn(
        f"Training interrupted by user after {n_epochs} epochs. The {kept} is kept.",
        ConvergenceWarning,
        stacklevel=2,
    )


_BATCH_HOOKS = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end")


def _wants_batches(listeners) -> bool:
    """Tell whether a callback of the user's overrides a batch hook; the progress bar is ours."""
    return any(
        hook in vars(callback)
        or getattr(type(callback), hook) is not getattr(keras.callbacks.Callback, hook)
        for callback in listeners.callbacks
        if not isinstance(callback, keras.callbacks.ProgbarLogger)
        for hook in _BATCH_HOOKS
    )
