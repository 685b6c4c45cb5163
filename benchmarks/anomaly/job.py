"""Compare detectors of anomalies: their ranking, and whether thresholds keep their promise."""

import argparse
import time
import warnings
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.neighbors import LocalOutlierFactor
from sklearn.svm import OneClassSVM
from tqdm import tqdm

import skae
from benchmarks import BenchmarkError, start_keras
from benchmarks.anomaly.page import GROUP_NAMES, describe
from benchmarks.anomaly.problems import GROUPS, Problem, problems
from benchmarks.anomaly.record import Record
from benchmarks.anomaly.scaling import costs_of_scoring
from benchmarks.options import add_shared_options
from benchmarks.report import Claim, publish

SKAE = "skae"
OVERFITTED = "overfitted"
RATES = (0.01, 0.05, 0.1)
SIGMAS = 3
TARGETS = {
    "mnist": 0.975,
    "fashion_mnist": 0.934,
    "tables": 0.89,
    "contaminated": 0.825,
    "creditcard": 0.95,
}
SEEDS, ROWS, QUICK_ROWS = 3, 200_000, 100
SVM_ROWS = 10_000  # its fit is quadratic in them
METHODS = (SKAE, "PCA residual", OVERFITTED, "IsolationForest", "LOF", "OCSVM")
PYOD = {"PyOD AutoEncoder": "auto_encoder.AutoEncoder", "PyOD VAE": "vae.VAE", "ECOD": "ecod.ECOD"}


@dataclass(frozen=True, eq=False)
class Study:
    """What was measured.

    Parameters
    ----------
    runs : DataFrame
        One method on one problem with one seed a row.
    alarms : DataFrame
        One promised rate of one threshold on one problem a row.
    examples : dict of str to Example
        Scores on one problem of each group.
    scaling : DataFrame
        What `scaling.costs_of_scoring` returned.
    """

    runs: pd.DataFrame
    alarms: pd.DataFrame
    examples: dict
    scaling: pd.DataFrame

    @property
    def means(self):
        """Mean over the problems, and the spread of that mean over the seeds."""
        by_seed = self.runs.groupby(["group", "method", "seed"], sort=False).mean(numeric_only=True)
        by_method = by_seed.groupby(level=["group", "method"], sort=False)
        means = by_method.mean()
        means.insert(1, "auroc_spread", by_method["auroc"].std())
        return means.reset_index()

    @property
    def alarm_means(self):
        """Mean false-alarm rates over the seeds, and by how many of its σ each is too high."""
        keys = ["group", "problem", "method", "promised"]
        by_problem = self.alarms.groupby(keys, sort=False)
        means = by_problem[["measured", "by_training_error"]].mean()
        variances = by_problem["deviation"].agg(lambda sigma: np.square(sigma).mean())
        means = means.assign(deviation=np.sqrt(variances / by_problem.size())).reset_index()
        for column, excess in (("measured", "excess"), ("by_training_error", "training_excess")):
            means[excess] = (means[column] - means["promised"]) / means["deviation"]
        return means


def add_arguments(parser):
    """Add the options of this job to its parser.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Parser of the subcommand.
    """
    parser.add_argument("--groups", nargs="+", choices=GROUPS, help="problems (default: all)")
    parser.add_argument("--seeds", type=int, help=f"how many (default: {SEEDS})")
    parser.add_argument("--rows", type=int, help=f"most training rows (default: {ROWS})")
    parser.add_argument("--methods", nargs="+", help="names of methods (default: all)")
    parser.add_argument(
        "--resume", action="store_true", help="go on with what the output folder holds"
    )
    add_shared_options(parser, "reports/anomaly", quick="a few digits, one seed, no download")


def run(arguments: argparse.Namespace, command: str) -> int:
    """Measure, print the tables, write the report and say where it lies.

    Parameters
    ----------
    arguments : argparse.Namespace
        Options of this job.
    command : str
        The command line, as the report is to state it.

    Returns
    -------
    int
        Exit status: 1 if `--check` found a claim that does not hold.
    """
    start = time.perf_counter()
    start_keras()
    study = measure(arguments)
    report = describe(
        study,
        claims=tuple(_claims(study)),
        command=command,
        seed=arguments.seed,
        wall_time_s=time.perf_counter() - start,
    )
    return publish(report, arguments.output, check=arguments.check)


