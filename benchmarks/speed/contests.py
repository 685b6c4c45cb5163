"""The contests of `benchmarks.speed`: what is trained, for how long, and what is claimed of it."""

import time
from dataclasses import dataclass, field, replace

from benchmarks.datasets import load
from benchmarks.losses import loss_of
from benchmarks.speed.contestants import (
    KerasOnTensorFlow,
    Skae,
)
from benchmarks.speed.tasks import Search, Task, training_rows

KERAS = KerasOnTensorFlow.name
SMALL_BATCH = Task(data="mnist", rows=60_000, batch_size=32, epochs=5)
LARGE_BATCH = replace(SMALL_BATCH, batch_size=256, epochs=10)


@dataclass(frozen=True)
class Race:
    """A task or search that every able contestant trains.

    Parameters
    ----------
    title : str
        What is trained.
    task : Task or Search
        The same for everyone.
    quick : Task or Search
        The same in small.
    at_least : dict of str to float
        How many times a contestant's seconds those of skae are claimed to be, at least.
    """

    title: str
    task: Task | Search
    quick: Task | Search
    at_least: dict[str, float] = field(default_factory=dict)

    def entrants(self, contestants):
        """Return those who can train it."""
        task = self.task.task if isinstance(self.task, Search) else self.task
        return [contestant for contestant in contestants if contestant.can(task)]


def _dense_race(task, keras_at_least):
    title = (
        f"MNIST, 784-32-2-32-784, {task.loss}, batch {task.batch_size}, "
        f"{task.epochs} epochs, whole fit"
    )
    quick = replace(task, rows=3000, epochs=1)
    return Race(title, task, quick, {KERAS: keras_at_least})


def _convolution_race():
    task = Task(
        data="fashion_mnist",
        rows=15_000,
        batch_size=256,
        epochs=2,
        kind="conv",
        units=(32, 16, 16),
        loss="bce",
    )
    title = "Fashion-MNIST, convolutions 32-16-16 with batch norm, 15 000 rows, 2 epochs"
    return Race(title, task, replace(task, rows=512, epochs=1), {KERAS: 1.0})


def _search_race():
    task = Task(
        data="digits",
        rows=1797,
        batch_size=44,  # what batch_size="auto" gives for four fifths of the rows
        epochs=30,
        units=(256, 128),
        activation="silu",
        code_activation="linear",
    )
    rates = (3e-4, 1e-3, 2e-3, 3e-3, 1e-2)
    quick = Search(replace(task, epochs=3), rates[:2])
    title = "Digits, grid search over 5 learning rates × 5 folds, 30 epochs each"
    return Race(title, Search(task, rates), quick, {KERAS: 5.0})


RACES = {
    "dense32-mse": _dense_race(SMALL_BATCH, 3.0),
    "dense32-bce": _dense_race(replace(SMALL_BATCH, loss="bce"), 3.0),
    "dense256-mse": _dense_race(LARGE_BATCH, 2.0),
    "dense256-bce": _dense_race(replace(LARGE_BATCH, loss="bce"), 2.0),
    "conv": _convolution_race(),
    "search": _search_race(),
}
OTHERS = ("transform", "quality", "scaling", "memory", "threads")
CONTESTS = (*RACES, *OTHERS)
QUICK_CONTESTS = ("dense32-mse", "dense256-bce", "search", *OTHERS)

PUBLISHED = Task(
    data="fashion_mnist",
    rows=60_000,
    batch_size=256,
    epochs=150,
    units=(128, 64),
    code=32,
    loss="bce",
    optimizer="rmsprop",
)
OURS = replace(
    PUBLISHED,
    batch_size=64,
    units=(256,),
    activation="silu",
    code_activation="linear",
    optimizer="adam",
    learning_rate=4e-3,
)
QUALITY = ((Skae(), OURS), (KerasOnTensorFlow(), PUBLISHED))


