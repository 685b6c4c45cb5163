"""What `benchmarks.speed` measures of skae without an opponent; every function runs in a worker."""

import gc
import time
from statistics import median

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA

import skae
from benchmarks import start_keras, workers
from benchmarks.page import Finding
from benchmarks.record import Record
from benchmarks.speed.contestants import Skae
from benchmarks.speed.tasks import training_rows

HIDDEN = (32,)  # of the network whose costs are drawn
XLA_STEPS = 2000  # from so many steps on, training is what it is for long
MOST_EPOCHS, FEWEST_EPOCHS = 100, 4
PEAK_FEATURES = 256
TIMES_PCA, TIMES_PREDICT = 3, 50
MOST_US = 5
FLAT, FLAT_FROM = 1.3, 10_000
MOST_GROWTH_MB = 20
MOST_COPIES = 1.1  # of the data in float32; 1, and what measuring is worth
ROWS, QUICK_ROWS = (1000, 10_000, 100_000, 1_000_000), (1000, 10_000)
FEATURES, BATCH_SIZE = 64, 256
PEAKS = [(dtype, 2**n) for dtype in ("float32", "float64") for n in (17, 18, 19)]
NAMED_SCORES = (
    "ensemble",
    "squared_error",
    "absolute_error",
    "standardized_error",
    "worst_features",
    "local_error",
    "mahalanobis",
    "sap",
    "nap",
    "likelihood",
)
QUICK_PEAKS = [("float32", 2**14), ("float32", 2**15)]


def transform(quick, run, parts, seed):
    """Return the finding: encoding many samples and one, beside PCA and `Model.predict`."""
    rows = 2000 if quick else 60_000
    measured = parts("transform", run, Skae.name, Skae.environment, transform_times, rows, seed)
    frame = pd.DataFrame(measured)
    seconds = frame.set_index(["task", "method"])["seconds"]
    all_rows, one_row = frame["task"].unique()
    ours, of_pca = seconds[:, "skae 784-32-2"], seconds[:, "PCA(2)"]
    figures = {
        "times_pca": ours[all_rows] / of_pca[all_rows],
        "times_pca_default": seconds[all_rows, "skae, default network"] / of_pca[all_rows],
        "times_predict": seconds[one_row, "the same model's predict"] / ours[one_row],
        "one_row_ms": 1e3 * ours[one_row],
    }
    of_pca = frame["task"].map(of_pca)
    frame = frame.assign(milliseconds=1e3 * frame["seconds"], times_pca=frame["seconds"] / of_pca)
    return Finding(
        Record(
            name="speed/transform",
            title="Encoding",
            answer=f"transform takes {figures['times_pca']:.1f} times as long as PCA's, one sample "
            f"{figures['one_row_ms']:.2f} ms.",
            figures=figures,
            tables={"transform": frame.drop(columns="seconds")},
            claims={
                f"transform of {all_rows} through 784-32-2 takes at most {TIMES_PCA} times as long "
                "as PCA's.": figures["times_pca"] <= TIMES_PCA,
                f"transform of one row is at least {TIMES_PREDICT} times as fast as "
                "Model.predict.": figures["times_predict"] >= TIMES_PREDICT,
            },
            settings={"Times": "medians of 20 calls, in turns"},
        )
    )


def scaling(quick, run, parts, seed):
    """Return the finding: the time of an epoch, for more and more samples."""
    costs = pd.DataFrame(
        parts(f"scaling-{n}", run, Skae.name, Skae.environment, epoch_cost, n, seed)
        for n in (QUICK_ROWS if quick else ROWS)
    )
    costs["us_per_row"] = 1e6 * costs["seconds"] / costs["rows"]
    flat = flatness(costs)
    record = Record(
        name="speed/scaling",
        title="What an epoch costs",
        answer=f"From {FLAT_FROM:,} samples on, its time per sample varies {flat:.2f}-fold.",
        figures={"flatness": flat},
        tables={"scaling": costs},
        claims={f"From {FLAT_FROM:,} samples on it is flat within {FLAT:g}×.": flat <= FLAT},
        settings={"Network": f"{FEATURES}-32-2-32-{FEATURES}, compilation left out"},
    )
    return Finding(record)


def flatness(costs):
    """Return how many times slower the slowest row is than the fastest, over sets of all sizes."""
    chosen = costs[costs["rows"] >= FLAT_FROM]
    return float(chosen["us_per_row"].max() / chosen["us_per_row"].min())


