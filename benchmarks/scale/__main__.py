"""What does a row cost when the data do not fit memory? This measures it.

``python -m benchmarks.scale memory --rows 7500000`` and the like: one part a call, each a record in
``benchmarks/results``.
"""

import argparse
import resource
import tempfile
import threading
import time
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

import skae
from benchmarks import datasets
from benchmarks.measures import epoch_seconds, timed, variance_reconstructed
from benchmarks.record import Record, finish
from benchmarks.workers import memory_mb

N_FEATURES = 100
MEGABYTE = 2**20


def rows_of(n_rows, seed):
    """Return rows on a curved sheet with noise, float32 of shape (n_rows, 100)."""
    rng = np.random.default_rng(seed)
    maps = np.random.default_rng(0).normal(size=(3, 5, N_FEATURES)).astype(np.float32)
    codes = rng.normal(size=(n_rows, 5)).astype(np.float32)
    rows = codes @ maps[0] + np.sin(2 * codes) @ maps[1] + codes**2 @ maps[2]
    return rows + rng.normal(0, 0.3, rows.shape).astype(np.float32)


def written(kind, folder, n_rows, n_at_once=100_000):
    """Write rows to disk, part by part, and return what opens them."""
    parts = [(start, min(n_at_once, n_rows - start)) for start in range(0, n_rows, n_at_once)]
    if kind == "parquet":
        import pyarrow.dataset

        for start, n in parts:
            frame = pd.DataFrame(rows_of(n, start)).rename(columns="x{}".format)
            frame.to_parquet(folder / f"{start:010}.parquet")
        return lambda: pyarrow.dataset.dataset(folder)
    path, shape = folder / "rows", (n_rows, N_FEATURES)
    if kind == "memmap":
        array = np.lib.format.open_memmap(path, "w+", np.float32, shape)
        opened = partial(np.load, path, mmap_mode="r")
    else:
        import zarr

        # Numbers with noise do not get smaller by compression.
        array = zarr.create_array(
            path, shape=shape, chunks=(5000, N_FEATURES), dtype="f4", compressors=None
        )
        opened = partial(zarr.open_array, path, mode="r")
    for start, n in parts:
        array[start : start + n] = rows_of(n, start)
    return opened


def autoencoder(epochs, n_components=4):
    return skae.DenseAutoencoder(
        n_components,
        hidden_layer_sizes=(64,),
        epochs=epochs,
        batch_size=1024,
        early_stopping=False,
        random_state=0,
    )


def watch(found):
    """Append the memory of this process, without pages of files, 50 times a second."""
    while True:
        found.append(memory_mb("RssAnon"))
        time.sleep(0.02)


def memory(open_rows, arguments):
    """Train, score and transform under a limit of memory above that of the imports."""
    autoencoder(1)  # imports Keras and its backend
    start = memory_mb("RssAnon")
    limit = round(memory_mb("VmData") + arguments.limit) * MEGABYTE
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    in_use = []
    threading.Thread(target=watch, args=[in_use], daemon=True).start()
    X = open_rows()
    # All codes are in memory at the end, so they are small.
    fitted, fit_seconds = timed(autoencoder(arguments.epochs, n_components=2).fit, X)
    score, score_seconds = timed(fitted.score, X)
    codes, transform_seconds = timed(fitted.transform, X)
    return {
        "peak_mb_above_imports": round(max(in_use) - start),
        "codes_mb": round(codes.nbytes / MEGABYTE),
        "limit_mb": arguments.limit,
        "data_mb": round(4 * len(codes) * N_FEATURES / MEGABYTE),
        "fit_seconds": round(fit_seconds, 1),
        "score_seconds": round(score_seconds, 1),
        "transform_seconds": round(transform_seconds, 1),
        "score": round(score, 4),
    }


def stream(open_rows, arguments):
    """Compare epochs over a stream with epochs over the same rows in memory."""
    X = open_rows()
    resident = epoch_seconds(autoencoder(arguments.epochs), X)
    stream_everything()
    streamed = epoch_seconds(autoencoder(arguments.epochs), X)
    return {
        "resident_epoch_seconds": resident.round(3).tolist(),
        "streamed_epoch_seconds": streamed.round(3).tolist(),
        "ratio": (streamed / resident).round(2).tolist(),
        "streamed_microseconds_a_row": (1e6 * streamed / arguments.rows).round(2).tolist(),
    }


def order(arguments):
    """Compare digits that are sorted by class and streamed with shuffled ones in memory."""
    mnist = datasets.load("mnist")
    X, test = mnist.X[: mnist.n_train], mnist.X[mnist.n_train :]
    X_sorted = X[np.argsort(mnist.y[: mnist.n_train], kind="stable")]

    def held_out_r2(X):
        fitted = autoencoder(arguments.epochs, n_components=16).fit(X)
        return variance_reconstructed(test, fitted.reconstruct(test), X.mean(axis=0))

    shuffled = held_out_r2(np.random.default_rng(0).permutation(X))
    stream_everything()
    streamed = held_out_r2(X_sorted)
    return {"sorted_streamed_r2": round(streamed, 4), "shuffled_in_memory_r2": round(shuffled, 4)}


def dask(open_rows, arguments):
    """Compare lazy transforms of a Zarr array, and scores of a fifth, on two workers with one."""
    import dask.array as da
    from distributed import Client

    sample = open_rows()[:100_000]
    detector = skae.ReconstructionOutlierDetector(autoencoder(1), random_state=0).fit(sample)
    X = da.from_zarr(open_rows()).rechunk((50_000, N_FEATURES))
    parts = {"transform": X, "score": X[: len(X) // 5]}
    methods = {"transform": autoencoder(1).fit(sample).transform, "score": detector.score_samples}
    seconds = {}
    for n_workers in (1, 2):
        with Client(n_workers=n_workers, threads_per_worker=1, dashboard_address=None):
            for name, method in methods.items():
                method(X[: n_workers * 100_000]).compute()  # each worker has compiled
                lazy = method(parts[name]).sum(axis=0)
                seconds[name, n_workers] = timed(lazy.compute)[1]
    found = {}
    for name in methods:
        found[f"{name}_one_worker_seconds"] = round(seconds[name, 1], 1)
        found[f"{name}_two_workers_seconds"] = round(seconds[name, 2], 1)
        found[f"{name}_speedup"] = round(seconds[name, 1] / seconds[name, 2], 2)
    return found


def stream_everything():
    """Let no data count as small enough to be trained on in memory."""
    from skae.data import _memory

    _memory._LARGEST_SHARE = 0.0


PARTS = {"memory": memory, "stream": stream, "dask": dask}  # of rows on disk


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=[*PARTS, "order"])
    parser.add_argument("--kind", choices=("memmap", "zarr", "parquet"), default="memmap")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--limit", type=int, default=600)
    arguments = parser.parse_args()
    if arguments.part == "order":
        arguments.kind, arguments.rows = "mnist", 60_000
        found = order(arguments)
    else:
        with tempfile.TemporaryDirectory() as folder:
            open_rows = written(arguments.kind, Path(folder), arguments.rows)
            found = PARTS[arguments.part](open_rows, arguments)
    record = Record(
        f"scale/{arguments.part}_{arguments.kind}_{arguments.rows}",
        f"{arguments.part}, {arguments.rows:,} rows of {arguments.kind}",
        "",
        tables={"figures": pd.DataFrame(list(found.items()), columns=["figure", "value"])},
        settings={name: str(value) for name, value in vars(arguments).items()},
    )
    finish(record, "benchmarks.scale", [0])


if __name__ == "__main__":
    main()
