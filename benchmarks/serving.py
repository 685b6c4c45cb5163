"""Compare a process that serves an ONNX file with one that serves the estimator itself.

`python -m benchmarks.serving` trains a default autoencoder and the default detector on digits,
writes both kinds of file, and starts processes that answer with one row. Its record is
``benchmarks/results/serving/onnx.json``.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import joblib
import numpy as np
import pandas as pd

from benchmarks import BenchmarkError, start_keras
from benchmarks.record import Record, finish

ONNX = "onnxruntime"
PROCESSES, ROWS = 3, 2000
MOST_SECONDS, MOST_MILLISECONDS = 1.0, 0.1

_CHILD = """
import sys, time
from statistics import median
import numpy as np
{load}
row = np.load(sys.argv[2])
answer(row)
print("ready", flush=True)
seconds = []
for _ in range({rows}):
    start = time.perf_counter()
    answer(row)
    seconds.append(time.perf_counter() - start)
print(median(seconds), flush=True)
"""
_ONNX = """
import onnxruntime
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(sys.argv[1], options)
answer = lambda row: session.run(None, {"X": row})[0]
assert "tensorflow" not in sys.modules
"""
_SKAE = """
import joblib
answer = joblib.load(sys.argv[1]).METHOD
"""


def main():
    """Measure both and write the record."""
    start_keras()
    from sklearn.datasets import load_digits

    import skae

    X, _ = load_digits(return_X_y=True)
    X = X.astype(np.float32)
    tasks = {
        "DenseAutoencoder(2)": (skae.DenseAutoencoder(2, random_state=0).fit(X), "transform"),
        "ReconstructionOutlierDetector()": (
            skae.ReconstructionOutlierDetector(random_state=0).fit(X),
            "predict",
        ),
    }
    start = time.perf_counter()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, (estimator, method) in tasks.items():
            for kind, seconds, row in _measured(estimator, method, X[:1], Path(folder)):
                times = {"first_result_s": seconds, "one_row_ms": 1e3 * row}
                rows.append({"estimator": f"{name}.{method}", "served_by": kind, **times})
    table = pd.DataFrame(rows)
    slowest = table[table["served_by"] == ONNX].drop(columns="estimator").max()
    found = Record(
        "serving/onnx",
        "A process that serves one file",
        f"onnxruntime answers first after {slowest['first_result_s']:.2f} s, then with one row in "
        f"{slowest['one_row_ms']:.3f} ms.",
        figures=slowest.drop("served_by").to_dict(),
        tables={"serving": table},
        claims={
            f"onnxruntime starts within {MOST_SECONDS:g} s.": (
                slowest["first_result_s"] <= MOST_SECONDS
            ),
            f"It answers with one row within {MOST_MILLISECONDS:g} ms.": (
                slowest["one_row_ms"] <= MOST_MILLISECONDS
            ),
        },
        settings={"Times": f"medians of {PROCESSES} processes, of {ROWS} calls in each"},
    )
    finish(found, "benchmarks.serving", [0], time.perf_counter() - start)


def _measured(estimator, method, row, folder):
    """Yield what serves, seconds to the first answer and seconds a row, medians of processes."""
    import skae

    paths = {ONNX: folder / "model.onnx", "skae": folder / "model.joblib"}
    skae.export_onnx(estimator, paths[ONNX], method)
    joblib.dump(estimator, paths["skae"])
    np.save(folder / "row.npy", row)
    programs = {ONNX: _ONNX, "skae": _SKAE.replace("METHOD", method)}
    for kind, load in programs.items():
        program = _CHILD.format(load=load, rows=ROWS)
        times = [_one_process(program, paths[kind], folder / "row.npy") for _ in range(PROCESSES)]
        yield kind, *map(median, zip(*times, strict=True))


def _one_process(program, *paths):
    start = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-c", program, *map(str, paths)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # TensorFlow's remarks
        text=True,
    ) as process:
        if process.stdout.readline() != "ready\n":
            raise BenchmarkError(f"The process that serves {paths[0].name} did not answer.")
        started = time.perf_counter() - start
        return started, float(process.stdout.readline())


if __name__ == "__main__":
    main()