def memory(quick, run, parts, seed):
    """Return the finding: what many fits leave behind, and how far one lifts the peak."""
    fits = 5 if quick else 200
    held = parts("growth", workers.alone, Skae.environment, growth_over_fits, fits, seed)
    peaks = [
        parts(f"peak-{d}-{n}", workers.alone, Skae.environment, peak_of_fit, n, d, seed)
        for d, n in (QUICK_PEAKS if quick else PEAKS)
    ]
    held, peaks = pd.DataFrame(held), pd.DataFrame(peaks)
    growth = float(held["resident_mb"].iloc[-1] - held["resident_mb"].iloc[0])
    slope, fixed = slope_and_intercept(peaks[peaks["dtype"] == "float32"])
    return Finding(
        Record(
            name="speed/memory",
            title="Memory",
            answer=f"{fits} small fits leave {growth:.0f} MB behind. One fit lifts the peak of its "
            f"process by {slope:.2f} MB per MB of float32 data, and {fixed:.0f} MB.",
            figures={"growth": growth, "slope": slope, "fixed": fixed},
            tables={"peaks": peaks, "growth": held},
            claims={
                f"{fits} fits grow the process by less than {MOST_GROWTH_MB} MB.": (
                    growth < MOST_GROWTH_MB
                ),
                f"The peak of a fit grows by at most {MOST_COPIES:g} MB per MB of data.": slope
                <= MOST_COPIES,
            },
            settings={"Processes": "a fresh one each, which had fitted something small"},
        )
    )


def slope_and_intercept(peaks):
    """Return by how much a fit lifts the peak per MB of data in float32, and the fixed rest."""
    slope, intercept = np.polyfit(peaks["float32_mb"], peaks["lift_mb"], 1)
    return float(slope), float(intercept)


def scoring(quick, run, parts, seed):
    """Return the finding: time and memory that the default detector takes for many samples."""
    sizes = (5000, 20_000) if quick else (10_000, 100_000, 1_000_000)
    costs = parts("scoring", workers.alone, Skae.environment, costs_of_scoring, sizes, seed)
    each = parts("scores", workers.alone, Skae.environment, costs_of_each_score, sizes[0], seed)
    costs, each = pd.DataFrame(costs), pd.DataFrame(each)
    first, last = costs.iloc[0], costs.iloc[-1]
    record = Record(
        name="speed/scoring",
        title="Scoring many samples of 30 features by the default detector",
        answer=f"A sample takes {last['us_per_row']:.1f} µs; {last['rows']:.0f} lift the peak by "
        f"{last['memory_mb']:.0f} MB.",
        figures=last.to_dict() | {"slowest_us": each["us_per_row"].max()},
        tables={"scoring": costs, "scores": each},
        claims={
            "Time per sample is flat.": last["us_per_row"] < 1.5 * first["us_per_row"],
            "Memory is bounded.": last["memory_mb"] < 64 + 0.5 * last["rows_mb"],
            f"Every score takes at most {MOST_US} µs a sample.": (
                each["us_per_row"].max() <= MOST_US
            ),
        },
    )
    return Finding(record)


FINDINGS = {"transform": transform, "scaling": scaling, "memory": memory, "scoring": scoring}


def transform_times(rows, seed):
    """Time `transform` of many rows and of one, in turns with what it is compared with."""
    start_keras()
    X = training_rows("mnist", rows)
    small = skae.DenseAutoencoder(
        hidden_layer_sizes=HIDDEN, activation="relu", init="random", epochs=1, random_state=seed
    ).fit(X)
    default = skae.DenseAutoencoder(epochs=1, random_state=seed).fit(X)
    pca = PCA(2, random_state=seed).fit(X)
    all_rows, one_row = f"{rows} rows", "one row"
    measured = {
        (all_rows, "PCA(2)"): lambda: pca.transform(X),
        (all_rows, "skae 784-32-2"): lambda: small.transform(X),
        (all_rows, "skae, default network"): lambda: default.transform(X),
        (one_row, "PCA(2)"): lambda: pca.transform(X[:1]),
        (one_row, "skae 784-32-2"): lambda: small.transform(X[:1]),
        (one_row, "the same model's predict"): lambda: small.encoder_.predict(X[:1], verbose=0),
    }
    seconds = {key: [] for key in measured}
    for turn in range(22):
        for key, step in measured.items():
            duration = _seconds(step)
            if turn >= 2:  # the first turns compile
                seconds[key].append(duration)
    return [
        {"task": task, "method": method, "seconds": median(seconds[task, method])}
        for task, method in measured
    ]


