"""Conversion of rows to the DataFrames of ``set_output``."""

import numpy as np

from skae._compat import container_adapter


def framed(rows: np.ndarray, given, estimator):
    """Return rows in the container that transform gives, with the names of the features.

    Parameters
    ----------
    rows : ndarray of shape (n_samples, n_features), or n-dimensional, which stays an array
    given : array-like of n_samples
        What the rows were computed from; a pandas frame lends its index.
    estimator : estimator
        Fitted; its ``set_output`` counts, or else scikit-learn's ``transform_output``.
    """
    adapter = container_adapter("transform", estimator)
    if adapter is None or rows.ndim != 2:
        return rows
    return adapter.create_container(rows, given, columns=feature_names_of(estimator))


def feature_names_of(estimator):
    """Return the names seen at fit, or scikit-learn's names of columns without any."""
    default = np.array([f"x{i}" for i in range(estimator.n_features_in_)], dtype=object)
    return vars(estimator).get("feature_names_in_", default)
