"""What `benchmarks.speed` measures of skae without an opponent; every function runs in a worker."""

import gc
from functools import partial
from statistics import median

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA

import skae
from benchmarks import start_keras, workers
from benchmarks.datasets import training_rows
from benchmarks.measures import epoch_seconds, timed
from benchmarks.record import Record
from benchmarks.speed.contestants import ON_TENSORFLOW, SKAE

HIDDEN = 32  # units of the network whose costs are shown
TIMES_PCA, TIMES_PREDICT = 3, 50
TIMES_PLAIN = 1.5
MOST_US = 5
MOST_GROWTH_MB, MOST_CLEARED_MB = 20, 100
NAMED_SCORES = (
    *("ensemble", "squared_error", "absolute_error", "standardized_error", "worst_features"),
    *("local_error", "mahalanobis", "sap", "nap", "likelihood"),
)
SHARED, FRESH = (SKAE.name, ON_TENSORFLOW), (None, ON_TENSORFLOW)
RANDOM = {
    "plain": lambda: skae.DenseAutoencoder(16, hidden_layer_sizes=(256, 128)),
    **{
        corruption: lambda corruption=corruption: skae.DenoisingAutoencoder(
            16, corruption=corruption, network=skae.DenseNetwork((256, 128))
        )
        for corruption in ("gaussian", "masking", "salt_and_pepper", "swap")
    },
    "contractive": lambda: skae.ContractiveAutoencoder(16, network=skae.DenseNetwork((256, 128))),
    "variational": lambda: skae.VariationalAutoencoder(16, network=skae.DenseNetwork((256, 128))),
}


def transform(quick, run, seed):
    """Return the record: encoding many samples and one, beside PCA and `Model.predict`."""
    rows = 2000 if quick else 60_000
    frame = pd.DataFrame(run("transform", SHARED, transform_times, rows, seed))
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
    return Record(
        name="speed/transform",
        title="Encoding",
        answer=f"transform takes {figures['times_pca']:.1f} times as long as PCA's, one sample "
        f"{figures['one_row_ms']:.2f} ms.",
        figures=figures,
        tables={"transform": frame.drop(columns="seconds")},
        claims={
            f"transform of {all_rows} through 784-32-2 takes at most {TIMES_PCA} times as long as "
            "PCA's.": figures["times_pca"] <= TIMES_PCA,
            f"transform of one row is at least {TIMES_PREDICT} times as fast as "
            "Model.predict.": figures["times_predict"] >= TIMES_PREDICT,
        },
        settings={"Times": "medians of 20 calls, in turns"},
    )


def epochs(quick, run, seed):
    """Return the record: epochs that draw random numbers or take Jacobians, beside a plain one."""
    rows, n_epochs = (256, 3) if quick else (2000, 30)
    frame = pd.DataFrame(
        run(f"epochs-{name}", SHARED, random_epoch, name, rows, n_epochs, seed) for name in RANDOM
    )
    frame["times_plain"] = frame["cpu_ms"] / frame["cpu_ms"][0]
    most = frame["times_plain"].max()
    return Record(
        name="speed/epochs",
        title="Epochs with random numbers or Jacobians",
        answer=f"They take up to {most:.1f} times as long as a plain epoch of the same network.",
        figures=frame.set_index("objective")["times_plain"].to_dict() | {"most": most},
        tables={"epochs": frame},
        claims={f"They take at most {TIMES_PLAIN:g} times as long.": most <= TIMES_PLAIN},
        settings={
            "Training": f"{rows} rows of MNIST, 784-256-128-16, batches of 128; median of "
            f"{n_epochs - 1} epochs"
        },
    )


def memory(quick, run, seed):
    """Return the record: what many fits leave behind, of one network and of many."""
    fits, architectures = (5, 2) if quick else (200, 40)
    growth = run("growth", FRESH, left_behind, fits, False, seed)
    cleared = run("architectures", FRESH, left_behind, architectures, True, seed)
    return Record(
        name="speed/memory",
        title="Memory",
        answer=f"{fits} small fits of one network leave {growth:.0f} MB behind; {architectures} "
        f"networks, once compiled programs are cleared, {cleared:.0f} MB.",
        figures={"growth": growth, "architectures": cleared},
        claims={
            f"{fits} fits leave less than {MOST_GROWTH_MB} MB.": growth < MOST_GROWTH_MB,
            f"{architectures} architectures, cleared, leave at most {MOST_CLEARED_MB} MB.": (
                cleared <= MOST_CLEARED_MB
            ),
        },
        settings={"Processes": "a fresh one each, which had fitted ten times"},
    )


