"""Training and timing of the articles of `benchmarks.articles`."""

import time
from dataclasses import dataclass, field
from functools import cache
from math import ceil, prod

import keras
import numpy as np
import pandas as pd

import skae
from benchmarks import datasets
from benchmarks.losses import loss_of

CURVE_POINTS = 30
QUICK_ROWS = 64
KERAS, SKAE = "Keras by hand", "skae"


@dataclass(frozen=True, eq=False)
class Rows:
    """Flat float32 rows of a data set; `fed` are the test rows, with the noise of the article."""

    train: np.ndarray
    test: np.ndarray
    fed: np.ndarray


@dataclass(frozen=True)
class Extent:
    """How much is done; `quick` puts few enlarged digits in the place of all data."""

    seed: int = 0
    most_epochs: int | None = None
    raced_epochs: int = 3
    rounds: int = 2
    quick: bool = False

    def epochs(self, wanted):
        return min(wanted, self.most_epochs or wanted)


@dataclass(eq=False)
class Fit:
    """An estimator in training; `curve` has (epochs, loss on the test rows, seconds)."""

    estimator: object
    curve: list = field(default_factory=list)

    @property
    def epochs(self):
        return self.curve[-1][0] if self.curve else 0

    @property
    def loss(self):
        return self.curve[-1][1]


def rows_of(article, extent):
    dataset = _loaded(article.data, extent.quick)
    train, test = dataset.X[: dataset.n_train], dataset.X[dataset.n_train :]
    fed = _noisy(test, article.noise, extent.seed)
    return Rows(train, test, fed)


def train(article, rows, extent, parts):
    """Return the published network, trained as published, in parts and measured after each."""
    name = f"{article.id}-published"
    fit = parts.load(name) or Fit(article.estimator(extent.seed))
    step = ceil(article.epochs / CURVE_POINTS)
    while fit.epochs < extent.epochs(article.epochs):
        n_more = min(step, extent.epochs(article.epochs) - fit.epochs)
        start = time.perf_counter()
        fit.estimator.set_params(epochs=n_more).fit(rows.train)
        seconds = time.perf_counter() - start + (fit.curve[-1][2] if fit.curve else 0)
        fit.curve.append((fit.epochs + n_more, loss(article, rows, fit.estimator), seconds))
        parts.save(name, fit)
    return fit


def train_own(article, rows, extent, parts):
    """Return skae's own settings, trained; articles with the same ones share a fit."""
    epochs = extent.epochs(article.own_epochs)
    saved = parts.load(article.own_name)
    if saved is not None and saved.estimator.epochs >= epochs:
        return saved
    estimator = article.own_estimator(epochs, len(rows.train)).set_params(random_state=extent.seed)
    start = time.perf_counter()
    estimator.fit(rows.train)
    seconds = time.perf_counter() - start
    fit = Fit(estimator, [(estimator.n_epochs_, loss(article, rows, estimator), seconds)])
    return parts.save(article.own_name, fit)


def race(article, rows, extent):
    """Train as published for a few epochs, in turns by hand and with skae."""
    chosen = rows.train[: article.raced_rows]
    epochs = extent.raced_epochs
    runs = []
    contestants = [(KERAS, _race_by_hand), (SKAE, _race_skae)]
    for turn in range(extent.rounds):
        for name, run in contestants[:: 1 if turn % 2 == 0 else -1]:
            seconds, reached, n_weights = run(article, rows, chosen, epochs, extent.seed + turn)
            runs.append((turn, name, seconds, reached, n_weights))
    return pd.DataFrame(runs, columns=["round", "contestant", "seconds", "loss", "parameters"])


def loss(article, rows, estimator):
    if article.loss == "nats":
        return float(-estimator.score_samples(rows.fed).mean())
    return loss_of(article.loss, rows.test, estimator.reconstruct, rows.fed)


def halves(estimator):
    return _n_weights(estimator.encoder_), _n_weights(estimator.decoder_)


def _n_weights(model):
    return sum(prod(weight.shape) for weight in model.trainable_weights)


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
    return time.perf_counter() - start, _loss_by_hand(article, rows, model), _n_weights(model)


def _race_skae(article, rows, chosen, epochs, seed):
    skae.clear_compiled_programs()
    estimator = article.estimator(seed).set_params(epochs=epochs)
    start = time.perf_counter()
    estimator.fit(chosen)
    seconds = time.perf_counter() - start
    return seconds, loss(article, rows, estimator), _n_weights(estimator.model_)


def _loss_by_hand(article, rows, model):
    shape = model.input_shape[1:]
    if article.loss == "nats":
        test = rows.test.reshape(-1, *shape)
        return model.evaluate(test, test, verbose=0)

    def reconstruct(fed):
        return keras.ops.convert_to_numpy(model(fed.reshape(-1, *shape), training=False))

    return loss_of(article.loss, rows.test, reconstruct, rows.fed)


def _noisy(rows, noise, seed):
    if not noise:
        return rows
    drawn = np.random.default_rng(seed).normal(0, noise, rows.shape)
    return np.clip(rows + drawn, 0, 1).astype(np.float32)


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
