"""Validation of input data: checked, flat and contiguous rows."""

import math
import os
import warnings
from collections.abc import Iterator, Mapping
from functools import partial

import numpy as np
from sklearn.utils.validation import check_array, validate_data

from skae._compat import check_sample_weight
from skae.data._blocks import BlockRows, Blocks
from skae.data._progress import shows_progress
from skae.data._sources import as_blocks, in_memory_or_blocks

_ROWS = "(n_samples, n_features)"
_CODES = "(n_samples, n_components), as transform returns them"

# The remedy for an error of scikit-learn's, by what its message says; the first that fits.
_REMEDIES = {
    "np.matrix": "Convert it with np.asarray(X).",
    "2-dimensional container": "Pass one column as X.to_frame().",
    "DateTime64": "Turn dates into numbers, such as (X[name] - X[name].min()).dt.total_seconds().",
    "TimeDelta64": "Turn times into numbers with X[name].dt.total_seconds().",
    "unique column names": "Name columns apart; X.columns[X.columns.duplicated()] are those alike.",
    "only supported if all": "Call X.columns = X.columns.astype(str).",
    "feature names": "Pass the columns seen at fit, under the same names and in the same order.",
    "expecting": "Pass the columns seen at fit.",
    "sample(s)": "Pass at least one row.",
    "feature(s)": "Pass at least one column.",
    "NaN": "Impute missing values (for instance with SimpleImputer) or drop their rows.",
    "infinity": "Replace infinite values or drop their rows.",
    "Complex": "Pass real and imaginary parts as columns of their own.",
    "Sparse": "Convert it with X.toarray().",
    "inhomogeneous": "Give every row the same length.",
    "with a sequence": "Give every row the same length.",
    "string to float": "Encode categories, for instance with OneHotEncoder.",
    "": "Pass numbers as an array, a DataFrame or a list of rows of the same length.",
}
_REMEDIES_OF_TYPES: dict[tuple[type, ...], str] = {
    (str, os.PathLike): (
        "Open the file, for instance with pandas.read_csv, or pyarrow.dataset.dataset(path) for "
        "more rows than fit memory."
    ),
    (Mapping,): "Pass pandas.DataFrame(X).",
    (Iterator,): "Collect the rows first: np.stack(list(X)).",
}


def _expected(shape: str) -> str:
    return f"Expected an array of finite numbers of shape {shape}"


def _explained(error: Exception, X, expected_shape: str) -> Exception:
    """Return scikit-learn's or NumPy's error with expected and received data, and a remedy."""
    shape = f" of shape {X.shape}" if hasattr(X, "shape") else ""
    remedy = _remedy_for(error, X)
    received = f"{type(X).__name__}{shape}"
    return type(error)(f"{error}\n{_expected(expected_shape)}, received {received}. {remedy}")


def _remedy_for(error, X):
    for types, remedy in _REMEDIES_OF_TYPES.items():
        if isinstance(X, types):
            return remedy
    return next(remedy for said, remedy in _REMEDIES.items() if said in str(error))


def _shape_of(X) -> tuple[int, ...]:
    if X is None:
        raise ValueError(f"{_expected(_ROWS)}, received None. Pass the rows as X.")
    try:
        return X.shape if hasattr(X, "shape") else np.asarray(X).shape
    except ValueError as error:
        raise _explained(error, X, _ROWS) from error


def validate_rows(estimator, X, *, reset: bool):
    r"""Return the rows as a finite 2-D float array, and the shape that a row had.

    Parameters
    ----------
    estimator : BaseEstimator
        Receives or is held against ``n_features_in_`` and ``feature_names_in_``.
    X : array-like of shape (n_samples, n_features) or (n_samples, \*row_shape)
    reset : bool
        True while fitting for the first time.

    Returns
    -------
    rows : ndarray of shape (n_samples, n_features), float32 or float64
    row_shape : tuple of int

    Raises
    ------
    ValueError, TypeError
        If X is not numeric, finite, two- or more-dimensional and as wide as at fit.
    """
    if not reset and _is_checked(estimator, X):
        return X, X.shape[1:]
    blocks = as_blocks(X)
    if blocks is not None and not isinstance(X, np.memmap):
        X = blocks.whole()
    shape = _shape_of(X)
    flat = X
    if len(shape) > 2:
        flat = np.asarray(X).reshape(shape[0], math.prod(shape[1:]))
    try:
        rows = validate_data(
            estimator, flat, reset=reset, dtype=[np.float64, np.float32], order="C"
        )
    except (TypeError, ValueError) as error:
        if "Reshape your data" in str(error):
            raise
        raise _explained(error, X, _ROWS) from error
    _check_float32_range(rows, type(estimator).__name__)
    return rows, shape[1:]


