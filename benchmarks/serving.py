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

import skae
from benchmarks import BenchmarkError, datasets, start_keras
from benchmarks.record import Record, finish

ONNX = "onnxruntime"
PROCESSES, ROWS = 3, 2000
MOST_SECONDS, MOST_MILLISECONDS = 1.0, 0.1

_CHILD = """
import sys, timeit
from statistics import median
import numpy as np
{load}
row = np.load(sys.argv[2])
answer(row)
print("ready", flush=True)
print(median(timeit.repeat(lambda: answer(row), repeat={rows}, number=1)), flush=True)
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
    detector = skae.ReconstructionOutlierDetector(random_state=0)
    rows = _measured(skae.DenseAutoencoder(2, random_state=0), "transform")
    table = pd.DataFrame([*rows, *_measured(detector, "predict")])
    slowest = table[table["served_by"] == ONNX][["first_result_s", "one_row_ms"]].max()
    seconds, milliseconds = slowest
    found = Record(
        "serving/onnx",
        "A process that serves one file",
        f"onnxruntime answers first after {seconds:.2f} s, then with one row in "
        f"{milliseconds:.3f} ms.",
        figures=slowest.to_dict(),
        tables={"serving": table},
        claims={
            f"onnxruntime starts within {MOST_SECONDS:g} s.": seconds <= MOST_SECONDS,
            f"It answers with one row within {MOST_MILLISECONDS:g} ms.": (
                milliseconds <= MOST_MILLISECONDS
            ),
        },
        settings={"Times": f"medians of {PROCESSES} processes, of {ROWS} calls in each"},
    )
    finish(found, "benchmarks.serving", [0])


def _measured(estimator, method):
    """Yield a row for each kind of file: seconds to the first answer and a row, medians."""
    X = datasets.training_rows("digits", 1797)
    estimator.fit(X)
    with tempfile.TemporaryDirectory() as folder:
        onnx, pickled, row = (Path(folder, name) for name in ("a.onnx", "a.joblib", "row.npy"))
        skae.export_onnx(estimator, onnx, method)
        joblib.dump(estimator, pickled)
        np.save(row, X[:1])
        served = {ONNX: (_ONNX, onnx), "skae": (_SKAE.replace("METHOD", method), pickled)}
        for kind, (load, path) in served.items():
            program = _CHILD.format(load=load, rows=ROWS)
            times = [_one_process(program, path, row) for _ in range(PROCESSES)]
            first, one_row = map(median, zip(*times, strict=True))
            tags = {"estimator": f"{estimator}.{method}", "served_by": kind}
            yield tags | {"first_result_s": first, "one_row_ms": 1e3 * one_row}


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
