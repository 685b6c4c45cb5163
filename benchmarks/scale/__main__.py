"""What does a row cost when the data do not fit memory? This measures it.

``python -m benchmarks.scale memory --rows 7500000`` and the like: one part a call, each a record in
``benchmarks/results``.
"""

import argparse
import resource
import shlex
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.record import RESULTS, Record, origin

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
    if kind == "memmap":
        shape = (n_rows, N_FEATURES)
        array = np.lib.format.open_memmap(folder / "rows.npy", "w+", np.float32, shape)
        for start, n in parts:
            array[start : start + n] = rows_of(n, start)
        array.flush()
        return lambda: np.load(folder / "rows.npy", mmap_mode="r")
    if kind == "zarr":
        import zarr

        array = zarr.create_array(
            folder / "rows.zarr", shape=(n_rows, N_FEATURES), chunks=(5000, N_FEATURES), dtype="f4"
        )
        for start, n in parts:
            array[start : start + n] = rows_of(n, start)
        return lambda: zarr.open_array(folder / "rows.zarr", mode="r")
    import pyarrow as pa
    import pyarrow.dataset
    import pyarrow.parquet

    (folder / "parts").mkdir()
    for start, n in parts:
        table = pa.table({f"x{i}": column for i, column in enumerate(rows_of(n, start).T)})
        pa.parquet.write_table(table, folder / "parts" / f"{start:010}.parquet")
    return lambda: pa.dataset.dataset(folder / "parts")


def autoencoder(epochs, callbacks=None, n_components=4):
    from skae import DenseAutoencoder

    return DenseAutoencoder(
        n_components,
        hidden_layer_sizes=(64,),
        epochs=epochs,
        batch_size=1024,
        early_stopping=False,
        random_state=0,
        callbacks=callbacks,
    )


def timed(function):
    start = time.perf_counter()
    value = function()
    return value, time.perf_counter() - start


def in_memory_of_its_own():
    """Return this process's memory, without pages of files, in megabytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024


class Peak(threading.Thread):
    """The largest memory of this process, looked at fifty times a second."""

    def __init__(self):
        super().__init__(daemon=True)
        self.peak = 0.0

    def run(self):
        while True:
            self.peak = max(self.peak, in_memory_of_its_own())
            time.sleep(0.02)


def memory(open_rows, arguments):
    """Train, score and transform under a limit of memory above that of the imports."""
    autoencoder(1)  # the imports
    import keras  # noqa: F401
    import tensorflow as tf  # noqa: F401

    start = in_memory_of_its_own()
    status = Path("/proc/self/status").read_text()
    in_use = next(1024 * int(line.split()[1]) for line in status.splitlines() if "VmData" in line)
    resource.setrlimit(resource.RLIMIT_DATA, (in_use + arguments.limit * MEGABYTE,) * 2)
    watch = Peak()
    watch.start()
    X = open_rows()
    # All codes are in memory at the end, so they are small.
    fitted, fit_seconds = timed(lambda: autoencoder(arguments.epochs, n_components=2).fit(X))
    score, score_seconds = timed(lambda: fitted.score(X))
    codes, transform_seconds = timed(lambda: fitted.transform(X))
    return {
        "peak_mb_above_imports": round(watch.peak - start),
        "codes_mb": round(codes.nbytes / MEGABYTE),
        "limit_mb": arguments.limit,
        "data_mb": round(4 * len(codes) * N_FEATURES / MEGABYTE),
        "fit_seconds": round(fit_seconds, 1),
        "score_seconds": round(score_seconds, 1),
        "transform_seconds": round(transform_seconds, 1),
        "score": round(score, 4),
    }


def epoch_seconds(X, epochs):
    """Return the median seconds of an epoch after the first, by the clock and of the processor."""
    import keras

    class Clock(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.start = np.array([time.perf_counter(), time.process_time()])

        def on_epoch_end(self, epoch, logs=None):
            now = np.array([time.perf_counter(), time.process_time()])
            seconds.append(now - self.start)

    seconds = []
    autoencoder(epochs, [Clock()]).fit(X)
    return np.median(seconds[1:], axis=0)


def stream(open_rows, arguments):
    """Compare epochs over a stream with epochs over the same rows in memory."""
    from skae.data import _memory

    X = open_rows()
    resident = epoch_seconds(X, arguments.epochs)
    _memory._LARGEST_SHARE = 0.0  # nothing fits
    streamed = epoch_seconds(X, arguments.epochs)
    return {
        "resident_epoch_seconds": resident.round(3).tolist(),
        "streamed_epoch_seconds": streamed.round(3).tolist(),
        "ratio": (streamed / resident).round(2).tolist(),
        "streamed_microseconds_a_row": (1e6 * streamed / arguments.rows).round(2).tolist(),
    }


def dask(open_rows, arguments):
    """Compare a lazy transform of a Zarr array on two workers with one."""
    import dask.array as da
    from distributed import Client, LocalCluster

    fitted = autoencoder(1).fit(open_rows()[:100_000])
    X = da.from_zarr(open_rows()).rechunk((50_000, N_FEATURES))
    seconds = {}
    for n_workers in (1, 2):
        with (
            LocalCluster(n_workers=n_workers, threads_per_worker=1, dashboard_address=None) as all_,
            Client(all_),
        ):
            fitted.transform(X[: n_workers * 100_000]).compute()  # each worker has compiled
            total, seconds[n_workers] = timed(lambda: fitted.transform(X).sum(axis=0).compute())
    local = fitted.transform(open_rows()).sum(axis=0)
    np.testing.assert_allclose(total, local, rtol=1e-3, atol=1e-3 * arguments.rows)
    return {
        "one_worker_seconds": round(seconds[1], 1),
        "two_workers_seconds": round(seconds[2], 1),
        "speedup": round(seconds[1] / seconds[2], 2),
    }


PARTS = {"memory": memory, "stream": stream, "dask": dask}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--kind", choices=("memmap", "zarr", "parquet"), default="memmap")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--limit", type=int, default=600)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    begin = time.perf_counter()
    try:
        found = PARTS[arguments.part](written(arguments.kind, folder, arguments.rows), arguments)
    finally:
        shutil.rmtree(folder)
    one = Record(
        f"scale/{arguments.part}_{arguments.kind}_{arguments.rows}",
        f"{arguments.part}, {arguments.rows:,} rows of {arguments.kind}",
        "",
        tables={"figures": pd.DataFrame(list(found.items()), columns=["figure", "value"])},
        settings={name: str(value) for name, value in vars(arguments).items()},
        origin=origin(
            shlex.join(["python", "-m", "benchmarks.scale", *sys.argv[1:]]),
            [0],
            time.perf_counter() - begin,
        ),
    )
    print(one.save(RESULTS), found)


if __name__ == "__main__":
    main()
