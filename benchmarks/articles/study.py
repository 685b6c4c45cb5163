"""The study of `benchmarks.articles`: which parts of it are measured, and its tables."""

from dataclasses import asdict, dataclass
from math import prod

import pandas as pd
from tqdm import tqdm

from benchmarks import BenchmarkError
from benchmarks.articles.findings import NAMES, find
from benchmarks.articles.measures import (
    KERAS,
    SKAE,
    Checkpoint,
    Extent,
    Fit,
    Result,
    Rows,
    measure_own,
    rows_of,
)
from benchmarks.articles.measures import measure as measure_article
from benchmarks.articles.table import ARTICLES, Article

SAVED = "parts"  # folder of what was measured, to go on from


@dataclass(frozen=True, eq=False)
class Measured:
    """One article, its data, and what was measured.

    Parameters
    ----------
    article : Article
        What was rebuilt.
    rows : Rows
        Its data.
    result : Result
        The published training.
    own : Fit
        skae's own settings.
    """

    article: Article
    rows: Rows
    result: Result
    own: Fit


@dataclass(frozen=True, eq=False)
class Study:
    """What was measured.

    Parameters
    ----------
    extent : Extent
        How much of everything was done.
    articles : dict of str to Measured
        By their ids.
    findings : DataFrame
        One `findings.Finding` a row.
    """

    extent: Extent
    articles: dict[str, Measured]
    findings: pd.DataFrame

    @property
    def results(self):
        """Parameters and losses, one article a row."""
        return pd.DataFrame([_losses(measured) for measured in self.articles.values()])

    @property
    def times(self):
        """Seconds by hand and with skae, the shortest of the rounds, one article a row."""
        return pd.DataFrame([_times(measured, self.extent) for measured in self.articles.values()])

    @property
    def raw(self):
        """Learning curves and all rounds of the comparison of times, by name."""
        if not self.articles:
            return {}
        results = {name: measured.result for name, measured in self.articles.items()}
        curves = {
            name: pd.DataFrame(result.published.curve, columns=["epochs", "loss", "seconds"])
            for name, result in results.items()
        }
        races = {name: result.races for name, result in results.items()}
        return {
            "curves": pd.concat(curves, names=["id", None]).reset_index(level="id"),
            "races": pd.concat(races, names=["id", None]).reset_index(level="id"),
        }


def measure(arguments):
    """Measure every article and every finding that was asked for.

    Parameters
    ----------
    arguments : argparse.Namespace
        Options of this job.

    Returns
    -------
    Study
    """
    extent = _extent(arguments)
    ids = _chosen(arguments.only)
    checkpoint = _Checkpoints(arguments.output / SAVED, extent.source, arguments.resume)
    studied, found = {}, []
    with tqdm(total=len(ids)) as progress:
        for article in (article for article in ARTICLES if article.id in ids):
            studied[article.id] = _measured(article, extent, checkpoint, progress)
            progress.update()
        for name in (name for name in NAMES if name in ids):
            progress.set_description(name)
            found += find(name, extent, checkpoint(name))
            progress.update()
    return Study(extent, studied, pd.DataFrame([asdict(finding) for finding in found]))


def _extent(arguments):
    if arguments.quick:
        return Extent(arguments.seed, most_epochs=1, raced_epochs=1, rounds=1, quick=True)
    return Extent(arguments.seed, arguments.most_epochs)


def _chosen(only):
    ids = [article.id for article in ARTICLES] + list(NAMES)
    unknown = sorted(set(only or []) - set(ids))
    if unknown:
        raise BenchmarkError(
            f"Expected --only with ids out of {', '.join(ids)}; received {', '.join(unknown)}."
        )
    return [name for name in ids if only is None or name in only]


def _measured(article, extent, checkpoint, progress):
    say = progress.set_description
    rows = rows_of(article, extent)
    return Measured(
        article,
        rows,
        measure_article(article, rows, extent, checkpoint(article.id), say),
        measure_own(article, rows, extent, checkpoint(article.own.name), say),
    )


class _Checkpoints:
    """Checkpoints of one run, by name; those of earlier runs are there if it resumes them."""

    def __init__(self, folder, source, resumes):
        self._folder = folder
        self._source = source
        self._resumes = resumes
        self._begun = set()

    def __call__(self, name):
        path = self._folder / f"{name}.pkl"
        if not self._resumes and name not in self._begun:
            path.unlink(missing_ok=True)
        self._begun.add(name)
        return Checkpoint(path, self._source)


def _losses(measured):
    article, result, own = measured.article, measured.result, measured.own
    fit = result.published
    n_weights = _parameters(result, SKAE)
    return {
        "id": article.id,
        "network": article.network,
        "data": article.data,
        "parameters": n_weights,
        "difference": n_weights - _parameters(result, KERAS),
        "epochs": fit.epochs,
        "of": article.epochs,
        "trained": f"{fit.epochs} of {article.epochs}",
        "unit": article.loss,
        "published": article.published,
        "training": article.training,
        "loss": fit.best[0] if article.keeps_best else fit.loss,
        "seconds": fit.seconds,
        "code": prod(fit.estimator.code_shape_),
        "own_network": article.own.label,
        "own_epochs": own.epochs,
        "own_loss": own.loss,
        "own_seconds": own.seconds,
        "own_in_full": own.epochs >= article.own.epochs,
    }


def _parameters(result, contestant):
    return result.races.query("contestant == @contestant")["parameters"].iloc[0]


def _times(measured, extent):
    article, rows, result = measured.article, measured.rows, measured.result
    races = result.races.set_index("contestant")
    seconds = races["seconds"].groupby(level=0).min()
    losses = races["loss"].groupby(level=0).mean()
    return {
        "id": article.id,
        "network": article.network,
        "rows": min(article.raced_rows, len(rows.train)),
        "epochs": extent.epochs_raced(article),
        "keras_s": seconds[KERAS],
        "skae_s": seconds[SKAE],
        "ratio": seconds[KERAS] / seconds[SKAE],
        "keras_loss": losses[KERAS],
        "skae_loss": losses[SKAE],
    }
