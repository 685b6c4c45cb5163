"""Export a pickled estimator, in a process that has TensorFlow: FILE.pickle FILE.onnx METHOD DTYPE.

The process that starts it wrote the pickle a moment before.
"""

import pickle
import sys
from pathlib import Path

from skae.io._onnx import export_onnx


def main(given: str, path: str, method: str, dtype: str) -> None:
    """Read the estimator and write the graph, or say on the standard output why not."""
    try:
        export_onnx(pickle.loads(Path(given).read_bytes()), path, method, dtype=dtype)
    except Exception as error:
        sys.stdout.write(f"{type(error).__name__}: {error}")
        sys.exit(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
