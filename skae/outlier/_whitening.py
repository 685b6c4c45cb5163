"""Whitening: rescale rows to unit covariance."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.linalg import cholesky, eigh, solve_triangular

from skae.data._products import product

_RIDGE = 0.3  # of the mean variance; chosen over 20 tables, see docs/anomaly.md
_SMALLEST_RIDGE = 1e-100  # of rows that are all alike; squared distances stay finite
_MAX_CONCENTRATIONS = 8
_CENTRAL = (5, 95)  # percent; what lies beyond may be anomalies
_NORMAL_RANGE = 3.29  # standard deviations between these percentiles of normal numbers


@dataclass(frozen=True, eq=False)
class Whitening:
    """A mean and a covariance in the form of axes along which rows have unit spread.

    Attributes
    ----------
    mean : ndarray of shape (n_features,)
    axes : ndarray of shape (n_features, n_features)
        U⁻¹ of the Cholesky factorization UᵀU of the covariance plus a ridge. Principal axes would
        give the same distances and cost more.
    spread : ndarray of shape (n_features,)
        Units of the features, in which the ridge counts.
    """

    mean: np.ndarray
    axes: np.ndarray
    spread: np.ndarray

    @classmethod
    def of(
        cls, rows: np.ndarray, spread: np.ndarray | float = 1.0, support_fraction: float = 1.0
    ) -> Self:
        """Return mean and covariance of the rows, or of the fraction that lies closest.

        With a fraction below 1 this is the concentration step of the minimum covariance determinant
        [1]_, repeated from the plain estimate until the same rows are chosen twice: a cluster of
        anomalies among the rows then loses its pull.

        Parameters
        ----------
        rows : ndarray of shape (n_samples, n_features)
        spread : ndarray of shape (n_features,) or float, default=1
            Units of the features: the ridge is a fraction of the mean variance in these units.
        support_fraction : float in (0, 1], default=1
            Fraction of the rows that the estimate uses.

        References
        ----------
        .. [1] Rousseeuw, P. J. and Van Driessen, K. (1999). A fast algorithm for the minimum
           covariance determinant estimator. Technometrics 41(3), 212-223.
        """
        spread = np.broadcast_to(spread, rows.shape[1:])
        whitening = cls._of_all(rows, spread)
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
            whitening = cls._of_all(rows[chosen], spread)
        return whitening

    @classmethod
    def _of_all(cls, rows, spread):
        mean = rows.mean(axis=0)
        centred = (rows - mean) / spread
        covariance = centred.T @ centred / len(rows)
        variances = np.einsum("ii->i", covariance)  # a view
        variances += max(_RIDGE * variances.mean(), _SMALLEST_RIDGE)
        factor = cholesky(covariance)
        axes = solve_triangular(factor, np.eye(len(factor))) / spread[:, None]
        return cls(mean, axes, spread)

    def apply(self, rows: np.ndarray) -> np.ndarray:
        """Return whitened rows, of the same shape."""
        return product(rows - self.mean, self.axes)

    def squared_distances(self, rows: np.ndarray) -> np.ndarray:
        """Return the squared Mahalanobis distance of each row from the mean."""
        return np.square(self.apply(rows)).sum(axis=1)

    def parts(self, differences: np.ndarray) -> np.ndarray:
        """Return the part of each feature in squared distances; they sum to it.

        They are squares of differences whitened by the symmetric root, of which each column stays
        as close as possible to its feature [1]_.

        Parameters
        ----------
        differences : ndarray of shape (n_samples, n_features)
            Of rows from the mean, or from other rows.

        Returns
        -------
        parts : ndarray of shape (n_samples, n_features)

        References
        ----------
        .. [1] Garthwaite, P. H. and Koch, I. (2016). Evaluating the contributions of individual
           variables to a quadratic form. Australian & New Zealand Journal of Statistics 58(1),
           99-119.
        """
        axes = self.axes * self.spread[:, None]
        values, vectors = eigh(axes @ axes.T)
        root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
        return np.square(differences / self.spread @ root)


def usual_spread(rows: np.ndarray) -> np.ndarray:
    """Return the spread of each feature: its standard deviation, if its central 90 % are normal.

    A feature of which these are alike, such as one that is rarely set, has its plain standard
    deviation; a constant one that of all.

    Parameters
    ----------
    rows : ndarray of shape (n_samples, n_features)

    Returns
    -------
    spread : ndarray of shape (n_features,)
    """
    low, high = np.percentile(rows, _CENTRAL, axis=0)
    spread = np.where(high > low, (high - low) / _NORMAL_RANGE, rows.std(axis=0))
    overall = np.sqrt(np.square(spread).mean()) or 1.0
    return np.where(np.ptp(rows, axis=0) > 0, spread, overall)
