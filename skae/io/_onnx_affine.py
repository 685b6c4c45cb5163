"""scikit-learn's scalers and projections, as the affine maps that they are."""

import warnings

import numpy as np
import tensorflow as tf

_STEP = 2.0**30  # above the means of most features, so that differences round little
_TOLERANCE = 1e-9


class AffineMap:
    """A fitted transformer that maps x to xA + b, found by asking it.

    Parameters
    ----------
    transformer : estimator with ``transform`` and ``inverse_transform``

    Raises
    ------
    ValueError
        If it is no such map.
    """

    def __init__(self, transformer):
        self._transformer = transformer
        self.row_shape = (transformer.n_features_in_,)
        self._forward = _found(transformer.transform, transformer.n_features_in_, transformer)
        self.n_codes = self._forward[1].size

    def transform(self, rows: tf.Tensor) -> tf.Tensor:
        """Return xA + b, float64."""
        return _applied(self._forward, rows)

    def inverse_transform(self, rows: tf.Tensor) -> tf.Tensor:
        """Return what the transformer's own inverse gives, float64."""
        inverse = self._transformer.inverse_transform
        return _applied(_found(inverse, self.n_codes, self._transformer), rows)


def _applied(affine, rows):
    matrix, offset = affine
    rows = tf.cast(rows, tf.float64)
    gains = np.diag(matrix)
    is_diagonal = (
        np.count_nonzero(matrix) == np.count_nonzero(gains) and len(set(matrix.shape)) == 1
    )
    return (rows * gains if is_diagonal else rows @ matrix) + offset


def _found(function, n_inputs, transformer):
    """Return A and b, or raise."""
    rows = np.random.RandomState(0).standard_normal((32, n_inputs)) * 3
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "X does not have valid feature names")
            offset = np.asarray(function(np.zeros((1, n_inputs))), dtype=np.float64)
            matrix = (np.asarray(function(_STEP * np.eye(n_inputs))) - offset) / _STEP
            values = np.asarray(function(rows))
    except ValueError as error:
        raise _not_affine(transformer) from error
    size = np.abs(rows) @ np.abs(matrix) + np.abs(offset)
    if not (np.abs(rows @ matrix + offset - values) <= _TOLERANCE * size).all():
        raise _not_affine(transformer)
    return matrix, offset


def _not_affine(transformer):
    return ValueError(
        "Expected transformers whose methods are affine maps, such as StandardScaler or PCA, in a "
        "detector and for inverse_transform and reconstruct; received "
        f"{transformer!r}. Put it before the detector in a Pipeline, where skl2onnx converts it, "
        "or leave it out."
    )
