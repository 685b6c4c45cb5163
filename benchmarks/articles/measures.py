"""Training and timing of one article of `benchmarks.articles`, saved as it goes."""

import os
import pickle
import time
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from math import ceil, prod
from pathlib import Path

import keras
import numpy as np
import pandas as pd

import skae
from benchmarks import datasets
from benchmarks.articles.by_hand import SIDE
from benchmarks.losses import ROWS_AT_ONCE, loss_of

CURVE_POINTS = 30
QUICK_ROWS = 64
KERAS, SKAE = "Keras by hand", "skae"


@dataclass(frozen=True, eq=False)
class Rows:
    """Training and test rows of a data set, flat float32; test rows also as they are fed.

    Parameters
    ----------
    train, test : ndarray of shape (n_samples, n_features)
        Clean rows.
    fed : ndarray of shape (n_samples, n_features)
        The test rows, noisy where the article has noise.
    y_train, y_test : ndarray of shape (n_samples,)
        Classes.
    names : tuple of str
        Names of the classes.
    """

    train: np.ndarray
    test: np.ndarray
    fed: np.ndarray
    y_train: np.ndarray
    y_test: np.ndarray
    names: tuple[str, ...]

    @property
    def image_shape(self):
        """Height and width, None for series."""
        return (SIDE, SIDE) if self.test.shape[1] == SIDE * SIDE else None


@dataclass(frozen=True)
class Extent:
    """How much of everything is done.

    Parameters
    ----------
    seed : int, default=0
        First random state.
    most_epochs : int or None, default=None
        Longer trainings are cut to this; None trains as long as published. What an earlier run
        trained longer stays.
    raced_epochs : int, default=3
        Epochs of the comparison of times.
    rounds : int, default=2
        How often it is repeated, in turns; the shortest time counts.
    quick : bool, default=False
        Whether a few rows of scikit-learn's digits, enlarged, stand in for all data.
    """

    seed: int = 0
    most_epochs: int | None = None
    raced_epochs: int = 3
    rounds: int = 2
    quick: bool = False

    @property
    def source(self):
        """What a later run must share to go on from here: all but how long is trained."""
        return self.seed, self.raced_epochs, self.rounds, self.quick

    def epochs_raced(self, article):
        """Return how many epochs of an article are compared."""
        return min(self.raced_epochs, article.epochs)

    def epochs(self, wanted):
        """Return how many of the wanted epochs are trained."""
        return min(wanted, self.most_epochs or wanted)