@dataclass(frozen=True)
class Sizes:
    """How large everything but the races is.

    Parameters
    ----------
    transformed : int
        Rows of MNIST that are encoded.
    quality_rows, quality_test_rows, quality_epochs : int
        Of Fashion-MNIST, and epochs at most.
    quality_target : float
        Loss to reach.
    scaled : tuple of (str, tuple of (int, int, int))
        Panels, each with (rows, features, batch size) of every epoch that is timed.
    fits : int
        That may not make the process grow.
    peaks : tuple of (str, int)
        Type and rows of the data at whose fit the memory peaks.
    thread_epochs : int
        Of the fits that run at once.
    """

    transformed: int
    quality_rows: int
    quality_test_rows: int
    quality_epochs: int
    quality_target: float
    scaled: tuple[tuple[str, tuple[tuple[int, int, int], ...]], ...]
    fits: int
    peaks: tuple[tuple[str, int], ...]
    thread_epochs: int


def _scaled(rows, features, batch_sizes, at_rows):
    return (
        ("rows", tuple((n, 64, 256) for n in rows)),
        ("features", tuple((at_rows, n, 256) for n in features)),
        ("batch_size", tuple((at_rows, 784, n) for n in batch_sizes)),
    )


FULL = Sizes(
    transformed=60_000,
    quality_rows=60_000,
    quality_test_rows=10_000,
    quality_epochs=150,
    quality_target=0.277,  # published for this code of Fashion-MNIST
    scaled=_scaled(
        rows=(1000, 10_000, 100_000, 1_000_000),
        features=(8, 64, 512, 4096),
        batch_sizes=(8, 32, 128, 512, 2048),
        at_rows=20_000,
    ),
    fits=200,
    peaks=tuple((dtype, 2**n) for dtype in ("float32", "float64") for n in (17, 18, 19)),
    thread_epochs=30,
)
QUICK = Sizes(
    transformed=2000,
    quality_rows=2000,
    quality_test_rows=500,
    quality_epochs=3,
    quality_target=0.35,
    scaled=_scaled(rows=(1000, 10_000), features=(8, 64), batch_sizes=(64, 256), at_rows=1000),
    fits=5,
    peaks=(("float32", 2**14), ("float32", 2**15)),
    thread_epochs=2,
)


def time_to_quality(contestant, task, target, test_rows, seed):
    """Train until the loss on test rows reaches a target, evaluations off the clock.

    Parameters
    ----------
    contestant : Skae or KerasByHand
        Who trains.
    task : Task
        What, for at most `task.epochs`.
    target : float
        Loss to reach.
    test_rows : int
        How many test rows are looked at.
    seed : int
        Seed of the weights and of the order of the rows.

    Returns
    -------
    list of dict
        "epoch", "seconds" (since the start, tracing included) and "loss" after every epoch.
    """
    contestant.prepare()
    X = training_rows(task.data, task.rows)
    dataset = load(task.data)
    stopwatch = _Stopwatch(dataset.X[dataset.n_train :][:test_rows], task.loss, target)
    contestant.train(task, X, seed, callbacks=[stopwatch.callback()])
    return stopwatch.curve


class _Stopwatch:
    """Notes time and test loss after every epoch and stops the training at a target."""

    def __init__(self, X, loss, target):
        self._X, self._loss, self._target = X, loss, target
        self.curve = []
        self._start, self._paused = time.perf_counter(), 0.0

    def callback(self):
        """Return the Keras callback, and start the clock."""
        import keras

        self._callback = keras.callbacks.LambdaCallback(on_epoch_end=self._on_epoch_end)
        self._start = time.perf_counter()
        return self._callback

    def _on_epoch_end(self, epoch, logs):
        stopped = time.perf_counter()
        seconds = stopped - self._start - self._paused
        loss = loss_of(self._loss, self._X, self._callback.model)
        self.curve.append({"epoch": epoch + 1, "seconds": seconds, "loss": loss})
        self._callback.model.stop_training = loss <= self._target
        self._paused += time.perf_counter() - stopped