def scoring(quick, run, seed):
    """Return the record: time and memory that the default detector takes for many samples."""
    sizes = (5000, 20_000) if quick else (10_000, 100_000, 1_000_000)
    costs = pd.DataFrame(run("scoring", FRESH, costs_of_scoring, sizes, seed))
    each = pd.DataFrame(run("scores", FRESH, costs_of_each_score, sizes[0], seed))
    first, last = costs.iloc[0], costs.iloc[-1]
    return Record(
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


MEASURED = {"transform": transform, "epochs": epochs, "memory": memory, "scoring": scoring}


def transform_times(rows, seed):
    """Time `transform` of many rows and of one, in turns with what it is compared with."""
    start_keras()
    X = training_rows("mnist", rows)
    small = skae.DenseAutoencoder(
        hidden_layer_sizes=(HIDDEN,), activation="relu", init="random", epochs=1, random_state=seed
    ).fit(X)
    default = skae.DenseAutoencoder(epochs=1, random_state=seed).fit(X)
    pca = PCA(2, random_state=seed).fit(X)
    all_rows, one_row = f"{rows} rows", "one row"
    measured = {
        (all_rows, "PCA(2)"): (pca.transform, X),
        (all_rows, "skae 784-32-2"): (small.transform, X),
        (all_rows, "skae, default network"): (default.transform, X),
        (one_row, "PCA(2)"): (pca.transform, X[:1]),
        (one_row, "skae 784-32-2"): (small.transform, X[:1]),
        (one_row, "the same model's predict"): (partial(small.encoder_.predict, verbose=0), X[:1]),
    }
    seconds = [[timed(*step)[1] for step in measured.values()] for _ in range(22)]
    return [
        {"task": task, "method": method, "seconds": median(of_step[2:])}  # the first two compile
        for (task, method), of_step in zip(measured, zip(*seconds, strict=True), strict=True)
    ]


def random_epoch(name, rows, n_epochs, seed):
    """Measure an epoch of an objective by the processor, and the loss that is reached."""
    start_keras()
    autoencoder = RANDOM[name]().set_params(
        epochs=n_epochs,
        batch_size=128,
        validation_split=0,
        early_stopping=False,
        random_state=seed,
    )
    _, seconds = epoch_seconds(autoencoder, training_rows("mnist", rows))
    loss = float(autoencoder.history_["loss"][-1])
    return {"objective": name, "cpu_ms": 1e3 * seconds, "training_loss": loss}


def left_behind(fits, networks_differ, seed):
    """Measure by how many MB many small fits lift what the process holds, cleared if they differ.

    Rows, learning rate and seed differ from fit to fit, as in a search.
    """
    start_keras()
    X = training_rows("digits", 1797)
    for fit in range(-10, fits):
        if fit == 0:
            gc.collect()
            before = workers.memory_mb()
        skae.DenseAutoencoder(
            hidden_layer_sizes=(HIDDEN + max(fit, 0) * networks_differ,),
            epochs=3,
            batch_size=64,
            learning_rate=1e-3 * (1 + fit % 5),
            random_state=seed + 10 + fit,
        ).fit(X[: 1500 + fit])
    if networks_differ:
        skae.clear_compiled_programs()
    gc.collect()
    return workers.memory_mb() - before


def costs_of_scoring(sizes, seed):
    """Measure seconds, the least of three, and the lift of the peak, for more and more samples."""
    start_keras()
    rng, costs = np.random.default_rng(seed), []
    detector = skae.ReconstructionOutlierDetector(random_state=seed)
    detector.fit(near_a_plane(10_000, rng)).score_samples(near_a_plane(10_000, rng))
    for size in sizes:
        X = near_a_plane(size, rng)
        seconds, lift = workers.lift_mb(_seconds, detector.score_samples, X, 3)
        costs.append((size, min(seconds), 1e6 * min(seconds) / size, X.nbytes / 2**20, lift))
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
        many = median(_seconds(score_samples, X, 5))
        one = median(_seconds(score_samples, X[:1], 50))
        name = "default" if autoencoder is None else type(autoencoder).__name__
        costs.append((name, str(score), 1e6 * many / size, 1e3 * one))
    return pd.DataFrame(costs, columns=["autoencoder", "score", "us_per_row", "one_row_ms"])


def _seconds(function, rows, n_times):
    return [timed(function, rows)[1] for _ in range(n_times)]


def near_a_plane(rows, rng):
    """Draw samples of 30 features near a space of 8 dimensions, the same in every call."""
    loadings = np.random.default_rng(0).normal(size=(8, 30))
    X = rng.normal(size=(rows, 8)) @ loadings
    return (X + 0.1 * rng.normal(size=X.shape)).astype(np.float32)
