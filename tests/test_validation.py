"""Bad input: one clear error that says expected, received and remedy, and nothing changed by it."""

import re
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from skae import DenseAutoencoder
from tests.estimators import digits, skip_without, state

X = digits(40)


# What the base does for all is tried on one.
dense_only = pytest.mark.parametrize("name", ["DenseAutoencoder"], indirect=True, scope="session")


def _with(value):
    rows = X.copy()
    rows[3, 5] = value
    return rows


# What is passed, and what the error must say: expected, received, remedy.
BAD_ROWS = {
    "NaN": (_with(np.nan), ["finite", r"contains NaN", "SimpleImputer"]),
    "inf": (_with(np.inf), ["finite", "contains infinity", "drop"]),
    "minus inf in float32": (
        _with(-np.inf).astype(np.float32),
        ["finite", "contains infinity", "drop"],
    ),
    "1e300": (_with(1e300), [r"expected magnitudes up to 3\.4e\+38", r"1\.0e\+300", "Rescale"]),
    "empty": (X[:0], ["minimum of 1", r"0 sample\(s\)", "at least one row"]),
    "no columns": (X[:, :0], ["minimum of 1", r"0 feature\(s\)", "at least one column"]),
    "1-D": (X[0], ["Expected 2D array", "got 1D array", "Reshape"]),
    "scalar": (3.0, ["Expected 2D array", "got scalar", "Reshape"]),
    "None": (None, ["Expected an array", "received None", "Pass"]),
    "strings": (np.full((4, 64), "a"), ["Expected an array", r"received ndarray", "Encode"]),
    "complex": (X + 1j, ["Expected an array", "Complex data not supported", "real and imaginary"]),
    "objects": (
        np.full((4, 64), {}, dtype=object),
        ["Expected an array", "not 'dict'", "Pass numbers"],
    ),
    "missing objects": (np.full((4, 64), None), ["finite", "contains NaN", "SimpleImputer"]),
    "ragged": ([[1.0, 2.0], [3.0]], ["Expected an array", "inhomogeneous", "the same length"]),
    "sparse": (scipy.sparse.csr_array(X), ["dense data is required", "Sparse data", "toarray"]),
    "n-D with NaN": (_with(np.nan).reshape(-1, 8, 8), ["finite", "contains NaN", "SimpleImputer"]),
    "n-D and empty": (
        np.empty((0, 8, 8)),
        ["minimum of 1", r"received ndarray of shape \(0, 8, 8\)", "at least one row"],
    ),
}
USES = ("transform", "reconstruct", "score_samples", "score", "fit", "partial_fit")


def _assert_refused(act, fragments):
    with pytest.raises((ValueError, TypeError)) as caught:
        act()
    for fragment in fragments:
        assert re.search(fragment, str(caught.value)), (fragment, str(caught.value))


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("kind", BAD_ROWS)
def test_fitted_estimator_refuses_bad_rows_and_stays_as_it_was(fitted, kind, use):
    rows, says = BAD_ROWS[kind]
    before = state(fitted)
    _assert_refused(lambda: getattr(fitted, use)(rows), says)
    assert state(fitted) == before


@dense_only
@pytest.mark.parametrize("use", ["fit", "partial_fit", "fit_transform"])
@pytest.mark.parametrize("kind", BAD_ROWS)
def test_unfitted_estimator_refuses_bad_rows_and_stays_unfitted(autoencoder, kind, use):
    rows, says = BAD_ROWS[kind]
    before = state(autoencoder)
    _assert_refused(lambda: getattr(autoencoder, use)(rows), says)
    assert state(autoencoder) == before
    with pytest.raises(NotFittedError):
        autoencoder.transform(X)


_FRAME = pd.DataFrame(X[:, :4], columns=list("abcd"))


