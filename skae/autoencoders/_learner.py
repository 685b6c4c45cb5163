"""A copy of an estimator to train, whose state the estimator takes over if nothing fails."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import keras

from skae import engine
from skae._parameters import with_plain_parameters
from skae.autoencoders._fit_tasks import FitTask


@contextmanager
def learner_of(estimator, task: FitTask | None) -> Iterator:
    """Lend a copy with plain parameters; at the end the estimator takes over what it learned.

    The estimator changes in one step, so that other threads see it as it was or as it becomes.
    After an exception it is as it was, weights of its model included.

    Raises
    ------
    RuntimeError
        In a forked process, see ``check_process``.
    ValueError
        In the scope of a strategy that cannot train, see ``check_strategy``.
    """
    engine.check_process()
    engine.check_strategy()
    learner = with_plain_parameters(estimator)
    learner._fit_task = task
    model = vars(estimator).get("model_")
    unchanged = nullcontext() if model is None else _unchanged_on_error(model)
    with engine.interrupts_as_such(), unchanged:
        yield learner
        del learner._fit_task
        if task is not None:
            task.end(learner)
        parameters = estimator.get_params(deep=False)
        own = {name: value for name, value in vars(estimator).items() if name in parameters}
        estimator.__dict__ = vars(learner) | own


@contextmanager
def _unchanged_on_error(model: keras.Model) -> Iterator[None]:
    """Give a compiled model its values, optimizer and loss back if the block raises."""
    values = engine.values_of(model.variables)
    optimizer, loss = model.optimizer, model.loss
    try:
        yield
    except BaseException:
        if model.optimizer is not optimizer:
            model.compile(optimizer=optimizer, loss=loss)
        engine.load(model.variables, values)
        raise