def epoch_cost(rows, seed):
    """Measure an epoch of a dense network, compilation left out."""
    keras = start_keras()
    marks = []
    epochs = -(-XLA_STEPS * BATCH_SIZE // rows)
    skae.DenseAutoencoder(
        hidden_layer_sizes=HIDDEN,
        activation="relu",
        init="random",
        batch_size=BATCH_SIZE,
        epochs=int(np.clip(epochs, FEWEST_EPOCHS, MOST_EPOCHS)),
        validation_split=0,
        early_stopping=False,
        callbacks=keras.callbacks.LambdaCallback(
            on_epoch_begin=lambda epoch, logs: marks.append(-time.perf_counter()),
            on_epoch_end=lambda epoch, logs: marks.append(time.perf_counter()),
        ),
        random_state=seed,
    ).fit(random_rows(rows, FEATURES, seed))
    return {"rows": rows, "seconds": float(np.median(np.reshape(marks, (-1, 2)).sum(axis=1)[1:]))}


def growth_over_fits(fits, seed):
    """Measure what the process holds before many small fits and after every tenth of them.

    Rows, learning rate and seed differ from fit to fit, as in a search.
    """
    start_keras()
    X = training_rows("digits", 1797)
    held, step = [], max(1, fits // 10)
    for fit in range(-10, fits + 1):
        if fit >= 0 and fit % step == 0:
            gc.collect()
            held.append({"fits": fit, "resident_mb": workers.resident_mb()})
        skae.DenseAutoencoder(
            hidden_layer_sizes=HIDDEN,
            epochs=3,
            batch_size=64,
            learning_rate=1e-3 * (1 + fit % 5),
            random_state=seed + 10 + fit,
        ).fit(X[: 1500 + fit])
    return held


def peak_of_fit(rows, dtype, seed):
    """Measure how far one fit lifts the peak memory of its process, which has fitted before."""
    start_keras()

    def fit(X):
        skae.DenseAutoencoder(
            hidden_layer_sizes=HIDDEN, epochs=2, batch_size=256, random_state=seed
        ).fit(X)

    fit(random_rows(1024, PEAK_FEATURES, seed).astype(dtype))
    X = random_rows(rows, PEAK_FEATURES, seed).astype(dtype, copy=False)
    gc.collect()
    workers.forget_peak()
    before = workers.resident_mb()
    fit(X)
    return {
        "dtype": dtype,
        "rows": rows,
        "float32_mb": 4 * X.size / 2**20,
        "lift_mb": workers.peak_mb() - before,
    }


def costs_of_scoring(sizes, seed):
    """Measure seconds, the least of three, and the lift of the peak, for more and more samples."""
    start_keras()
    rng, costs = np.random.default_rng(seed), []
    detector = skae.ReconstructionOutlierDetector(random_state=seed)
    detector.fit(near_a_plane(10_000, rng)).score_samples(near_a_plane(10_000, rng))
    for size in sizes:
        X = near_a_plane(size, rng)
        workers.forget_peak()
        before = workers.resident_mb()
        seconds = min(_seconds(lambda X=X: detector.score_samples(X)) for _ in range(3))
        lift = workers.peak_mb() - before
        costs.append((size, seconds, 1e6 * seconds / size, X.nbytes / 2**20, lift))
    return pd.DataFrame(costs, columns=["rows", "seconds", "us_per_row", "rows_mb", "memory_mb"])


def costs_of_each_score(size, seed):
    """Measure what every score takes for many samples and for one, medians."""
    start_keras()
    rng = np.random.default_rng(seed)
    training, X = near_a_plane(3000, rng), near_a_plane(size, rng)
    variational = skae.VariationalAutoencoder(8, epochs=1)
    cases = [
        *((None, name) for name in NAMED_SCORES),
        (None, skae.ResidualDistance()),
        (None, skae.RowDistance()),
        (None, skae.NeighborDistance()),
        (None, skae.NeighborDistance(5)),
        (None, skae.Isolation()),
        (None, skae.WorstFeaturesError(0.5)),
        (PCA(8), "ensemble"),
        *((skae.DenseAutoencoder(8, epochs=1), name) for name in ("squared_error", "nap")),
        *((variational, name) for name in ("squared_error", "ensemble", "likelihood")),
    ]
    costs = []
    for autoencoder, score in cases:
        detector = skae.ReconstructionOutlierDetector(autoencoder, score=score, random_state=seed)
        score_samples = detector.fit(training).score_samples
        many = _median_seconds(score_samples, X, 5)
        one = _median_seconds(score_samples, X[:1], 50)
        name = "default" if autoencoder is None else type(autoencoder).__name__
        costs.append((name, str(score), 1e6 * many / size, 1e3 * one))
    return pd.DataFrame(costs, columns=["autoencoder", "score", "us_per_row", "one_row_ms"])


def _median_seconds(function, rows, n_times):
    return median(_seconds(lambda: function(rows)) for _ in range(n_times))


def near_a_plane(rows, rng):
    """Draw samples of 30 features near a space of 8 dimensions, the same in every call."""
    loadings = np.random.default_rng(0).normal(size=(8, 30))
    X = rng.normal(size=(rows, 8)) @ loadings
    return (X + 0.1 * rng.normal(size=X.shape)).astype(np.float32)


def random_rows(rows, features, seed):
    return np.random.default_rng(seed).standard_normal((rows, features), dtype=np.float32)


def _seconds(step):
    start = time.perf_counter()
    step()
    return time.perf_counter() - start