@dataclass(frozen=True)
class Checkpoint:
    """A file with what was measured so far.

    Parameters
    ----------
    path : Path
        The file.
    source : tuple
        `Extent.source`; what was saved with another one is not there.
    """

    path: Path
    source: tuple

    def load(self):
        """Return what was saved, or None."""
        if not self.path.is_file():
            return None
        source, saved = pickle.loads(self.path.read_bytes())
        return saved if source == self.source else None

    def save(self, state):
        """Write beside the old file first, so that an interruption leaves one of them whole."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(f"{self.path}.new")
        beside.write_bytes(pickle.dumps((self.source, state)))
        os.replace(beside, self.path)


@dataclass(eq=False)
class Fit:
    """An estimator in training.

    Parameters
    ----------
    estimator : BaseAutoencoder
        Trained as far as the curve goes.
    curve : list of (int, float, float)
        Epochs, loss on the test rows, seconds of training.
    """

    estimator: object
    curve: list = field(default_factory=list)

    @property
    def epochs(self):
        """Epochs trained."""
        return self.curve[-1][0] if self.curve else 0

    @property
    def seconds(self):
        """Seconds of training."""
        return self.curve[-1][2] if self.curve else 0.0

    @property
    def loss(self):
        """Last loss on the test rows."""
        return self.curve[-1][1]

    @property
    def best(self):
        """The lowest loss, and the epochs after which it was measured."""
        epochs, loss, _ = min(self.curve, key=lambda point: point[1])
        return loss, epochs


@dataclass(eq=False)
class Result:
    """What was measured of one article with the published training.

    Parameters
    ----------
    races : DataFrame or None, default=None
        Columns "round", "contestant", "seconds", "loss", "parameters".
    published : Fit or None, default=None
        The published network as an estimator.
    """

    races: pd.DataFrame | None = None
    published: Fit | None = None


def rows_of(article, extent):
    """Return the rows of an article.

    Parameters
    ----------
    article : Article
        Names the data.
    extent : Extent
        Says whether digits stand in for them.

    Returns
    -------
    Rows
    """
    dataset = _loaded(article.data, extent.quick)
    train, test = dataset.X[: dataset.n_train], dataset.X[dataset.n_train :]
    noise = np.random.default_rng(extent.seed).normal(0, article.noise, test.shape)
    fed = np.clip(test + noise, 0, 1).astype(np.float32) if article.noise else test
    y_train, y_test = dataset.y[: dataset.n_train], dataset.y[dataset.n_train :]
    return Rows(train, test, fed, y_train, y_test, dataset.target_names)


def measure(article, rows, extent, checkpoint, progress):
    """Measure one article, or go on where an earlier run stopped.

    Parameters
    ----------
    article : Article
        What.
    rows : Rows
        Of the article.
    extent : Extent
        How much.
    checkpoint : Checkpoint
        Where the state is saved after every step.
    progress : callable
        Called with a few words before every step.

    Returns
    -------
    Result
    """
    result = checkpoint.load() or Result()
    if result.races is None:
        progress(f"{article.id}: by hand and skae")
        result.races = _races(article, rows, extent)
        checkpoint.save(result)
    if result.published is None:
        result.published = Fit(article.estimator(extent.seed))
    for _ in _trained(article, rows, result.published, extent.epochs(article.epochs)):
        progress(f"{article.id}: epoch {result.published.epochs}")
        checkpoint.save(result)
    return result


def measure_own(article, rows, extent, checkpoint, progress):
    """Train and measure skae's own settings, unless another article has them too.

    Parameters
    ----------
    article : Article
        What.
    rows : Rows
        Of the article.
    extent : Extent
        How much.
    checkpoint : Checkpoint
        Where the fit is saved.
    progress : callable
        Called with a few words.

    Returns
    -------
    Fit
    """
    saved = checkpoint.load()
    if saved is not None and saved.estimator.epochs >= extent.epochs(article.own.epochs):
        return saved
    progress(f"{article.id}: skae's own settings")
    fit = _own(article, rows, extent)
    checkpoint.save(fit)
    return fit


def loss(article, rows, estimator):
    """Return an estimator's loss on the test rows, in the article's terms."""
    if article.loss == "nats":
        return float(-estimator.score_samples(rows.fed).mean())
    return _loss_of_outputs(article, rows, estimator.reconstruct)


def parameters(model):
    """Return the number of trained weights of a Keras model."""
    return sum(prod(weight.shape) for weight in model.trainable_weights)


def _trained(article, rows, fit, epochs):
    """Train in parts, measuring after each."""
    step = ceil(article.epochs / CURVE_POINTS)
    while fit.epochs < epochs:
        n_more = min(step, epochs - fit.epochs)
        start = time.perf_counter()
        fit.estimator.set_params(epochs=n_more).fit(rows.train)
        seconds = fit.seconds + time.perf_counter() - start
        fit.curve.append((fit.epochs + n_more, loss(article, rows, fit.estimator), seconds))
        yield


def _own(article, rows, extent):
    own = article.own
    epochs = extent.epochs(own.epochs)
    estimator = own.build(epochs, len(rows.train)).set_params(random_state=extent.seed)
    start = time.perf_counter()
    estimator.fit(rows.train)
    seconds = time.perf_counter() - start
    return Fit(estimator, [(estimator.n_epochs_, loss(article, rows, estimator), seconds)])


def _races(article, rows, extent):
    """Train as published for a few epochs, in turns by hand and with skae."""
    chosen = rows.train[: article.raced_rows]
    epochs = extent.epochs_raced(article)
    runs = []
    for turn, contestants in zip(range(extent.rounds), _turns(), strict=False):
        for name, run in contestants:
            seconds, reached, n_weights = run(article, rows, chosen, epochs, extent.seed + turn)
            runs.append((turn, name, seconds, reached, n_weights))
    return pd.DataFrame(runs, columns=["round", "contestant", "seconds", "loss", "parameters"])


def _turns():
    """Yield the contestants, each round in another order."""
    contestants = [(KERAS, _race_by_hand), (SKAE, _race_skae)]
    for turn in count():
        yield contestants if turn % 2 == 0 else contestants[::-1]


def _race_by_hand(article, rows, chosen, epochs, seed):
    keras.utils.set_random_seed(seed)
    start = time.perf_counter()
    model = article.by_hand()
    model.compile(optimizer=article.compiled_optimizer(), loss=article.compiled_loss())
    targets = chosen.reshape(-1, *model.input_shape[1:])
    model.fit(
        _noisy(targets, article.noise, seed),
        targets,
        batch_size=article.batch_size,
        epochs=epochs,
        validation_split=article.validation_split,
        verbose=0,
    )
    return time.perf_counter() - start, _loss_by_hand(article, rows, model), parameters(model)


def _race_skae(article, rows, chosen, epochs, seed):
    skae.clear_compiled_programs()
    estimator = article.estimator(seed).set_params(epochs=epochs)
    start = time.perf_counter()
    estimator.fit(chosen)
    seconds = time.perf_counter() - start
    return seconds, loss(article, rows, estimator), parameters(estimator.model_)


def _loss_by_hand(article, rows, model):
    shape = model.input_shape[1:]
    if article.loss == "nats":
        test = rows.test.reshape(-1, *shape)
        return model.evaluate(test, test, verbose=0)
    return _loss_of_outputs(
        article,
        rows,
        lambda fed: keras.ops.convert_to_numpy(model(fed.reshape(-1, *shape), training=False)),
    )


def _loss_of_outputs(article, rows, reconstruct):
    outputs = np.concatenate(
        [
            np.reshape(
                reconstruct(rows.fed[start : start + ROWS_AT_ONCE]), (-1, rows.test.shape[1])
            )
            for start in range(0, len(rows.fed), ROWS_AT_ONCE)
        ]
    )
    chunks = (outputs[start : start + ROWS_AT_ONCE] for start in count(0, ROWS_AT_ONCE))
    return loss_of(article.loss, rows.test, lambda clean: next(chunks))


def _noisy(targets, noise, seed):
    if not noise:
        return targets
    drawn = np.random.default_rng(seed).normal(0, noise, targets.shape)
    return np.clip(targets + drawn, 0, 1).astype(np.float32)


@cache
def _loaded(name, quick):
    return _stand_in(name) if quick else datasets.load(name)


def _stand_in(name):
    """Return few digits as images of 28×28 pixels, or as series of 140 steps."""
    digits = datasets.load("digits")
    images = digits.X[: 2 * QUICK_ROWS].reshape(-1, 8, 8)
    X = np.pad(images.repeat(3, axis=1).repeat(3, axis=2), [(0, 0), (2, 2), (2, 2)])
    X = X.reshape(len(X), -1)
    if name == "ecg5000":
        X = X[:, 140:280]
    labels = digits.y[: len(X)]
    return datasets.Dataset(name, X, labels, (), digits.target_names, n_train=QUICK_ROWS)
