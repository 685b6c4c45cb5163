"""The global scale: standardization of the data, and its inverse."""

from dataclasses import dataclass

import numpy as np

from skae.data._blocks import BlockRows, weighted_pieces
from skae.data._chunks import chunks
from skae.data._memory import aligned_empty


def weighted_mean(rows: np.ndarray | BlockRows, sample_weight: np.ndarray | None) -> np.ndarray:
    """Return the mean of rows of shape (n, n_features), summed up in float64."""
    if isinstance(rows, BlockRows):
        return _moments(rows, sample_weight)[1]
    if sample_weight is None:
        return rows.mean(axis=0, dtype=np.float64)
    total = np.zeros(rows.shape[1])
    for chunk in chunks(*rows.shape):
        total += sample_weight[chunk].astype(np.float64) @ rows[chunk].astype(np.float64)
    return total / sample_weight.sum(dtype=np.float64)


@dataclass(frozen=True)
class GlobalScale:
    """Center every feature, divide all by one number.

    Attributes
    ----------
    mean : ndarray of shape (n_features,), float64
    scale : float
        Root of the mean variance of the features, so that standardized rows have mean variance 1.
    """

    mean: np.ndarray
    scale: float

    @classmethod
    def identity(cls, n_features: int) -> "GlobalScale":
        """Return the scale that changes nothing."""
        return cls(np.zeros(n_features), 1.0)

    @classmethod
    def of(cls, rows: np.ndarray | BlockRows, sample_weight: np.ndarray | None) -> "GlobalScale":
        """Return the scale of rows of shape (n, n_features)."""
        n_rows, mean, total = _moments(rows, sample_weight)
        scale = np.sqrt(total / n_rows)
        if not scale and isinstance(rows, np.ndarray) and np.ptp(rows, axis=0).any():
            raise ValueError(
                f"The values of X are within {np.ptp(rows, axis=0).max():.0e} of each other, whose "
                "square is zero in float64: expected larger units. Multiply X by a constant."
            )
        return cls(mean, float(scale) if scale > 0 else 1.0)

    def standardize(self, rows: np.ndarray, order: np.ndarray | None = None) -> np.ndarray:
        """Return (rows − mean) / scale as float32, rounded once.

        Parameters
        ----------
        rows : ndarray of shape (n, n_features)
        order : ndarray of int of shape (n,) or None
            Order to put them in. Without one, float32 rows that need no change are not copied.
        """
        if order is None and rows.dtype == np.float32 and self._changes_nothing:
            return rows
        standardized = aligned_empty(rows.shape)
        mean = self.mean.astype(rows.dtype)
        for chunk in chunks(*rows.shape):
            some = rows[chunk if order is None else order[chunk]]
            out = standardized[chunk]
            centred = np.subtract(some, mean, out=out if rows.dtype == np.float32 else None)
            np.divide(centred, self.scale, out=out, casting="same_kind")
        return standardized

    @property
    def _changes_nothing(self):
        return self.scale == 1 and not self.mean.any()

    def restore(self, standardized: np.ndarray) -> np.ndarray:
        """Return standardized · scale + mean as float32, in place."""
        for chunk in chunks(*standardized.shape, in_cache=False):
            standardized[chunk] = standardized[chunk] * self.scale + self.mean
        return standardized


def _moments(rows, sample_weight):
    """Return the sum of the weights, the mean, and Σ w ‖x − mean‖² over the features' number."""
    if isinstance(rows, BlockRows):
        return _moments_of_blocks(rows, sample_weight)
    n_rows = len(rows) if sample_weight is None else sample_weight.sum(dtype=np.float64)
    mean, total = weighted_mean(rows, sample_weight), 0.0
    for chunk in chunks(*rows.shape, in_cache=False):
        centred = rows[chunk] - mean
        squares = np.einsum("ij,ij->i", centred, centred) / rows.shape[1]
        total += squares.sum() if sample_weight is None else squares @ sample_weight[chunk]
    return n_rows, mean, total


def _moments_of_blocks(rows, sample_weight):
    """Combine the moments of pieces as Chan, Golub and LeVeque (1979) do."""
    n_rows, mean, total = 0.0, np.zeros(rows.shape[1]), 0.0
    for piece, weights in weighted_pieces(rows, sample_weight):
        if weights is not None and not weights.any():
            continue
        n_in_piece, mean_of_piece, total_of_piece = _moments(piece, weights)
        n_rows += n_in_piece
        share, change = n_in_piece / n_rows, mean_of_piece - mean
        mean += change * share
        total += total_of_piece + (change @ change) * share * (n_rows - n_in_piece) / len(mean)
    return n_rows, mean, total
