"""What `benchmarks.speed` measures of skae without an opponent; every function runs in a worker."""

import gc
import time
from concurrent.futures import ThreadPoolExecutor
from math import prod
from statistics import median

import numpy as np
from sklearn.decomposition import PCA

from benchmarks import start_keras, workers
from benchmarks.speed.tasks import training_rows

HIDDEN = (32,)  # of the network whose costs are drawn
XLA_STEPS = 2000  # from so many steps on, training is what it is for long
MOST_EPOCHS, FEWEST_EPOCHS = 100, 4
MATMUL_SIZE = 2048
PEAK_FEATURES = 256


def transform_times(rows, seed):
    """Time `transform` of many rows and of one, in turns with what it is compared with.

    Parameters
    ----------
    rows : int
        Rows of MNIST.
    seed : int
        Seed of the fits.

    Returns
    -------
    list of dict
        "task", "method", and "seconds", the median.
    """
    start_keras()
    import skae

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


def matmul_gflops():
    """Measure float32 matrix products.

    Returns
    -------
    dict
        "gflops", the best rate of several, in 10⁹ floating-point operations a second.
    """
    factor = np.ones((MATMUL_SIZE, MATMUL_SIZE), dtype=np.float32)
    seconds = min(_seconds(lambda: factor @ factor) for _ in range(7))
    return {"gflops": 2e-9 * MATMUL_SIZE**3 / seconds}


def epoch_cost(rows, features, batch_size, seed):
    """Measure an epoch of a dense network, compilation left out.

    Parameters
    ----------
    rows, features, batch_size : int
        Sizes of random data, and rows a step.
    seed : int
        Seed of data and fit.

    Returns
    -------
    dict
        The sizes, "parameters", "seconds" (the median epoch but the first) and "gflop", what an
        epoch multiplies and adds at least: 6 operations per parameter and row.
    """
    keras = start_keras()
    import skae

    marks = []
    epochs = -(-XLA_STEPS * batch_size // rows)
    autoencoder = skae.DenseAutoencoder(
        hidden_layer_sizes=HIDDEN,
        activation="relu",
        init="random",
        batch_size=batch_size,
        epochs=int(np.clip(epochs, FEWEST_EPOCHS, MOST_EPOCHS)),
        validation_split=0,
        early_stopping=False,
        callbacks=keras.callbacks.LambdaCallback(
            on_epoch_begin=lambda epoch, logs: marks.append(-time.perf_counter()),
            on_epoch_end=lambda epoch, logs: marks.append(time.perf_counter()),
        ),
        random_state=seed,
    ).fit(random_rows(rows, features, seed))
    parameters = sum(prod(weight.shape) for weight in autoencoder.model_.trainable_weights)
    return {
        "rows": rows,
        "features": features,
        "batch_size": batch_size,
        "parameters": parameters,
        "seconds": float(np.median(np.reshape(marks, (-1, 2)).sum(axis=1)[1:])),
        "gflop": 6e-9 * parameters * rows,
    }


def growth_over_fits(fits, seed):
    """Measure what the process holds before many small fits and after every tenth of them.

    Rows, learning rate and seed differ from fit to fit, as in a search.

    Parameters
    ----------
    fits : int
        How many, after ten that warm up.
    seed : int
        Seed of the first fit.

    Returns
    -------
    list of dict
        "fits" and "resident_mb".
    """
    start_keras()
    import skae

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
    """Measure how far one fit lifts the peak memory of its process, which has fitted before.

    Parameters
    ----------
    rows : int
        Rows of random data.
    dtype : {"float32", "float64"}
        Their type.
    seed : int
        Seed of data and fit.

    Returns
    -------
    dict
        "dtype", "rows", "float32_mb" (what the data are in float32) and "lift_mb".
    """
    start_keras()
    import skae

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


def fits_in_threads(n_threads, epochs, seed):
    """Fit as many estimators as threads, one after the other and then at once.

    Parameters
    ----------
    n_threads, epochs : int
        Threads, and epochs of each fit.
    seed : int
        Seed of the first; each has its own.

    Returns
    -------
    list of dict
        "seed", "difference" (the largest between the codes of the two fits) and "spread" (their
        standard deviation).
    """
    start_keras()
    import skae

    X = training_rows("digits", 1797)

    def codes(random_state):
        return skae.DenseAutoencoder(epochs=epochs, random_state=random_state).fit_transform(X)

    seeds = range(seed, seed + n_threads)
    one_by_one = list(map(codes, seeds))
    skae.clear_compiled_programs()
    with ThreadPoolExecutor(n_threads) as threads:
        at_once = list(threads.map(codes, seeds))
    return [
        {
            "seed": random_state,
            "difference": float(np.abs(alone - beside_others).max()),
            "spread": float(alone.std()),
        }
        for random_state, alone, beside_others in zip(seeds, one_by_one, at_once, strict=True)
    ]


def random_rows(rows, features, seed):
    """Return float32 normal rows."""
    return np.random.default_rng(seed).standard_normal((rows, features), dtype=np.float32)


def _seconds(step):
    start = time.perf_counter()
    step()
    return time.perf_counter() - start
