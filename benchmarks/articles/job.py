"""Rebuild published autoencoders through skae: their parameters and their losses."""

from math import prod

import pandas as pd

from benchmarks import BenchmarkError, integer, page, start_keras
from benchmarks.measures import n_weights
from benchmarks.record import Record

LOSS_TOLERANCE = 0.0005  # published losses have three digits
FINDING = ["subject", "measure", "value", "beside", "reference"]


def add_arguments(parser):
    parser.add_argument("--only", nargs="+", metavar="ID", help="articles or findings, such as B1")
    parser.add_argument(
        "--most-epochs",
        type=integer(1),
        help="cut longer trainings to so many epochs (default: as long as published)",
    )


def source(arguments):
    return ()


def seeds(arguments):
    return [arguments.seed]


def measure(arguments, parts):
    start_keras()
    # These import Keras.
    from benchmarks.articles.findings import MEASURED
    from benchmarks.articles.table import ARTICLES
    from benchmarks.articles.training import Extent

    most_epochs = 1 if arguments.quick else arguments.most_epochs
    extent = Extent(arguments.seed, most_epochs, arguments.quick)
    ids = _chosen(arguments.only, [article.id for article in ARTICLES] + list(MEASURED))
    for article in (article for article in ARTICLES if article.id in ids):
        yield _article(article, extent, parts)
    for name in (name for name in MEASURED if name in ids):
        yield _finding(name, parts(name, MEASURED[name], extent), extent)


def _chosen(only, ids):
    unknown = sorted(set(only or []) - set(ids))
    if unknown:
        raise BenchmarkError(
            f"Expected --only with ids out of {', '.join(ids)}; received {', '.join(unknown)}."
        )
    return [name for name in ids if only is None or name in only]


def _article(article, extent, parts):
    from benchmarks.articles import training

    rows = training.rows_of(article, extent)
    fit = training.train(article, rows, extent, parts)
    own = training.train_own(article, rows, extent, parts)
    halves = n_weights(fit.estimator.encoder_), n_weights(fit.estimator.decoder_)
    row = described(article, halves, fit, own)
    curve = pd.DataFrame(fit.curve, columns=["epochs", "loss", "seconds"])
    return Record(
        name=f"articles/{article.id}",
        title=f"{article.id}: {article.network}, {article.data}",
        answer=f"Loss {row['loss']:.4g} after {row['epochs']} of {row['of']} epochs; skae's own "
        f"settings reach {row['own_loss']:.4g}.",
        figures={name: value for name, value in row.items() if isinstance(value, int | float)},
        tables={
            "article": pd.DataFrame([row]),
            "curve": curve,
        },
        claims=claims(article, row, halves),
        settings={
            "Data": "few digits, enlarged" if extent.quick else "published training rows",
            "Training": f"{article.optimizer}, batches of {article.batch_size}",
            "skae's settings": f"{article.own}, code of {article.own_code}, 512-256, SiLU, Adam",
        },
        pictures={
            "Loss on test rows": page.chart(curve, "line", "epochs", "loss", article.network)
        },
    )


def described(article, halves, fit, own):
    loss = min(one[1] for one in fit.curve) if article.keeps_best else fit.loss
    return {
        "id": article.id,
        "network": article.network,
        "data": article.data,
        "weights": sum(halves),
        "unit": article.loss,
        "published": article.published,
        "loss": loss,
        "epochs": fit.epochs,
        "of": article.epochs,
        "own_loss": own.loss,
        "own_epochs": own.epochs,
        "code": prod(fit.estimator.code_shape_),
    }


def claims(article, row, halves):
    """Return what an article is to show: its number of parameters, and a loss as published."""
    found = {}
    if article.parameters:
        shown = " + ".join(f"{n:,}" for n in article.parameters)
        in_all = article.parameters in (halves, (sum(halves),))
        found[f"It has the published number of parameters, {shown}."] = in_all
    if article.published is not None:
        reached = row["loss"] <= article.published + LOSS_TOLERANCE
        if reached or row["epochs"] == row["of"]:
            found[f"It reaches its published loss, {article.published:.4g}."] = reached
    lower = row["own_loss"] <= row["loss"]
    found["skae's own settings have a lower loss, with a code of the same size."] = lower
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
