"""scikit-learn's own callbacks: a fit is a task for them, and every epoch a task within it."""

from typing import Any

import keras
from sklearn import base

from skae import engine
from skae.packing import PackedModel

try:
    from sklearn.callback import CallbackSupportMixin
except ImportError:  # before scikit-learn 1.9 there are none

    class CallbackSupportMixin(base.BaseEstimator):  # type: ignore[no-redef]
        """No callbacks, and so no ``set_callbacks``."""


class FitTask:
    """A call of ``fit`` or ``partial_fit``, of which the user's estimator tells its callbacks.

    What is trained is a copy, the learner; callbacks are given the estimator that they are set on.

    Parameters
    ----------
    estimator : CallbackSupportMixin
    X : array-like
        As the user gave it.
    y : object
        None is told as X, since scikit-learn's ``ScoringMonitor`` scores only where there are
        targets.
    max_epochs : int
    """

    def __init__(self, estimator: Any, X: Any, y: object, max_epochs: int):
        self._told = {"estimator": estimator, "X": X, "y": X if y is None else y}
        self._context = estimator._init_callback_context(max_subtasks=max_epochs)
        self._context.call_on_fit_task_begin(**self._told)

    @classmethod
    def of(cls, estimator: Any, X: Any, y: object, max_epochs: int) -> "FitTask | None":
        """Begin a task, or return None if the estimator has no callbacks."""
        has_callbacks = "_skl_callbacks" in vars(estimator)
        return cls(estimator, X, y, max_epochs) if has_callbacks else None

    def end(self, learner: Any) -> None:
        """End the task, at what the learner has come to."""
        self._context.call_on_fit_task_end(
            **self._told, reconstruction_attributes=lambda: _fitted_state(learner)
        )

    def epoch(self) -> Any:
        """Begin an epoch, and return its context."""
        return self._context.subcontext(task_name="epoch").call_on_fit_task_begin(**self._told)

    def end_epoch(self, context: Any, learner_then: Any) -> bool:
        """End an epoch, after which ``learner_then()`` is the learner; tell whether to stop."""
        return context.call_on_fit_task_end(
            **self._told, reconstruction_attributes=lambda: _fitted_state(learner_then())
        )


class EpochTasks(keras.callbacks.Callback):
    """Tell a fit's task of its epochs.

    Parameters
    ----------
    task : FitTask
    learner : BaseAutoencoder
        Before these epochs.
    """

    def __init__(self, task: FitTask, learner: Any):
        super().__init__()
        self._task = task
        self._learner = learner
        self._result = engine.TrainingResult()
        self._context: Any = None

    def on_epoch_begin(self, epoch, logs=None):
        """Begin the epoch's task."""
        self._context = self._task.epoch()

    def on_epoch_end(self, epoch, logs=None):
        """End it, and training too if a callback asks for that."""
        self._result.append(logs)
        self._result.best_epoch = epoch + 1
        if self._task.end_epoch(self._context, self._learner_now):
            self.model.stop_training = True

    def _learner_now(self):
        """Return a learner as if training had ended here, with a model of its own."""
        twin = object.__new__(type(self._learner))
        vars(twin).update(vars(self._learner))
        twin.model_ = PackedModel.of(self.model).unpacked()
        self._result.optimizer_state = engine.values_of(self.model.optimizer.variables)
        twin._take_over(self._result)
        return twin


def _fitted_state(learner):
    others = {*learner.get_params(deep=False), "_fit_task"}
    return {name: value for name, value in vars(learner).items() if name not in others}