@pytest.mark.parametrize(
    ("rows", "remedy"),
    [
        (X.view(np.matrix), r"Convert it with np\.asarray"),
        (_FRAME["a"], r"X\.to_frame\(\)"),
        (_FRAME.assign(e=pd.Timestamp("2026-01-01")), "Turn dates into numbers"),
        (_FRAME.assign(e=pd.Timedelta("1h")), "Turn times into numbers"),
        (_FRAME.set_axis(list("abca"), axis=1), "Name columns apart"),
        (_FRAME.set_axis(["a", 1, 2, 3], axis=1), r"Call X\.columns = X\.columns\.astype\(str\)"),
        ("rows.parquet", r"Open the file.*pyarrow\.dataset\.dataset\(path\)"),
        (Path("rows.parquet"), "Open the file"),
        ((row for row in X), r"Collect the rows first: np\.stack"),
        ({"a": [1.0, 2.0]}, r"Pass pandas\.DataFrame"),
        (_FRAME.assign(e="red"), "Encode categories, for instance with OneHotEncoder"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else value[:12],
)
def test_remedies_fit_what_was_passed(rows, remedy):
    with pytest.raises((TypeError, ValueError), match=remedy):
        DenseAutoencoder(2).fit(rows)


@pytest.mark.parametrize("use", [use for use in USES if use != "fit"])
def test_rows_of_another_width_are_refused(fitted, use):
    before = state(fitted)
    says = ["expecting 64 features", r"has 10 features", "columns seen at fit"]
    _assert_refused(lambda: getattr(fitted, use)(X[:, :10]), says)
    assert state(fitted) == before


@pytest.mark.parametrize("use", [use for use in USES if use != "fit"])
def test_columns_of_other_names_are_refused(autoencoder, use):
    frame = pd.DataFrame(X, columns=[f"p{i}" for i in range(64)])
    autoencoder.fit(frame)
    before = state(autoencoder)
    others = [frame.rename(columns={"p0": "q"}), frame[frame.columns[::-1]], frame.iloc[:, :10]]
    for other in others:
        says = ["should match those that were passed during fit", "received DataFrame", "order"]
        _assert_refused(lambda other=other: getattr(autoencoder, use)(other), says)
    assert state(autoencoder) == before


@pytest.mark.parametrize(
    ("codes", "says"),
    [
        ([[np.nan, 1.0]], ["n_components", "contains NaN"]),
        ([[np.inf, 1.0]], ["n_components", "contains infinity"]),
        ([[1e300, 1.0]], [r"3\.4e\+38", r"1\.0e\+300"]),
        ([1.0, 2.0], ["Expected 2D array", "got 1D array", "Reshape"]),
        ([[1.0, 2.0, 3.0]], ["expecting 2", "3 columns", "as transform returns them"]),
        ([["a", "b"]], ["n_components", "could not convert string"]),
        (np.empty((0, 2)), ["minimum of 1", r"0 sample\(s\)"]),
    ],
)
def test_bad_codes_are_refused(fitted, codes, says):
    before = state(fitted)
    _assert_refused(lambda: fitted.inverse_transform(codes), says)
    assert state(fitted) == before


@dense_only
@pytest.mark.parametrize(
    ("weights", "says"),
    [
        (np.zeros(40), ["expected at least one positive weight", "zero for every row"]),
        (-np.ones(40), ["[Nn]egative"]),
        (np.ones(39), [r"\(39,\)", r"40"]),
        (np.ones((40, 2)), ["must be 1D|1D array|Sample weights"]),
        (np.full(40, np.nan), ["NaN"]),
    ],
)
@pytest.mark.parametrize("use", ["fit", "partial_fit"])
def test_bad_weights_are_refused(fitted, weights, says, use):
    before = state(fitted)
    _assert_refused(lambda: getattr(fitted, use)(X, sample_weight=weights), says)
    assert state(fitted) == before


# ---- parameters -------------------------------------------------------------------------------

BAD_PARAMETERS = {
    "n_components": [0, -1, 1.5, "two"],
    "output_activation": ["nonsense", 3],
    "activation": ["nonsense", 3],
    "code_activation": ["nonsense", 3],
    "loss": ["nonsense", 3, None],
    "init": ["nonsense", None],
    "optimizer": ["nonsense", 3, None, keras.losses.Huber, lambda: keras.optimizers.SGD()],
    "learning_rate": [0, -1.0, np.nan, np.inf, "fast"],
    "epochs": [0, -1, 1.5, "3"],
    "batch_size": [0, -1, 1.5, "large", None],
    "shuffle": ["yes", 2, None],
    "validation_split": [-0.1, 1, 1.0, np.nan, "a", None],
    "early_stopping": [-1, 0, 1.5, "yes", None],
    "callbacks": [3, "nonsense", [3], ["nonsense"], {"a": 3}, [keras.losses.Huber]],
    "metrics": [3, "nonsense", keras.losses.Huber()],
    "warm_start": ["yes", 2, None],
    "random_state": [-1, 1.5, "seed"],
    "verbose": [-1, 3, "loud", None],
    "hidden_layer_sizes": [(0,), (-3,), (1.5,), ("a",), "ab", 0, None],
    "dropout": [-0.1, 1, "much", None],
    "kernel_regularizer": ["nonsense", 3],
}


@dense_only
@pytest.mark.parametrize(
    ("parameter", "value"),
    [(parameter, value) for parameter, values in BAD_PARAMETERS.items() for value in values],
    ids=lambda value: getattr(value, "__name__", repr(value).split(" at ")[0]),
)
def test_parameters_out_of_range_are_refused(fitted, parameter, value):
    """The error names the parameter, what it may be and what it is; the fitted codes stay."""
    skip_without(fitted, parameter)
    if value is None and type(fitted)().get_params()[parameter] is None:
        pytest.skip(f"None is the default of {type(fitted).__name__}")
    before, good = state(fitted), getattr(fitted, parameter)
    try:
        fitted.set_params(**{parameter: value})
        _assert_refused(
            lambda: fitted.fit(X), [parameter, "must be|[Ee]xpected", "[Gg]ot|received"]
        )
    finally:
        fitted.set_params(**{parameter: good})
    assert state(fitted) == before


def test_every_parameter_has_a_value_that_is_refused():
    assert set(DenseAutoencoder().get_params()) == set(BAD_PARAMETERS)


@pytest.mark.parametrize(
    ("activation", "scale"), [("sigmoid", 1), ("sigmoid", -1 / 16), ("tanh", 1)]
)
def test_rows_that_a_bounded_output_cannot_reach_are_refused(autoencoder, activation, scale):
    skip_without(autoencoder, "output_activation")
    says = [rf"output_activation='{activation}' reaches values from", "X has values", "Scale X"]
    _assert_refused(
        lambda: autoencoder.set_params(output_activation=activation).fit(scale * X), says
    )


def test_pca_start_that_is_impossible_is_refused(autoencoder):
    skip_without(autoencoder, "init")
    too_many = clone(autoencoder).set_params(init="pca", n_components=50)
    says = ["n_components of at most", "got n_components=50", "Use init='auto' or 'random'"]
    _assert_refused(lambda: too_many.fit(X), says)
    bounded = clone(autoencoder).set_params(init="pca", output_activation="sigmoid")
    says = ["linear", "output_activation='sigmoid'", "Use init='auto' or 'random'"]
    _assert_refused(lambda: bounded.fit(X / 16), says)
