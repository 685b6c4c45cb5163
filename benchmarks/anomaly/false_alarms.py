"""False alarms promised and measured, over 500 divisions of scores into calibration and fresh rows.

A detector is trained once; the normal rows that it has not seen are scored once; what is repeated
is the division of these scores. Run with ``python -m benchmarks.anomaly.false_alarms``.
"""

import argparse
import os
import warnings
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from scipy.stats import kstest
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skae
from benchmarks import datasets, start_keras
from benchmarks.anomaly.problems import TABLES
from benchmarks.record import Record, finish
from skae.outlier._thresholds import ROUNDING, conformal_p_values

RATES = (0.01, 0.05, 0.1)
DIVISIONS = 500
MOST_ROWS = 4000
WINDOW = 48


@dataclass(frozen=True, eq=False)
class Division:
    """Scores to calibrate with and fresh ones, both with weights, as one division has them.

    `n_independent` divisions differ as much as any: that of the months for windows.
    """

    calibration: np.ndarray
    fresh: np.ndarray
    weights: np.ndarray | None = None
    new_weights: np.ndarray | float = 1.0
    n_independent: int = DIVISIONS

    def p_values(self):
        """Return the p-values of the fresh scores, and the part of each that is its own weight."""
        total = len(self.calibration) if self.weights is None else self.weights.sum()
        own = self.new_weights / (total + self.new_weights)
        found = conformal_p_values(self.calibration, self.fresh, self.weights, self.new_weights)
        return found, own


def by_default(names, seed):
    """Yield divisions of the normal rows of data sets, default detector."""
    for name in names:
        yield name, _half(*_normal_rows(name, seed), seed)


def pipelines(seed):
    """Yield divisions for detectors with a scaler inside, features in units far apart."""
    for name in ("cardio", "wine", "PageBlocks"):
        train, fresh = _normal_rows(f"{datasets.ANOMALIES}{name}", seed)
        units = 10.0 ** np.random.RandomState(seed).uniform(-3, 3, train.shape[1])
        autoencoder = make_pipeline(
            StandardScaler(), skae.DenseAutoencoder(2, epochs=20, random_state=seed)
        )
        yield f"pipeline {name}", _half(train * units, fresh * units, seed, autoencoder)


def groups(seed):
    """Yield divisions by group: rows of one share most of what is unusual about them."""
    rng = np.random.RandomState(seed)
    n_groups, size = 400, 10

    def patients():
        own = rng.normal(size=(n_groups, 1, 10))
        return (own + 0.3 * rng.normal(size=(n_groups, size, 10))).reshape(-1, 10)

    scores = _scores(patients(), patients(), seed, PCA(4)).reshape(n_groups, size)

    def division():
        order = rng.permutation(n_groups)
        calibration = scores[order[:100]].ravel()
        weights = np.full(len(calibration), 1 / size)
        return Division(calibration, scores[order[100:]].ravel(), weights)

    yield "groups", division


def weighted(seed):
    """Yield divisions whose fresh rows are drawn by weight, and the calibration rows are not."""
    rng = np.random.RandomState(seed)
    X = rng.normal(size=(8000, 6)) * [3, 2, 1, 1, 1, 1]
    weights = 0.2 + 1 / (1 + np.exp(-2 * X[:, 0]))
    scores = _scores(rng.normal(size=(1000, 6)), X[:MOST_ROWS], seed, PCA(2))

    def division():
        order = rng.permutation(len(scores))
        known, others = order[:1000], order[1000:]
        drawn = rng.choice(others, 1000, p=weights[others] / weights[others].sum())
        return Division(scores[known], scores[drawn], weights[known], weights[drawn])

    yield "weighted", division


