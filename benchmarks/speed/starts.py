"""What `benchmarks.speed` measures of waiting: processes, first fits, workers of a search."""

from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter as clock

import numpy as np
import pandas as pd
from joblib.externals.loky import get_reusable_executor
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV

from benchmarks import datasets
from benchmarks.measures import timed
from benchmarks.record import Record, version
from benchmarks.speed.contestants import ON_JAX, ON_TENSORFLOW

MOST_FIRST_S, MOST_MORE_S, MOST_MORE_CACHED_S = 2.2, 0.5, 0.2
MOST_OF_SERIAL, TIMES_PYOD = 0.7, 3
WIDE = "InternetAds"  # 1555 features
GRID = {"n_components": [2, 4], "learning_rate": [3e-4, 1e-3, 3e-3, 1e-2]}
N_FOLDS = 3


def starts(quick, run, seed):
    """Return the record: imports and fits of a fresh process, without and with a cache on disk."""
    rows = []
    for backend in (ON_TENSORFLOW, ON_JAX) if version("jax") else (ON_TENSORFLOW,):
        with TemporaryDirectory() as folder:
            name, cache = backend["KERAS_BACKEND"], {"SKAE_CACHE_DIR": folder}
            run(f"fill-{name}", (None, backend | cache), started, quick, seed)
            for kind, environment in {"none": backend, "filled": backend | cache}.items():
                found = [
                    run(f"start-{name}-{kind}-{i}", (None, environment), started, quick, seed)
                    for i in range(1 if quick else 3)
                ]
                middle = {name: median(one[name] for one in found) for name in found[0]}
                rows.append({"backend": name, "cache": kind, **middle})
    frame = pd.DataFrame(rows)
    frame["more_s"] = frame["first_new_s"] - frame["second_new_s"]
    plain, cached = frame.iloc[0], frame.iloc[1]
    return Record(
        name="speed/starts",
        title="Fits of a fresh process: digits, default network",
        answer=f"Imports take {plain['imports_s']:.1f} s, the first fit {plain['first_s']:.1f}, "
        f"the second {plain['second_s']:.1f}.",
        figures=plain.drop(["backend", "cache"]).to_dict() | {"more_cached": cached["more_s"]},
        tables={"starts": frame},
        claims={
            f"A first fit takes at most {MOST_FIRST_S} s.": plain["first_s"] <= MOST_FIRST_S,
            f"A new architecture takes at most {MOST_MORE_S} s more.": (
                plain["more_s"] <= MOST_MORE_S
            ),
            f"With the cache on disk it takes at most {MOST_MORE_CACHED_S} s more.": (
                cached["more_s"] <= MOST_MORE_CACHED_S
            ),
        },
    )


def started(quick, seed):
    """Time imports, two fits, and two of another architecture, in seconds."""
    X = datasets.training_rows("digits", 300 if quick else 1797)
    start = clock()
    from skae import DenseAutoencoder

    imports = clock() - start
    first, second = (timed(DenseAutoencoder(random_state=seed).fit, X)[1] for _ in range(2))
    other = DenseAutoencoder(hidden_layer_sizes=(100, 40), random_state=seed)
    first_new, second_new = (timed(other.fit, X)[1] for _ in range(2))
    return {
        "imports_s": imports,
        "first_s": first,
        "second_s": second,
        "first_new_s": first_new,
        "second_new_s": second_new,
    }


def jobs(quick, run, seed):
    """Return the record: a search in two workers beside the same one in a row, each cold."""
    rows = []
    for n_jobs in (1, 2):
        found = [
            run(f"jobs-{n_jobs}-{i}", (None, ON_TENSORFLOW), searched, n_jobs, quick, seed)
            for i in range(1 if quick else 3)
        ]
        rows.append((n_jobs, median(seconds for seconds, _ in found), found[0][1]))
    frame = pd.DataFrame(rows, columns=["n_jobs", "seconds", "r2"])
    share = frame["seconds"][1] / frame["seconds"][0]
    return Record(
        name="speed/jobs",
        title="A search of 24 fits on digits with n_jobs=2",
        answer=f"It takes {share:.2f} of the time in one process.",
        figures={"share": share},
        tables={"jobs": frame},
        claims={f"It takes at most {MOST_OF_SERIAL} of it.": share <= MOST_OF_SERIAL},
    )


def searched(n_jobs, quick, seed):
    """Return the seconds of a search in a process that has fitted nothing, and its best score."""
    from skae import DenseAutoencoder

    X = datasets.training_rows("digits", 300 if quick else 1797)
    autoencoder = DenseAutoencoder(epochs=30, early_stopping=False, random_state=seed)
    search = GridSearchCV(autoencoder, GRID, cv=N_FOLDS, n_jobs=n_jobs)
    _, seconds = timed(search.fit, X)
    get_reusable_executor().shutdown()  # a worker would wait at its end for its own to be idle
    return seconds, search.best_score_


def wide(quick, run, seed):
    """Return the record: the default detector on a wide table beside PyOD's AutoEncoder."""
    methods = ("skae", "PyOD") if version("pyod") else ("skae",)
    rows = [
        (name, *run(f"wide-{name}-{i}", (None, ON_TENSORFLOW), detected, name, quick, seed))
        for i in range(1 if quick else 3)
        for name in methods
    ]
    frame = pd.DataFrame(rows, columns=["method", "seconds", "auroc"])
    frame = frame.groupby("method", sort=False).median().reset_index()
    seconds = frame["seconds"]
    figures = {"seconds": seconds[0]}
    if len(frame) > 1:
        figures["times"] = seconds[1] / seconds[0]
    return Record(
        name="speed/wide",
        title="The default detector on 1000×1555",
        answer=f"Its fit takes {seconds[0]:.1f} s, imports left out.",
        figures=figures,
        tables={"wide": frame},
        claims={f"PyOD's takes at least {TIMES_PYOD} times as long.": figures["times"] >= 3}
        if "times" in figures
        else {},
        settings={"PyOD": "AutoEncoder with as many epochs", "Rows": "normal ones of InternetAds"},
    )


def detected(name, quick, seed):
    """Return the seconds of a fit on normal rows, and the AUROC of the others with anomalies."""
    data = datasets.load(f"{datasets.ANOMALIES}{WIDE}")
    normal = np.random.RandomState(seed).permutation(np.flatnonzero(data.y == 0))
    learned = normal[: 200 if quick else 1000]
    others = np.setdiff1d(np.arange(len(data.y)), learned)
    if name == "skae":
        from skae import ReconstructionOutlierDetector

        detector = ReconstructionOutlierDetector(random_state=seed)
        _, seconds = timed(detector.fit, data.X[learned])
        scores = -detector.score_samples(data.X[others])
    else:
        from pyod.models.auto_encoder import AutoEncoder

        detector = AutoEncoder(epoch_num=60, random_state=seed, verbose=0)
        _, seconds = timed(detector.fit, data.X[learned])
        scores = detector.decision_function(data.X[others])
    return seconds, roc_auc_score(data.y[others] == 1, scores)


MEASURED = {"starts": starts, "jobs": jobs, "wide": wide}