def measure(arguments):
    """Fit and score every method on every problem.

    Parameters
    ----------
    arguments : argparse.Namespace
        Options of this job.

    Returns
    -------
    Study
    """
    groups = arguments.groups or (("digits",) if arguments.quick else GROUPS)
    n_seeds = arguments.seeds or (1 if arguments.quick else SEEDS)
    rows = arguments.rows or (QUICK_ROWS if arguments.quick else ROWS)
    record = Record(arguments.output, resume=arguments.resume)
    with tqdm(unit="fit") as progress:
        for seed in range(arguments.seed, arguments.seed + n_seeds):
            for group in groups:
                for problem in problems(group, seed=seed, rows=rows, quick=arguments.quick):
                    _measure_all(problem, seed, arguments.methods, record, progress)
    scaling = costs_of_scoring(quick=arguments.quick, seed=arguments.seed)
    examples = {group: record.examples[group] for group in GROUPS if group in record.examples}
    return Study(_in_order(record.runs), _in_order(record.alarms), examples, scaling)


def _in_order(records):
    """Return records as a frame, sorted by group and method in the order of these constants."""
    frame = pd.DataFrame(records)
    places = {name: place for place, name in enumerate((*GROUPS, *METHODS, *PYOD))}
    if frame.empty:
        return frame
    place = frame[["group", "method"]].map(places.get)
    return frame.loc[place.sort_values(["group", "method"], kind="stable").index]


def _measure_all(problem, seed, names, record, progress):
    """Measure the methods that the record does not have yet."""
    example = record.example(problem, seed)
    for name, method in methods(problem, seed, names).items():
        if record.has(problem, name, seed):
            continue
        progress.set_description(f"{problem.name}, {name}")
        run, scores = _measure(name, method, problem, seed)
        has_threshold = isinstance(method, skae.ReconstructionOutlierDetector)
        record.add(run, _false_alarms(name, method, problem, seed) if has_threshold else [])
        if example is not None:
            example.scores[name] = scores
            if name == SKAE:
                example.threshold = -method.offset_
        record.save()
        progress.update()


def methods(problem: Problem, seed: int, names=None):
    """Return the detectors to compare, unfitted, by name.

    Parameters
    ----------
    problem : Problem
        Images get another autoencoder and another score than tables.
    seed : int
        Seed of those that draw numbers.
    names : list of str or None, default=None
        Which; all of them by default.

    Returns
    -------
    dict of str to estimator

    Raises
    ------
    BenchmarkError
        If a name is not among them.
    """
    n_components = min(30, *problem.X_train.shape) if problem.is_image else 0.9
    found = {
        SKAE: image_detector(seed) if problem.is_image else _detector(random_state=seed),
        "PCA residual": _detector(
            PCA(n_components, svd_solver="full"), score="squared_error", random_state=seed
        ),
        OVERFITTED: _overfitted(problem, seed),
        "IsolationForest": IsolationForest(random_state=seed),
        "LOF": LocalOutlierFactor(20, novelty=True),
        "OCSVM": OneClassSVM(),
        **_pyod(seed),
    }
    if names is None:
        return found
    if unknown := set(names) - set(found):
        raise BenchmarkError(
            f"Expected --methods out of {', '.join(found)}; received {', '.join(sorted(unknown))}. "
            "Pass names out of these."
        )
    return {name: found[name] for name in names}


def image_detector(seed):
    """Return the one setting for images of one class."""
    autoencoder = skae.DenoisingAutoencoder(
        64,
        noise=2.0,
        network=skae.DenseNetwork((512, 256)),
        init="random",
        epochs=20,
        early_stopping=False,
        validation_split=0.0,
    )
    return _detector(autoencoder, score="local_error", calibration_size=0.1, random_state=seed)


def _detector(*arguments, **settings):
    return skae.ReconstructionOutlierDetector(*arguments, **settings)