def _is_checked(estimator, X):
    """Tell whether X is as validation would return it, which takes .2 ms to say the same."""
    if type(X) is not np.ndarray or X.dtype not in (np.float32, np.float64):
        return False
    is_like_fit = X.ndim == 2 and X.shape[1] == getattr(estimator, "n_features_in_", None)
    if not is_like_fit or not X.size or hasattr(estimator, "feature_names_in_"):
        return False
    with np.errstate(all="ignore"):
        is_small = X.dtype == np.float32 or np.abs(X).max() <= np.finfo(np.float32).max
        return bool(X.flags.c_contiguous and is_small and np.isfinite(X.sum()))


def validate_rows_or_blocks(estimator, X, *, reset: bool):
    """Return rows and the shape that a row had, as ``validate_rows`` does, or blocks of rows.

    Rows stay blocks if they lie elsewhere than in memory and would not fit there; of these only
    the first are checked now, and the others as they are read.
    """
    X = in_memory_or_blocks(X)
    if not isinstance(X, Blocks):
        return validate_rows(estimator, X, reset=reset)
    _, first = next(X.pieces(), (0, np.empty((0, *X.shape[1:]))))
    validate_rows(estimator, first, reset=reset)
    is_counted = shows_progress(getattr(estimator, "verbose", 0))
    return BlockRows(X, partial(_rows_of_piece, estimator), is_counted), X.shape[1:]


def _rows_of_piece(estimator, piece):
    return validate_rows(estimator, piece, reset=False)[0]


def _check_float32_range(rows, name, received="X") -> None:
    if rows.dtype == np.float32:
        return
    largest = max(abs(rows.max(initial=0)), abs(rows.min(initial=0)))
    if largest > np.finfo(np.float32).max:
        raise ValueError(
            f"Input {received} contains infinity or a value too large for {name}: expected "
            f"magnitudes up to {np.finfo(np.float32).max:.1e} (float32), received {largest:.1e}. "
            "Rescale the data, for instance with StandardScaler."
        )


def check_row_shape(estimator, row_shape, expected) -> None:
    """Raise if n-dimensional rows have another shape than those seen at fit."""
    if len(row_shape) > 1 and len(expected) > 1 and row_shape != expected:
        raise ValueError(
            f"X has rows of shape {row_shape}, but {type(estimator).__name__} is expecting rows of "
            f"shape {expected}, as seen at fit. Reshape X, or pass flat rows."
        )


def validate_codes(estimator, Z, n_components: int):
    """Return codes as a float32 array of shape (n_samples, n_components).

    Raises
    ------
    ValueError, TypeError
        If Z is not numeric, finite and of that width.
    """
    name = type(estimator).__name__
    try:
        codes = check_array(
            Z, dtype=[np.float64, np.float32], order="C", input_name="Z", estimator=name
        )
    except (TypeError, ValueError) as error:
        if "Reshape your data" in str(error):
            raise
        raise _explained(error, Z, _CODES) from error
    if codes.shape[1] != n_components:
        raise ValueError(
            f"Z has {codes.shape[1]} columns, but {name} is expecting {n_components}: codes as "
            "transform returns them."
        )
    _check_float32_range(codes, name, received="Z")
    return codes.astype(np.float32, copy=False)


def drop_weightless(rows, sample_weight):
    """Return rows of positive weight, and their weights as float32 with mean 1, or None.

    Blocks of rows are all returned, with weights of 0 among the others.

    Raises
    ------
    ValueError
        If weights are negative, all zero or not one for each row.
    """
    if sample_weight is None:
        return rows, None
    weights = np.asarray(sample_weight)
    if weights.ndim == 1 and not weights.any():
        raise ValueError(
            "sample_weight is zero for every row: expected at least one positive weight, so that "
            "there is something to fit."
        )
    like_rows = np.broadcast_to(0.0, rows.shape)
    weights = check_sample_weight(
        sample_weight, like_rows, dtype=np.float64, ensure_non_negative=True
    )
    weights = weights / weights.max()  # whose sum is then no larger than their number
    kept = weights > 0
    if isinstance(rows, BlockRows):
        return rows, (weights / weights[kept].mean()).astype(np.float32)
    if not kept.all():
        rows, weights = rows[kept], weights[kept]
    return rows, (weights / weights.mean()).astype(np.float32)


def warn_of_ignored_targets(X, y) -> None:
    """Warn if y looks like rows to reconstruct instead of X: as many columns, other values."""
    if y is None or y is X or as_blocks(X) is not None:
        return
    try:
        rows, targets = np.asarray(X), np.asarray(y)
    except ValueError:  # y of rows of different lengths is no table
        return
    same_shape = targets.ndim > 1 and targets.shape == rows.shape and rows[:1].size > 1
    if same_shape and targets.dtype.kind in "biuf" and not np.array_equal(rows, targets):
        warnings.warn(
            f"y has the shape of X, {targets.shape}, and other values, but is ignored: an "
            "autoencoder reconstructs X itself. To learn to remove noise, pass the clean rows as X "
            "to DenoisingAutoencoder, which corrupts them in training; otherwise leave y out.",
            UserWarning,
            stacklevel=4,
        )
