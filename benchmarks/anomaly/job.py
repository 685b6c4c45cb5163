"""Compare detectors of anomalies: their ranking, and whether thresholds keep their promise."""

import time
import warnings
from importlib.util import find_spec

import numpy as np
import pandas as pd
from sklearn.covariance import EllipticEnvelope
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors
from sklearn.svm import OneClassSVM

import skae
from benchmarks import BenchmarkError, integer, page, start_keras
from benchmarks.anomaly.problems import GROUP_NAMES, Problem, problems
from benchmarks.record import Record

SKAE = "skae"
OVERFITTED = "overfitted"
RATES = (0.01, 0.05, 0.1)
SIGMAS = 3
SOURCE = ("rows",)
TARGETS = {
    "mnist": 0.983,
    "fashion_mnist": 0.938,
    "tables": 0.905,
    "contaminated": 0.825,
    "creditcard": 0.95,
    "ecg5000": 0.992,
}
SEEDS, ROWS, QUICK_ROWS = 3, 200_000, 100
SVM_ROWS = 10_000  # its fit is quadratic in them
ELLIPTIC_FEATURES = 300  # its fit is cubic in them
SETTINGS = {
    "skae on tables": "ReconstructionOutlierDetector(random_state=seed) after a StandardScaler",
    "skae on heartbeats": "ReconstructionOutlierDetector(random_state=seed) on series of a channel",
    "skae on images": "one setting for all classes: benchmarks.anomaly.job.image_detector",
    "overfitted": "DenseAutoencoder, half the features as code (64 at most), 100 epochs",
    "PCA residual": "30 components on images, 90 % of the variance elsewhere",
    "Others": f"their packages' defaults; LOF 20 neighbours, OCSVM at most {SVM_ROWS} samples, "
    f"kNN the fifth neighbour, EllipticEnvelope on at most {ELLIPTIC_FEATURES} features",
    "Division": "half of the normal samples train, the others and all anomalies are scored; with "
    "anomalies left in, 70 % of all samples train, 30 % are scored",
}


def add_arguments(parser):
    parser.add_argument("--groups", nargs="+", choices=GROUP_NAMES, help="problems (default: all)")
    parser.add_argument("--seeds", type=integer(1), help=f"how many (default: {SEEDS})")
    parser.add_argument("--rows", type=integer(20), help=f"most training rows (default: {ROWS})")
    parser.add_argument("--methods", nargs="+", help="names of methods (default: all)")


def seeds(arguments):
    n_seeds = arguments.seeds or (1 if arguments.quick else SEEDS)
    return range(arguments.seed, arguments.seed + n_seeds)


def measure(arguments, parts):
    start_keras()
    chosen = arguments.groups or (("digits",) if arguments.quick else GROUP_NAMES)
    rows = arguments.rows or (QUICK_ROWS if arguments.quick else ROWS)
    for group in (group for group in GROUP_NAMES if group in chosen):
        runs, alarms = [], []
        for seed in seeds(arguments):
            for problem in problems(group, seed=seed, rows=rows, quick=arguments.quick):
                for name, method in methods(problem, seed, arguments.methods).items():
                    key = f"{group}-{problem.name}-{name}-{seed}"
                    run, of_run = parts(key, _measure, name, method, problem, seed)
                    runs.append(run)
                    alarms += of_run
        yield describe(group, pd.DataFrame(runs), pd.DataFrame(alarms))


def methods(problem: Problem, seed: int, names=None):
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
        "kNN": _NeighborDistance(),
        **_elliptic(problem, seed),
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


def image_detector(seed, n_components=32, noise=1.0, score="local_error"):
    autoencoder = skae.DenoisingAutoencoder(
        n_components,
        noise=noise,
        network=skae.DenseNetwork((512, 256)),
        init="random",
        epochs=20,
        early_stopping=False,
        validation_split=0.0,
    )
    return _detector(autoencoder, score=score, calibration_size=0.1, random_state=seed)


def summarized(runs):
    """Return the mean over the problems, and the spread of that mean over the seeds."""
    by_seed = runs.groupby(["method", "seed"], sort=False).mean(numeric_only=True)
    by_method = by_seed.groupby(level="method", sort=False)
    means = by_method.mean()
    means.insert(1, "auroc_spread", by_method["auroc"].std())
    return means.reset_index()


def excesses(alarms):
    """Return false-positive rates, mean over the seeds, and by how many of its σ each is too high.

    One row a problem, method and promised rate.
    """
    by_problem = alarms.groupby(["problem", "method", "promised"], sort=False)
    means = by_problem[["measured", "by_training_error"]].mean()
    variances = by_problem["deviation"].agg(lambda sigma: np.square(sigma).mean())
    deviation = np.sqrt(variances / by_problem.size())
    means["excess"] = (means["measured"] - means.index.get_level_values("promised")) / deviation
    over = means["by_training_error"] - means.index.get_level_values("promised")
    means["training_excess"] = over / deviation
    return means.reset_index()


