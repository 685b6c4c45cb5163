"""Every public autoencoder, small: what the common tests run over. A new one is added here, once.

The rows that the common tests fit have 64 features, images of 8×8 pixels flattened, or sequences
of 8 steps with 8 features. `for_any_table` gives them for the tables that `check_estimator` brings.
"""

import joblib
import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits

from skae import (
    ConcreteAutoencoder,
    ContractiveAutoencoder,
    ConvAutoencoder,
    DenoisingAutoencoder,
    DenseAutoencoder,
    DenseNetwork,
    KerasAutoencoder,
    SequenceAutoencoder,
    SparseAutoencoder,
    VariationalAutoencoder,
)

# Without early stopping every epoch counts: no property holds only because PCA's start was kept.
_SMALL = {
    "epochs": 2,
    "batch_size": 16,
    "learning_rate": 1e-2,
    "early_stopping": False,
    "random_state": 0,
}


def dense_model(meta):
    """Build a Keras autoencoder with a code of 2 for rows of any shape."""
    return keras.Sequential(
        [
            keras.layers.Flatten(name="flatten"),
            keras.layers.Dense(8, activation="silu", name="hidden"),
            keras.layers.Dense(2, name="code"),
            keras.layers.Dense(8, activation="silu", name="mirrored"),
            keras.layers.Dense(meta["n_features_in_"], name="output"),
            keras.layers.Reshape(meta["X_shape_"][1:], name="reshape"),
        ],
        name="dense_model",
    )


_DENSE = DenseNetwork((8,))

AUTOENCODERS = {
    "ConcreteAutoencoder": ConcreteAutoencoder(2, network=_DENSE, **_SMALL),
    "ContractiveAutoencoder": ContractiveAutoencoder(2, contraction=0.1, network=_DENSE, **_SMALL),
    "ConvAutoencoder": ConvAutoencoder(2, image_shape=(8, 8), filters=(4,), **_SMALL),
    "DenoisingAutoencoder": DenoisingAutoencoder(2, network=_DENSE, **_SMALL),
    "DenseAutoencoder": DenseAutoencoder(2, hidden_layer_sizes=(8,), **_SMALL),
    "KerasAutoencoder": KerasAutoencoder(
        dense_model, code_layer="code", standardize=True, **_SMALL
    ),
    "SequenceAutoencoder": SequenceAutoencoder(2, sequence_shape=(8, 8), units=(4,), **_SMALL),
    "SparseAutoencoder": SparseAutoencoder(
        2, sparsity=1e-4, code_activation="linear", network=_DENSE, **_SMALL
    ),
    "VariationalAutoencoder": VariationalAutoencoder(2, network=_DENSE, **_SMALL),
}

# Those that `make test` tries common properties on: plain, with noise and penalty, and one's own.
CORE = {"DenseAutoencoder", "KerasAutoencoder", "VariationalAutoencoder"}

_ROW_SHAPES = ("image_shape", "sequence_shape")

# Estimators whose training does not start from PCA's reconstruction, each with the reason.
NOT_STARTED_FROM_PCA: dict[str, str] = {
    "ConcreteAutoencoder": "the code is a choice of features",
    "ContractiveAutoencoder": "a penalty is traded for reconstruction",
    "DenoisingAutoencoder": "noisy rows are monitored, not clean ones",
    "KerasAutoencoder": "the user's weights are the start",
    "SparseAutoencoder": "a penalty is traded for reconstruction, and the code is not linear",
    "VariationalAutoencoder": "probabilistic PCA, the start, shrinks codes towards zero",
}

# Checks of scikit-learn's that an estimator is expected to fail, each with the reason.
EXPECTED_FAILED_CHECKS = {
    "check_sample_weight_equivalence_on_dense_data": (
        "a row of weight 2 is one row of a minibatch, and two equal rows are two: the batches "
        "differ, so that no minibatch method passes"
    )
}

_COLUMNS = "codes are columns of X, in its units, and change only with the choice of columns"
_LIKELIHOOD = "scores of rows are bounds of log-likelihoods"

# Common tests that an estimator is exempt from, each with the reason.
EXEMPT = {
    "ConcreteAutoencoder": {
        "test_training_moves_the_weights": _COLUMNS,
        "test_models_map_rows_in_their_units": _COLUMNS,
        "test_scale_equivariance": _COLUMNS,
        "test_halves_of_a_copy_share_weights_with_its_whole": (
            "the choice stays the same when the log-odds of all features grow alike"
        ),
        "test_weights_say_which_rows_matter": _COLUMNS,
        "test_clone_has_the_parameters_and_nothing_else": "init='random' is no parameter of its",
        "test_sample_weight_is_routed": _COLUMNS,
    },
    "VariationalAutoencoder": {
        "test_constant_rows_are_reconstructed": "its code carries nothing then, of which it warns",
        "test_score_samples_is_minus_the_mean_squared_error_of_each_row": _LIKELIHOOD,
        "test_scores_of_rows_are_in_squared_units": _LIKELIHOOD,
    },
}


def digits(n=96):
    """Return digits as float64 rows of 64 pixels from 0 to 16, not writeable."""
    rows = load_digits().data[:n]
    rows.flags.writeable = False
    return rows


def state(estimator) -> str:
    """Return a digest of all that an estimator holds: parameters, weights, optimizer, history."""
    held = dict(vars(estimator))
    if "model_" in held:
        held["model_"] = [np.array(variable.value) for variable in held["model_"].variables]
    return joblib.hash(held)


def skip_without(estimator, parameter):
    """Skip the test if the estimator has no such parameter."""
    if parameter not in estimator.get_params():
        pytest.skip(f"{type(estimator).__name__} has no {parameter}")


def for_any_table(estimator):
    """Return an unfitted copy that takes rows of any width."""
    return clone(estimator).set_params(
        **{name: None for name in _ROW_SHAPES if name in estimator.get_params()}
    )
