"""The global scale: rows to the units that networks train in, and back."""

from dataclasses import dataclass

import numpy as np

_ROWS_AT_ONCE = 4096


@dataclass(frozen=True)
class GlobalScale:
    """Centre every feature, divide all by one number.

    Attributes
    ----------
    mean : ndarray of shape (n_features,), float64
    scale : float
        Root of the mean variance of the features, so that standardised rows have mean variance 1.
    """

    mean: np.ndarray
    scale: float

    @classmethod
    def identity(cls, n_features: int) -> "GlobalScale":
        """Return the scale that changes nothing."""
        return cls(np.zeros(n_features), 1.0)

    @classmethod
    def of(cls, rows: np.ndarray, sample_weight: np.ndarray | None) -> "GlobalScale":
        """Return the scale of rows of shape (n, n_features)."""
        mean = (
            np.average(rows, axis=0, weights=sample_weight)
            if sample_weight is not None
            else (rows.mean(axis=0, dtype=np.float64))
        )
        total = 0.0
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            chunk = slice(start, start + _ROWS_AT_ONCE)
            squares = np.square(rows[chunk] - mean).mean(axis=1)
            total += squares.sum() if sample_weight is None else squares @ sample_weight[chunk]
        scale = np.sqrt(total / len(rows))
        return cls(mean, float(scale) if scale > 0 else 1.0)

    def standardize(self, rows: np.ndarray) -> np.ndarray:
        """Return (rows − mean) / scale as float32, rounded once."""
        standardized = np.empty(rows.shape, dtype=np.float32)
        mean = self.mean.astype(rows.dtype)
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            chunk = slice(start, start + _ROWS_AT_ONCE)
            centred = rows[chunk] - mean
            np.divide(centred, self.scale, out=standardized[chunk], casting="same_kind")
        return standardized

    def restore(self, standardized: np.ndarray) -> np.ndarray:
        """Return standardized · scale + mean as float32, in place."""
        for start in range(0, len(standardized), _ROWS_AT_ONCE):
            chunk = slice(start, start + _ROWS_AT_ONCE)
            standardized[chunk] = standardized[chunk] * self.scale + self.mean
        return standardized