def describe(group, runs, alarms):
    means = summarized(runs)
    by_method = means.set_index("method")
    auroc, precision = by_method["auroc"], by_method["average_precision"]
    best = f"; the best is {auroc.idxmax()}, {auroc.max():.4f}" if len(auroc) > 1 else ""
    ours = f"Mean AUROC of skae {auroc[SKAE]:.4f}" if SKAE in auroc else "skae was not measured"
    problem_means = runs.groupby(["problem", "method"], sort=False)["auroc"].mean()
    found = {
        "means": means,
        "problems": problem_means.unstack("method", sort=False).round(4).reset_index(),
    }
    claims = {}
    if SKAE in auroc and group in TARGETS:
        reached = auroc[SKAE] >= TARGETS[group]
        claims[f"Mean AUROC of skae is at least {TARGETS[group]:.3f}."] = reached
    if len(alarms):
        each = excesses(alarms)
        by_rate = each.groupby(["method", "promised"], sort=False)
        found["promises"] = by_rate.agg(
            measured=("measured", "mean"),
            excess=("excess", "max"),
            by_training_error=("by_training_error", "mean"),
            training_excess=("training_excess", "max"),
            broken=("training_excess", lambda excess: (excess > SIGMAS).sum()),
            problems=("problem", "size"),
        ).reset_index()
        claims[
            "The mean false-positive rate on fresh normal rows exceeds the promised one by at most "
            f"{SIGMAS} standard deviations of its own, for every data set, method and rate."
        ] = each["excess"].max() <= SIGMAS
    picture = page.chart(means[::-1], "barh", "method", "auroc")
    return Record(
        name=f"anomaly/{group}",
        title=f"Anomalies: {GROUP_NAMES[group]}",
        answer=f"{ours}{best}.",
        figures={
            f"{kind}_{method}": value
            for kind, values in {"auroc": auroc, "average_precision": precision}.items()
            for method, value in values.items()
        },
        tables=found,
        claims=claims,
        settings=SETTINGS,
        pictures={"Mean over problems and seeds": picture},
    )


def _detector(*arguments, **settings):
    return skae.ReconstructionOutlierDetector(*arguments, **settings)


def _overfitted(problem, seed):
    autoencoder = skae.DenseAutoencoder(
        max(1, min(64, problem.X_train.shape[1] // 2)),
        epochs=100,
        early_stopping=False,
        validation_split=0.0,
    )
    return _detector(autoencoder, score="squared_error", random_state=seed)


class _NeighborDistance(NearestNeighbors):
    """The distance to the fifth neighbour among the training samples."""

    def score_samples(self, X):
        return -self.kneighbors(X)[0][:, -1]


def _elliptic(problem, seed):
    if problem.X_train.shape[1] > ELLIPTIC_FEATURES:
        return {}
    return {"EllipticEnvelope": EllipticEnvelope(random_state=seed)}


def _pyod(seed):
    if find_spec("pyod") is None:
        return {}
    from pyod.models import auto_encoder, ecod

    return {
        "PyOD AutoEncoder": auto_encoder.AutoEncoder(random_state=seed),
        "ECOD": ecod.ECOD(),
    }


def _measure(name, method, problem, seed):
    """Fit and score one method, and count the false alarms of a detector with a promise."""
    X, X_test = problem.rows(in_own_shape=name == SKAE)
    if isinstance(method, OneClassSVM) and len(X) > SVM_ROWS:
        X = X[np.random.RandomState(seed).choice(len(X), SVM_ROWS, replace=False)]
    start = time.perf_counter()
    method.fit(X)
    fitted = time.perf_counter()
    is_pyod = type(method).__module__.startswith("pyod")
    scores = method.decision_function(X_test) if is_pyod else -method.score_samples(X_test)
    scored = time.perf_counter()
    tags = {"problem": problem.name, "method": name, "seed": seed}
    measured = {
        **tags,
        "auroc": roc_auc_score(problem.is_anomaly, scores),
        "average_precision": average_precision_score(problem.is_anomaly, scores),
        "fit_s": fitted - start,
        "score_us": 1e6 * (scored - fitted) / len(scores),
    }
    if not isinstance(method, skae.ReconstructionOutlierDetector):
        return measured, []
    return measured, [tags | alarm for alarm in _false_alarms(method, problem, X_test)]


def _false_alarms(detector, problem, X_test):
    """Return promised and measured rates, of the calibrated threshold and of the training errors'.

    The standard deviation is that of the measured rate around the promised one: the binomial of
    the fresh rows, and the calibration rows' own.
    """
    if not problem.has_clean_training_rows:
        return []
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
                "promised": rate,
                "measured": (scores < calibrated).mean(),
                "by_training_error": (scores < np.quantile(training, rate)).mean(),
                "deviation": np.sqrt(rate * (1 - rate) * (1 / len(calibration) + 1 / len(scores))),
            }
        )
    return alarms
