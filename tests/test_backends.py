"""What every autoencoder owes holds on JAX too."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("jax", reason="the backend is not installed")

# The common tests that meet the engine, on one estimator, since JAX compiles anew for every shape;
# and one with convolutions, whose steps are taken one by one there.
_SUBSET = (
    "DenseAutoencoder and ("
    + " or ".join(
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
        ]
    )
    + ") or (ConvAutoencoder and test_partial_fit) or test_denoising"
)


@pytest.mark.slow
def test_common_tests_pass_on_jax(pytestconfig):
    root = Path(__file__).parents[1]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:xdist",
            "-k",
            _SUBSET,
            *(f"-W{rule}" for rule in pytestconfig.getoption("pythonwarnings") or ()),
            "tests/test_common.py",
            "tests/test_denoising.py",
        ],
        cwd=root,
        env={key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
        | {"KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:]
    assert " passed" in done.stdout
