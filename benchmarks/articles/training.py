"""Training of the articles of `benchmarks.articles`."""

import time
from dataclasses import dataclass, field
from functools import cache
from math import ceil

import numpy as np

from benchmarks import datasets
from benchmarks.measures import loss_of

CURVE_POINTS = 30
QUICK_ROWS = 64


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
    fed = test
    if article.noise:
        drawn = np.random.default_rng(extent.seed).normal(0, article.noise, test.shape)
        fed = np.clip(test + drawn, 0, 1).astype(np.float32)
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


def loss(article, rows, estimator):
    if article.loss == "nats":
        return float(-estimator.score_samples(rows.fed).mean())
    return loss_of(article.loss, rows.test, estimator.reconstruct, rows.fed)


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
    return datasets.Dataset(name, X, labels, digits.target_names, n_train=QUICK_ROWS)
