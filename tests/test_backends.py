"""What every autoencoder owes holds on JAX too."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("jax", reason="the backend is not installed")

# The common tests that meet the engine: training, copies, weights, any number of rows.
_SUBSET = " or ".join(
    [
        "test_scikit_learn_checks",
        "test_training_moves",
        "test_never_worse_than_pca",
        "test_score",
        "test_same_seed",
        "by_pickle",
        "test_partial_fit",
        "test_row_of_weight_zero",
        "test_any_number_of_rows",
        "test_epochs_are_those_of_keras_fit and (adam or SGD)",
        "test_interrupted",
    ]
)


@pytest.mark.slow
def test_common_tests_pass_on_jax():
    root = Path(__file__).parents[1]
    tests = [f"tests/{name}.py" for name in ("test_common", "test_training")]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-k", _SUBSET, *tests],
        cwd=root,
        env={key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
        | {"KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:]
    assert " passed" in done.stdout