def _overfitted(problem, seed):
    """Return an autoencoder that learns its training rows by heart, with the squared error."""
    autoencoder = skae.DenseAutoencoder(
        max(1, min(64, problem.X_train.shape[1] // 2)),
        epochs=100,
        early_stopping=False,
        validation_split=0.0,
    )
    return _detector(autoencoder, score="squared_error", random_state=seed)


def _pyod(seed):
    """Return PyOD's detectors, if it is installed."""
    if find_spec("pyod") is None:
        return {}
    from importlib import import_module

    found = {}
    for name, path in PYOD.items():
        module, cls = path.split(".")
        settings = {} if name == "ECOD" else {"random_state": seed}
        found[name] = getattr(import_module(f"pyod.models.{module}"), cls)(**settings)
    return found


def _measure(name, method, problem, seed):
    X, X_test = problem.rows(as_images=problem.is_image and name == SKAE)
    if isinstance(method, OneClassSVM) and len(X) > SVM_ROWS:
        X = X[np.random.RandomState(seed).choice(len(X), SVM_ROWS, replace=False)]
    start = time.perf_counter()
    method.fit(X)
    fitted = time.perf_counter()
    is_pyod = type(method).__module__.startswith("pyod")
    scores = method.decision_function(X_test) if is_pyod else -method.score_samples(X_test)
    scored = time.perf_counter()
    measured = {
        "group": problem.group,
        "problem": problem.name,
        "method": name,
        "seed": seed,
        "auroc": roc_auc_score(problem.is_anomaly, scores),
        "average_precision": average_precision_score(problem.is_anomaly, scores),
        "distinct": len(np.unique(scores)) / problem.n_distinct,
        "fit_s": fitted - start,
        "score_us": 1e6 * (scored - fitted) / len(scores),
    }
    return measured, scores


def _false_alarms(name, detector, problem, seed):
    """Return promised and measured rates, of the calibrated threshold and of the training errors'.

    The standard deviation is that of the measured rate around the promised one: the binomial of
    the fresh rows, and the calibration rows' own.
    """
    if not problem.has_clean_training_rows:
        return []
    _, X_test = problem.rows(as_images=problem.is_image and name == SKAE)
    scores = detector.score_samples(X_test[~problem.is_anomaly])
    calibration = detector.calibration_scores_
    training = detector.fit_scores_[~np.isin(detector.fit_scores_, calibration)]
    alarms = []
    for rate in RATES:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # few rows exclude nothing at 1 %
            calibrated = detector.set_threshold(false_positive_rate=rate).offset_
        alarms.append(
            {
                "group": problem.group,
                "problem": problem.name,
                "method": name,
                "seed": seed,
                "promised": rate,
                "measured": (scores < calibrated).mean(),
                "by_training_error": (scores < np.quantile(training, rate)).mean(),
                "deviation": np.sqrt(rate * (1 - rate) * (1 / len(calibration) + 1 / len(scores))),
            }
        )
    return alarms


def _claims(study):
    means = study.means.set_index(["group", "method"])["auroc"]
    for group, target in TARGETS.items():
        if (group, SKAE) in means:
            value = means[group, SKAE]
            yield Claim(
                f"Mean AUROC on {GROUP_NAMES[group]} is at least {target:.3f}: it is {value:.4f}.",
                bool(value >= target),
            )
    shares = study.runs.query("method == @SKAE")["distinct"]
    if len(shares):
        yield Claim(
            "Distinct rows have distinct scores: on the average problem "
            f"{shares.mean():.3%} of them do.",
            bool(shares.min() > 0.999),
        )
    yield from _scaling_claims(study.scaling)
    if len(study.alarms):
        yield from _alarm_claims(study.alarm_means)


def _scaling_claims(scaling):
    first, last = scaling.iloc[0], scaling.iloc[-1]
    yield Claim(
        f"Time per row is flat: {last['us_per_row']:.1f} µs at {last['rows']:.0f} rows, "
        f"{first['us_per_row']:.1f} µs at {first['rows']:.0f}.",
        bool(last["us_per_row"] < 1.5 * first["us_per_row"]),
    )
    if np.isfinite(last["memory_mb"]):
        yield Claim(
            f"Memory is bounded: to score {last['rows']:.0f} rows of {last['rows_mb']:.0f} MB "
            f"lifts the peak by {last['memory_mb']:.0f} MB.",
            bool(last["memory_mb"] < 64 + 0.5 * last["rows_mb"]),
        )


def _alarm_claims(alarms):
    kept = alarms["excess"] <= SIGMAS
    yield Claim(
        "The mean false-alarm rate on fresh normal rows exceeds the promised one by at most "
        f"{SIGMAS} standard deviations of its own: {kept.sum()} of {len(kept)} do, a problem, "
        "method and promised rate each.",
        bool(kept.all()),
    )
    overfitted = alarms[alarms["method"] == OVERFITTED]
    if len(overfitted):
        broken = overfitted["training_excess"] > SIGMAS
        yield Claim(
            "A threshold read off the training errors of an overfitted autoencoder breaks the "
            f"same promise: {broken.sum()} of {len(broken)} are beyond {SIGMAS} standard "
            f"deviations, their rate at 5 % is "
            f"{overfitted.query('promised == 0.05')['by_training_error'].mean():.0%}.",
            bool(broken.mean() > 0.5),
        )
