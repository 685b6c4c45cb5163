"""How late a monitor finds a planted change, and how often it raises a false alarm.

Series are autoregressive; a detector of windows that do not overlap is trained once, and each
stream of windows is monitored from its beginning. Run with ``python -m benchmarks.anomaly.drift``.
"""

import argparse

import numpy as np
import pandas as pd
from scipy.signal import lfilter
from sklearn.decomposition import PCA

import skae
from benchmarks import start_keras
from benchmarks.record import Record, finish

WINDOW = 48
STREAMS, QUIET, AFTER = 300, 200, 300
LEVEL = 0.01
CHANGES = {
    "none": {},
    "level + 0.5 σ": {"level": 0.5},
    "level + 1 σ": {"level": 1.0},
    "noise × 1.2": {"noise": 1.2},
    "noise × 1.5": {"noise": 1.5},
    "correlation .9 → .8": {"correlation": 0.8},
}


def stream(n_windows, rng, *, level=0.0, noise=1.0, correlation=0.9):
    """Return windows of an autoregressive series of unit variance, changed as the numbers say."""
    shocks = np.sqrt(1 - correlation**2) * noise * rng.normal(size=(n_windows + 1) * WINDOW)
    return level + lfilter([1], [1, -correlation], shocks)[WINDOW:].reshape(-1, WINDOW)


def measure(change, detector, seed):
    """Return the share of false alarms before a change, and the delay after it."""
    rng = np.random.default_rng(seed)
    false, delays = 0, []
    for _ in range(STREAMS):
        monitor = skae.ConformalMonitor(detector, false_alarm_probability=LEVEL, random_state=seed)
        monitor.update(np.concatenate([stream(QUIET, rng), stream(AFTER, rng, **CHANGES[change])]))
        if monitor.alarm_ is not None and (change == "none" or monitor.alarm_ < QUIET):
            false += 1
        else:
            delays.append(np.inf if monitor.alarm_ is None else monitor.alarm_ - QUIET + 1)
    late = {"median delay": 0.5, "delay of 90 %": 0.9}
    delays = {name: np.quantile(delays, share, method="higher") for name, share in late.items()}
    found = {name: delay if np.isfinite(delay) else None for name, delay in delays.items()}
    return {"change": change, "false alarms": false / STREAMS, **found}


def main():
    """Measure every change and write the record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    seed = parser.parse_args().seed
    start_keras()
    training = stream(1500, np.random.default_rng(seed))
    detector = skae.ReconstructionOutlierDetector(PCA(8), calibration_size=500, random_state=seed)
    table = pd.DataFrame([measure(change, detector.fit(training), seed) for change in CHANGES])
    none = table.set_index("change").loc["none", "false alarms"]
    found = Record(
        "anomaly/drift",
        f"Delay in windows of {WINDOW} steps after a planted change",
        "A monitor finds most changes within some windows, and raises few false alarms.",
        figures={"false_alarms": float(none)},
        tables={"drift": table},
    )
    finish(found, "benchmarks.anomaly.drift", [seed])


if __name__ == "__main__":
    main()