def windows(seed):
    """Yield divisions of overlapping windows of an hourly series: drawn at random, and the last.

    The detector is trained on the first year; fresh windows are those of later months. Divided at
    random, the calibration windows lie among the training windows; divided in time, they are the
    year before the month.
    """
    series = _hourly_pm25()
    rows = skae.SlidingWindows(WINDOW).fit_transform(series)
    year, month = 365 * 24, 30 * 24
    rng = np.random.RandomState(seed)
    order = rng.permutation(year - WINDOW)
    held_out, training = order[: year // 5], order[year // 5 :]
    at_random = _scores(rows[training], rows, seed, calibration_size=1)
    in_time = _scores(rows[: year - WINDOW], rows, seed, calibration_size=1)
    months = np.arange(2 * year, len(rows) - month, month)

    def division(scores, calibration_of):
        start = rng.choice(months)
        fresh = scores[start : start + month]
        return Division(scores[calibration_of(start)], fresh, n_independent=len(months))

    def year_before(start):
        return np.arange(start - year, start - WINDOW)

    yield "windows, at random", partial(division, at_random, lambda start: held_out)
    yield "windows, last", partial(division, in_time, year_before)


def _scores(training, rows, seed, autoencoder=None, calibration_size=0.2):
    """Return the scores of rows by a detector that is trained on others."""
    detector = skae.ReconstructionOutlierDetector(
        autoencoder, calibration_size=calibration_size, random_state=seed
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # it is calibrated here, not there
        return detector.fit(training).score_samples(rows)


def _normal_rows(name, seed):
    data = datasets.load(name)
    normal = np.random.RandomState(seed).permutation(data.X[data.y == 0])
    return normal[: len(normal) // 2], normal[len(normal) // 2 :]


def _half(train, fresh, seed, autoencoder=None):
    """Return divisions of fresh rows into halves; at most `MOST_ROWS` are trained on and scored."""
    scores = _scores(train[:MOST_ROWS], fresh[:MOST_ROWS], seed, autoencoder)
    rng = np.random.RandomState(seed)

    def division():
        order = rng.permutation(len(scores))
        return Division(scores[order[: len(order) // 2]], scores[order[len(order) // 2 :]])

    return division


def _hourly_pm25():
    path = os.path.join(os.environ["SKAE_DATA_HOME"], "tables", "beijing_pm25.csv.gz")
    return np.log1p(pd.read_csv(path)[["pm2.5"]].interpolate(limit_direction="both").to_numpy())


def measure(name, division, seed):
    """Return the rates of many divisions, their excess in σ, and how uniform p-values are."""
    rng = np.random.RandomState(seed)
    rates, singles = [], []
    for _ in range(DIVISIONS):
        one = division()
        p_values, own = one.p_values()
        rates.append([(p_values <= rate + ROUNDING).mean() for rate in RATES])
        singles.append(rng.choice(p_values - rng.uniform() * own))
    measured, sigma = np.mean(rates, axis=0), np.std(rates, axis=0) / np.sqrt(one.n_independent)
    found = {"rows": name}
    for rate, mean, spread in zip(RATES, measured, sigma, strict=True):
        found[f"at {rate:.0%}"] = mean
        found[f"σ {rate:.0%}"] = (mean - rate) / spread if spread else 0.0
    return found | {"ks_p": kstest(singles, "uniform").pvalue}


def main():
    """Measure every case and write the record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    start_keras()
    rows = []
    for case in arguments.cases:
        for name, division in CASES[case](arguments.seed):
            rows.append(measure(name, division, arguments.seed))
            print(rows[-1], flush=True)
    table = pd.DataFrame(rows)
    held = table[table["rows"] != "windows, at random"]
    largest = {f"excess_{rate:.0%}": float(held[f"σ {rate:.0%}"].max()) for rate in RATES}
    found = Record(
        "anomaly/false-alarms-divided",
        f"False alarms over {DIVISIONS} divisions into calibration and fresh rows",
        "The promised rate holds but for windows that are divided at random.",
        figures=largest,
        tables={"false alarms": table},
    )
    finish(found, "benchmarks.anomaly.false_alarms", [arguments.seed])


CASES = {
    "tables": partial(by_default, [f"{datasets.ANOMALIES}{name}" for name in TABLES]),
    "ecg5000": partial(by_default, ["ecg5000"]),
    "pipelines": pipelines,
    "groups": groups,
    "weighted": weighted,
    "windows": windows,
}

if __name__ == "__main__":
    main()
