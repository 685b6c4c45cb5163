"""Rebuild published autoencoders through skae: their parameters and their losses."""

from dataclasses import dataclass
from math import ceil, prod

import numpy as np
import pandas as pd

from benchmarks import BenchmarkError, datasets, integer, page, start_keras
from benchmarks.measures import loss_of, n_weights, timed
from benchmarks.record import Record

SOURCE = ()
LOSS_TOLERANCE = 0.0005  # published losses have three digits
CURVE_POINTS = 30
QUICK_ROWS = 64
FINDING = ["subject", "measure", "value", "beside", "reference"]


@dataclass(frozen=True)
class Extent:
    """How much is done; `quick` puts few enlarged digits in the place of all data."""

    seed: int = 0
    most_epochs: int | None = None
    quick: bool = False

    def epochs(self, wanted):
        return min(wanted, self.most_epochs or wanted)


def add_arguments(parser):
    parser.add_argument("--only", nargs="+", metavar="ID", help="articles or findings, such as B1")
    parser.add_argument("--most-epochs", type=integer(1), help="cut trainings that are longer")


def seeds(arguments):
    return [arguments.seed]


def measure(arguments, parts):
    start_keras()
    # These import Keras.
    from benchmarks.articles.findings import MEASURED
    from benchmarks.articles.table import ARTICLES

    most_epochs = 1 if arguments.quick else arguments.most_epochs
    extent = Extent(arguments.seed, most_epochs, arguments.quick)
    ids = _chosen(arguments.only, [*ARTICLES["id"], *MEASURED])
    for article in ARTICLES[ARTICLES["id"].isin(ids)].itertuples():
        yield describe(article, *trained(article, extent, parts))
    for name in (name for name in MEASURED if name in ids):
        yield _finding(name, parts(name, MEASURED[name], extent), extent)


def _chosen(only, ids):
    unknown = sorted(set(only or []) - set(ids))
    if unknown:
        raise BenchmarkError(
            f"Expected --only with ids out of {', '.join(ids)}; received {', '.join(unknown)}."
        )
    return [name for name in ids if only is None or name in only]


def trained(article, extent, parts):
    """Train as published, in parts; return weights of encoder and decoder, shape and curve.

    The curve has epochs, loss on the test rows and seconds.
    """
    from benchmarks.articles.table import estimator

    data = _stand_in(article.data) if extent.quick else datasets.load(article.data)
    train, test = data.X[: data.n_train], data.X[data.n_train :]
    fitted, curve = parts.load(article.id) or (estimator(article, extent.seed), [])
    step, epochs = ceil(article.epochs / CURVE_POINTS), extent.epochs(article.epochs)
    done, _, seconds = curve[-1] if curve else (0, None, 0.0)
    while done < epochs:
        n_more = min(step, epochs - done)
        _, more_seconds = timed(fitted.set_params(epochs=n_more).fit, train)
        done, seconds = done + n_more, seconds + more_seconds
        curve.append((done, loss(article, fitted, test, extent.seed), seconds))
        parts.save(article.id, (fitted, curve))
    return (n_weights(fitted.encoder_), n_weights(fitted.decoder_)), fitted.code_shape_, curve


def loss(article, estimator, test, seed):
    """Return the loss of reconstructed test rows, from what the article feeds: noisy ones if so."""
    if article.loss == "nats":
        return float(-estimator.score_samples(test).mean())
    noise = np.random.default_rng(seed).normal(0, article.noise, test.shape)
    fed = np.clip(test + noise, 0, 1).astype(np.float32) if article.noise else test
    return loss_of(article.loss, test, estimator.reconstruct, fed)


def describe(article, halves, code_shape, curve):
    curve = pd.DataFrame(curve, columns=["epochs", "loss", "seconds"])
    row = {
        "id": article.id,
        "network": article.network,
        "data": article.data,
        "weights": sum(halves),
        "unit": article.loss,
        "published": article.published,
        "loss": curve["loss"].min() if article.keeps_best else curve["loss"].iloc[-1],
        "epochs": int(curve["epochs"].iloc[-1]),
        "of": article.epochs,
        "code": prod(code_shape),
    }
    return Record(
        name=f"articles/{article.id}",
        title=f"{article.id}: {article.network}, {article.data}",
        answer=f"Loss {row['loss']:.4g} after {row['epochs']} of {row['of']} epochs.",
        figures={name: value for name, value in row.items() if not isinstance(value, str)},
        tables={"article": pd.DataFrame([row]), "curve": curve},
        claims=claims(article, row, halves),
        pictures={"Loss on test rows": page.chart(curve, "line", "epochs", "loss")},
    )


def claims(article, row, halves):
    """Return what an article is to show: its number of parameters, and a loss as published."""
    found = {}
    if pd.notna(article.parameters):
        known = tuple(map(int, article.parameters.split()))
        shown = " + ".join(f"{n:,}" for n in known)
        in_all = known in (halves, (sum(halves),))
        found[f"It has the published number of parameters, {shown}."] = in_all
    if pd.notna(article.published):
        reached = row["loss"] <= article.published + LOSS_TOLERANCE
        if reached or row["epochs"] == row["of"]:
            found[f"It reaches its published loss, {article.published:.4g}."] = reached
    return found


def _finding(name, found, extent):
    """Describe rows of (subject, measure, value, beside what, its value, whether that is good)."""
    frame = pd.DataFrame(found, columns=[*FINDING, "holds"])
    names = frame["subject"] + ": " + frame["measure"]
    values = frame["value"].map("{:.4g}".format) + ", " + frame["beside"]
    shown = names + " is " + values + " " + frame["reference"].map("{:.4g}".format) + "."
    whole = extent.most_epochs is None
    return Record(
        name=f"articles/{name}",
        title=f"{name}: {found[0][0]}",
        answer=" ".join(shown),
        figures=dict(zip(names, frame["value"], strict=True)),
        tables={"findings": frame[FINDING]},
        claims=dict(zip(shown, frame["holds"], strict=True)) if whole else {},
    )


def _stand_in(name):
    """Return few digits as images of 28×28 pixels, or as series of 140 steps."""
    digits = datasets.load("digits")
    images = digits.X[: 2 * QUICK_ROWS].reshape(-1, 8, 8)
    X = np.pad(images.repeat(3, axis=1).repeat(3, axis=2), [(0, 0), (2, 2), (2, 2)])
    X = X.reshape(len(X), -1)[:, slice(140, 280) if name == "ecg5000" else slice(None)]
    return datasets.Dataset(name, X, digits.y[: len(X)], digits.target_names, n_train=QUICK_ROWS)
