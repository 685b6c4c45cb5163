"""Time and memory that skae's detector takes to score many rows."""

import time

import numpy as np
import pandas as pd

import skae
from benchmarks.workers import Worker, can_measure_memory, forget_peak, peak_mb, resident_mb

SIZES, QUICK_SIZES = (10_000, 100_000, 1_000_000), (5000, 20_000)
N_FEATURES, N_FACTORS = 30, 8
FITTED_ROWS = 10_000
REPEATS = 3


def costs_of_scoring(*, quick, seed):
    """Score more and more rows in a process of its own.

    Parameters
    ----------
    quick : bool
        Whether to score few.
    seed : int
        Seed of the rows and of the detector.

    Returns
    -------
    DataFrame
        Columns "rows", "seconds" (the least of three), "us_per_row", "rows_mb" (what the rows
        themselves take) and "memory_mb" (by how much scoring lifts the peak of the process; NaN
        where the system does not say).
    """
    worker = Worker()
    try:
        return pd.DataFrame(worker(_score_all, QUICK_SIZES if quick else SIZES, seed))
    finally:
        worker.close()


def _score_all(sizes, seed):
    rng = np.random.default_rng(seed)
    loadings = rng.normal(size=(N_FACTORS, N_FEATURES))
    detector = skae.ReconstructionOutlierDetector(random_state=seed)
    detector.fit(_rows(FITTED_ROWS, loadings, rng)).score_samples(_rows(FITTED_ROWS, loadings, rng))
    return [_score(detector, _rows(size, loadings, rng)) for size in sizes]


def _rows(n_rows, loadings, rng):
    rows = rng.normal(size=(n_rows, N_FACTORS)) @ loadings
    return (rows + 0.1 * rng.normal(size=rows.shape)).astype(np.float32)


def _score(detector, rows):
    lifts, seconds = [], []
    for _ in range(REPEATS):
        if can_measure_memory():
            forget_peak()
            before = resident_mb()
        start = time.perf_counter()
        detector.score_samples(rows)
        seconds.append(time.perf_counter() - start)
        lifts.append(peak_mb() - before if can_measure_memory() else np.nan)
    return {
        "rows": len(rows),
        "seconds": min(seconds),
        "us_per_row": 1e6 * min(seconds) / len(rows),
        "rows_mb": rows.nbytes / 2**20,
        "memory_mb": max(lifts),
    }
