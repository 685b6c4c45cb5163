"""Rows as callers give them, as the estimators keep them: checked, flat and in order."""

import numpy as np
from sklearn.utils.validation import _check_sample_weight, check_array, validate_data

_REMEDY = (
    "Expected a numeric array of shape (n_samples, n_features), received {received}. Encode "
    "categories (for instance with OneHotEncoder), impute or drop missing values and give every "
    "row the same length."
)


def _described(X) -> str:
    shape = f" of shape {X.shape}" if hasattr(X, "shape") else ""
    return f"{type(X).__name__}{shape}"


def _shape_of(X) -> tuple[int, ...]:
    try:
        return X.shape if hasattr(X, "shape") else np.asarray(X).shape
    except ValueError as error:
        raise ValueError(f"{error} {_REMEDY.format(received='rows of unequal length')}") from error


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
    shape = _shape_of(X)
    if len(shape) > 2:
        X = np.asarray(X).reshape(shape[0], -1) if shape[0] else np.empty((0, 1))
    try:
        rows = validate_data(estimator, X, reset=reset, dtype=[np.float64, np.float32], order="C")
    except (TypeError, ValueError) as error:
        if "Expected" in str(error) or "expecting" in str(error):
            raise
        raise type(error)(f"{error}\n{_REMEDY.format(received=_described(X))}") from error
    _check_float32_range(rows, type(estimator).__name__)
    return rows, shape[1:]


def _check_float32_range(rows, name) -> None:
    largest = max(abs(rows.max(initial=0)), abs(rows.min(initial=0)))
    if largest > np.finfo(np.float32).max:
        raise ValueError(
            f"Input X contains infinity or a value too large for {name}: expected magnitudes up "
            f"to {np.finfo(np.float32).max:.1e} (float32), received {largest:.1e}. Rescale the "
            "data, for instance with StandardScaler."
        )


def validate_codes(estimator, Z, n_components: int):
    """Return codes as a float32 array of shape (n_samples, n_components).

    Raises
    ------
    ValueError, TypeError
        If Z is not numeric, finite and of that width.
    """
    name = type(estimator).__name__
    codes = check_array(Z, dtype=np.float32, order="C", input_name="Z", estimator=name)
    if codes.shape[1] != n_components:
        raise ValueError(
            f"Z has {codes.shape[1]} columns, but {name} is expecting {n_components}: codes as "
            "transform returns them."
        )
    return codes


def drop_weightless(rows, sample_weight):
    """Return rows of positive weight, and their weights as float32 with mean 1, or None.

    Raises
    ------
    ValueError
        If weights are negative, all zero or not one for each row.
    """
    if sample_weight is None:
        return rows, None
    weights = _check_sample_weight(sample_weight, rows, dtype=np.float64, ensure_non_negative=True)
    kept = weights > 0
    if not kept.any():
        raise ValueError(
            "sample_weight is zero for every row: expected at least one positive weight, so that "
            "there is something to fit."
        )
    if not kept.all():
        rows, weights = rows[kept], weights[kept]
    return rows, (weights / weights.mean()).astype(np.float32)
