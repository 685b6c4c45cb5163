"""Rebuild published autoencoders through skae: parameters, losses, times, pictures."""

from math import prod

import pandas as pd
from tqdm import tqdm

from benchmarks import BenchmarkError, integer, page, start_keras
from benchmarks.page import Finding, Picture
from benchmarks.record import Record

LOSS_TOLERANCE = 0.0005  # published losses have three digits
SPEED_TOLERANCE = 0.9
RACED_EPOCHS, ROUNDS = 3, 2
FINDING = ["subject", "measure", "value", "beside", "reference"]


def add_arguments(parser):
    parser.add_argument("--only", nargs="+", metavar="ID", help="articles or findings, such as B1")
    parser.add_argument(
        "--most-epochs",
        type=integer(1),
        help="cut longer trainings to so many epochs (default: as long as published)",
    )


def source(arguments):
    return (RACED_EPOCHS, ROUNDS)


def seeds(arguments):
    return [arguments.seed]


def measure(arguments, parts):
    start_keras()
    # These import Keras.
    from benchmarks.articles.findings import MEASURED, find
    from benchmarks.articles.table import ARTICLES
    from benchmarks.articles.training import Extent

    extent = Extent(arguments.seed, arguments.most_epochs, RACED_EPOCHS, ROUNDS)
    if arguments.quick:
        extent = Extent(arguments.seed, most_epochs=1, raced_epochs=1, rounds=1, quick=True)
    ids = _chosen(arguments.only, [article.id for article in ARTICLES] + list(MEASURED))
    with tqdm(total=len(ids)) as progress:
        for article in (article for article in ARTICLES if article.id in ids):
            progress.set_description(article.id)
            yield _article(article, extent, parts)
            progress.update()
        for name in (name for name in MEASURED if name in ids):
            progress.set_description(name)
            yield _finding(name, find(name, extent, parts), extent)
            progress.update()


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
    races = parts(f"{article.id}-races", training.race, article, rows, extent)
    fit = training.train(article, rows, extent, parts)
    own = training.train_own(article, rows, extent, parts)
    row = described(article, races, fit, own)
    record = Record(
        name=f"articles/{article.id}",
        title=f"{article.id}: {article.network}, {article.data}",
        answer=f"Loss {row['loss']:.4g} after {row['epochs']} of {row['of']} epochs; Keras by hand "
        f"takes {row['ratio']:.1f} times as long as skae for {extent.raced_epochs} epochs.",
        figures={name: value for name, value in row.items() if isinstance(value, int | float)},
        tables={
            "article": pd.DataFrame([row]),
            "curve": pd.DataFrame(fit.curve, columns=["epochs", "loss", "seconds"]),
            "races": races,
        },
        claims=claims(article, row, training.halves(fit.estimator)),
        settings={
            "Data": "few digits, enlarged" if extent.quick else "published training rows",
            "Training": f"{article.optimizer}, batches of {article.batch_size}",
            "skae's settings": f"{article.own}, code of {article.own_code}, 512-256, SiLU, Adam",
            "Times": f"{extent.raced_epochs} epochs of each on "
            f"{min(article.raced_rows, len(rows.train))} rows, in turns, the shorter of "
            f"{extent.rounds} rounds, compilation included",
        },
    )
    curve = page.lines(record.tables["curve"], "epochs", "loss", None, article.id)
    return Finding(record, (Picture("Loss on test rows.", {"Loss over the epochs": curve}),))


def described(article, races, fit, own):
    raced = races.set_index("contestant")
    seconds = raced["seconds"].groupby(level=0).min()
    n_weights = raced["parameters"].groupby(level=0).first()
    loss = min(one[1] for one in fit.curve) if article.keeps_best else fit.loss
    return {
        "id": article.id,
        "network": article.network,
        "data": article.data,
        "weights": int(n_weights["skae"]),
        "difference": int(n_weights["skae"] - n_weights["Keras by hand"]),
        "unit": article.loss,
        "published": article.published,
        "loss": loss,
        "epochs": fit.epochs,
        "of": article.epochs,
        "own_loss": own.loss,
        "own_epochs": own.epochs,
        "code": prod(fit.estimator.code_shape_),
        "keras_s": seconds["Keras by hand"],
        "skae_s": seconds["skae"],
        "ratio": seconds["Keras by hand"] / seconds["skae"],
    }


def claims(article, row, halves):
    """Return what an article is to show: an equal network, a loss as published, less time."""
    found = {"The network has as many parameters as the one by hand.": row["difference"] == 0}
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
    in_time = row["ratio"] >= SPEED_TOLERANCE
    found["It does not train longer than by hand, up to a tenth."] = in_time
    return found


def _finding(name, found, extent):
    """Describe rows of (subject, measure, value, beside what, its value, whether that is good)."""
    frame = pd.DataFrame(found, columns=[*FINDING, "holds"])
    names = frame["subject"] + ": " + frame["measure"]
    values = frame["value"].map("{:.4g}".format) + ", " + frame["beside"]
    shown = names + " is " + values + " " + frame["reference"].map("{:.4g}".format) + "."
    whole = extent.most_epochs is None
    record = Record(
        name=f"articles/{name}",
        title=f"{name}: {found[0][0]}",
        answer=" ".join(shown),
        figures=dict(zip(names, frame["value"], strict=True)),
        tables={"findings": frame[FINDING]},
        claims=dict(zip(shown, frame["holds"], strict=True)) if whole else {},
    )
    return Finding(record)
