"""Range of the codes of an estimator."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from skae._compat import num_samples
from skae.display._classes import sample_of_rows
from skae.display._rows import last_step, rows_at

_LOWEST_QUANTILE = 0.005
_MOST_ROWS = 10_000


@dataclass(frozen=True, eq=False)
class CodeRange:
    """The middle of the codes, and how far they reach.

    Attributes
    ----------
    center : ndarray of shape (n_components,)
    low, high : ndarray of shape (n_components,)
    normal : bool
        Whether codes are normally distributed by the model.
    """

    center: np.ndarray
    low: np.ndarray
    high: np.ndarray
    normal: bool

    @classmethod
    def of(cls, estimator, X, random_state) -> "CodeRange":
        """Return the prior's range, or that of the codes of some rows.

        Raises
        ------
        ValueError
            If there are no rows and no prior.
        """
        if _has_normal_prior(estimator):
            center = np.zeros(last_step(estimator).n_components)
            reach = np.full_like(center, norm.ppf(1 - _LOWEST_QUANTILE))
            return cls(center, -reach, reach, normal=True)
        if X is None:
            raise ValueError(
                "Expected X, rows whose codes say where to decode; only a VariationalAutoencoder "
                "knows that without them."
            )
        rows = sample_of_rows(num_samples(X), _MOST_ROWS, None, random_state)
        codes = np.asarray(estimator.transform(rows_at(X, rows))).reshape(len(rows), -1)
        low, center, high = np.quantile(
            codes, (_LOWEST_QUANTILE, 0.5, 1 - _LOWEST_QUANTILE), axis=0
        )
        return cls(center, low, high, normal=False)

    def steps(self, component: int, n: int) -> np.ndarray:
        """Return n values of one component: normal quantiles, or even steps."""
        if self.normal:
            return norm.ppf(np.linspace(_LOWEST_QUANTILE, 1 - _LOWEST_QUANTILE, n))
        return np.linspace(self.low[component], self.high[component], n)

    def check_components(self, components) -> None:
        """Raise if there are no such components."""
        chosen = np.asarray(components)
        if chosen.ndim != 1 or chosen.dtype.kind not in "iu" or not chosen.size:
            raise ValueError(f"Expected components as a sequence of int, got {components!r}.")
        if chosen.min() < 0 or chosen.max() >= len(self.center):
            raise ValueError(
                f"Expected components below {len(self.center)}, the size of the code, got "
                f"{components!r}."
            )


def _has_normal_prior(estimator):
    from skae import VariationalAutoencoder

    return isinstance(last_step(estimator), VariationalAutoencoder)
