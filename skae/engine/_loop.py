"""Training as ``Model.fit`` does it: a compiled program, callbacks, and one run of epochs."""

import keras
import numpy as np

from skae.data._progress import shows_progress
from skae.engine._identity import identity_of
from skae.engine._program import build_optimizer
from skae.engine._programs import cached_program
from skae.engine._progress import RowProgress
from skae.engine._proof import leaves_model_alone
from skae.engine._recording import Finish, recorder_among
from skae.engine._rows import Rows, StreamedRows
from skae.engine._run import Run, TrainingPlan, TrainingResult
from skae.engine._variables import load, values_of


def train_model(
    model: keras.Model,
    rows: Rows | StreamedRows,
    plan: TrainingPlan,
    *,
    validation: Rows | StreamedRows | None,
    optimizer_state: list[np.ndarray] | None,
    callbacks: list,
    verbose: int | str,
    rng: np.random.RandomState,
) -> TrainingResult:
    """Train a compiled autoencoder on standardized rows, in place.

    Parameters
    ----------
    model : keras.Model
        Compiled by :func:`compile_model`. After an exception it is as it was.
    rows, validation : Rows or StreamedRows
        Standardized. Without validation rows the training loss is monitored.
    plan : TrainingPlan
    optimizer_state : list of ndarray or None
        Of the result to go on from, or None for a new optimizer.
    callbacks, verbose
        As in ``keras.Model.fit``.
    rng : RandomState
        Orders the rows.

    Returns
    -------
    TrainingResult

    Raises
    ------
    DivergedError
        If the loss, on training or validation rows, or a weight becomes NaN or infinite.

    Warns
    -----
    ConvergenceWarning
        If the user interrupts an epoch after the first: the best state so far is kept with
        ``keep_best``, else the one that training has reached.
    """
    recorder, stood = recorder_among(callbacks), None
    if recorder is not None:
        stood = recorder.resume(identity_of(model, rows, validation, rng, callbacks, plan))
    if isinstance(stood, Finish):
        return _finished(model, rng, stood)
    with cached_program(
        model,
        optimizer_state,
        batch_size=plan.batch_size,
        n_steps=plan.epochs * _n_batches(rows, plan),
        alone=not all(map(leaves_model_alone, callbacks)),
    ) as program:
        progress = _progress_of(rows, verbose)
        run = Run(program, rows, validation, plan, rng, progress, recorder, stood)
        listeners = _listeners(program, rows, plan, [*callbacks, *progress, run.record], verbose)
        try:
            result = run.epochs(listeners)
        finally:
            listeners.set_model(model)
        result.optimizer_state = values_of(program.model.optimizer.variables)
    if callbacks:  # they hold the model from now on, so it has to be complete
        _complete(model, result.optimizer_state)
    if recorder is not None and not result.interrupted:
        recorder.record(_finish_of(model, result, rng))
    return result


def _n_batches(rows, plan):
    return -(-len(rows) // plan.batch_size)


def _progress_of(rows, verbose):
    """Return what shows the progress of a stream within its epochs, if that is wanted."""
    if isinstance(rows, StreamedRows) and shows_progress(verbose):
        return [RowProgress(len(rows), len(rows.rows.blocks.lengths))]
    return []


def _listeners(program, rows, plan, callbacks, verbose):
    return keras.callbacks.CallbackList(
        callbacks,
        add_progbar=bool(verbose) and not any(isinstance(made, RowProgress) for made in callbacks),
        model=program.model,
        epochs=plan.numbers.stop,
        steps=_n_batches(rows, plan),
        verbose=1 if verbose == "auto" else verbose,
    )


def _finish_of(model, result, rng):
    return Finish(
        values_of(model.variables),
        result.history,
        result.best_epoch,
        result.optimizer_state,
        rng.get_state(legacy=False),
    )


def _complete(model, optimizer_state):
    build_optimizer(model)
    load(model.optimizer.variables, optimizer_state)


def _finished(model, rng, finish):
    """Return the result of an earlier training, and restore its model and generator."""
    load(model.variables, finish.weights)
    rng.set_state(finish.generator)
    _complete(model, finish.optimizer_state)
    return TrainingResult(finish.history, finish.best_epoch, finish.optimizer_state)
