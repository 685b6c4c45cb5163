"""Whitening: the directions in which rows differ, each in units of its usual spread."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.linalg import cholesky, solve_triangular

_RIDGE = 0.3  # of the mean variance; chosen over 20 tables, see docs/anomaly.md
_MAX_CONCENTRATIONS = 8


@dataclass(frozen=True, eq=False)
class Whitening:
    """A mean and a covariance in the form of axes along which rows have unit spread.

    Attributes
    ----------
    mean : ndarray of shape (n_features,)
    axes : ndarray of shape (n_features, n_features)
        U⁻¹ of the Cholesky factorisation UᵀU of the covariance plus a ridge. Principal axes would
        give the same distances and cost more.
    """

    mean: np.ndarray
    axes: np.ndarray

    @classmethod
    def of(cls, rows: np.ndarray, support_fraction: float = 1.0) -> Self:
        """Return mean and covariance of the rows, or of the share of them that lies closest.

        With a share below 1 this is the concentration step of the minimum covariance determinant
        [1]_, repeated from the plain estimate until the same rows are chosen twice: a cluster of
        anomalies among the rows then loses its pull.

        Parameters
        ----------
        rows : ndarray of shape (n_samples, n_features)
        support_fraction : float in (0, 1], default=1
            Share of the rows that the estimate is of.

        References
        ----------
        .. [1] Rousseeuw, P. J. and Van Driessen, K. (1999). A fast algorithm for the minimum
           covariance determinant estimator. Technometrics 41(3), 212-223.
        """
        whitening = cls._of_all(rows)
        n_chosen = int(np.ceil(support_fraction * len(rows)))
        if n_chosen == len(rows):
            return whitening
        chosen = np.empty(0, dtype=np.intp)
        for _ in range(_MAX_CONCENTRATIONS):
            before = chosen
            distances = whitening.squared_distances(rows)
            chosen = np.sort(np.argpartition(distances, n_chosen - 1)[:n_chosen])
            if np.array_equal(before, chosen):
                break
            whitening = cls._of_all(rows[chosen])
        return whitening

    @classmethod
    def _of_all(cls, rows):
        mean = rows.mean(axis=0)
        centred = rows - mean
        covariance = centred.T @ centred / len(rows)
        variances = np.einsum("ii->i", covariance)  # a view
        variances += _RIDGE * variances.mean() + np.finfo(np.float64).tiny
        factor = cholesky(covariance)
        return cls(mean, solve_triangular(factor, np.eye(len(factor))))

    def apply(self, rows: np.ndarray) -> np.ndarray:
        """Return whitened rows, of the same shape."""
        return (rows - self.mean) @ self.axes

    def squared_distances(self, rows: np.ndarray) -> np.ndarray:
        """Return the squared Mahalanobis distance of each row from the mean."""
        return np.square(self.apply(rows)).sum(axis=1)
