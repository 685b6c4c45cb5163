"""Thresholds on scores (higher is more normal), and the error rates that they guarantee."""

import numpy as np
from scipy.stats import false_discovery_control
from sklearn.metrics import precision_recall_curve

ROUNDING = 1e-9  # α (n + 1) is often an integer that floating point misses from below


def conformal_offset(
    calibration_scores: np.ndarray,
    false_positive_rate: float,
    weights: np.ndarray | None = None,
    new_weight: float = 1.0,
) -> float:
    """Return the offset below which a new normal row falls with at most a given probability.

    That is the k-th smallest of n calibration scores, k = ⌊α (n + 1)⌋: among n + 1 exchangeable
    scores the new one is equally likely to have any rank, so it is below with probability
    k / (n + 1) ≤ α at most, whatever the distribution. The probability is over the calibration
    rows too. With k = 0 the offset is −∞: so few rows cannot exclude any. With weights the new row
    has any of the ranks with a probability in proportion to them [2]_.

    Parameters
    ----------
    calibration_scores : ndarray of shape (n,)
        Scores of normal rows that the detector has not seen.
    false_positive_rate : float in (0, 1)
        α.
    weights : ndarray of shape (n,), default=None
        Of the calibration rows.
    new_weight : float, default=1
        Of the new row, or the largest that it may have.

    Returns
    -------
    offset : float

    References
    ----------
    .. [1] Vovk, V., Gammerman, A. and Shafer, G. (2005). Algorithmic Learning in a Random World.
       Springer.
    .. [2] Tibshirani, R. J., Barber, R. F., Candès, E. J. and Ramdas, A. (2019). Conformal
       prediction under covariate shift. NeurIPS.
    """
    ordered, below = _ordered(calibration_scores, weights)
    p_values = (below + new_weight) / (below[-1] + new_weight)
    n_allowed = (p_values <= false_positive_rate + ROUNDING).sum()
    return float(ordered[min(n_allowed, len(ordered)) - 1]) if n_allowed else -np.inf


def conformal_p_values(
    calibration_scores: np.ndarray,
    scores: np.ndarray,
    weights: np.ndarray | None = None,
    new_weights: np.ndarray | float = 1.0,
) -> np.ndarray:
    """Return (1 + number of calibration scores ≤ s) / (n + 1) for each score s, or so weighted.

    For a normal row, P(p ≤ α) ≤ α for every α.

    Parameters
    ----------
    calibration_scores : ndarray of shape (n,)
    scores : ndarray of shape (n_samples,)
    weights : ndarray of shape (n,), default=None
        Of the calibration rows.
    new_weights : ndarray of shape (n_samples,) or float, default=1
        Of the rows that are scored.

    Returns
    -------
    p_values : ndarray of shape (n_samples,)
        Unweighted from 1 / (n + 1) to 1.
    """
    ordered, below = _ordered(calibration_scores, weights)
    not_higher = below[np.searchsorted(ordered, scores, side="right")]
    return (not_higher + new_weights) / (below[-1] + new_weights)


def _ordered(scores, weights):
    """Return scores in order, and the weight of the first 0, 1, … of them."""
    weights = np.ones(len(scores)) if weights is None else weights
    order = np.argsort(scores, kind="stable")
    return scores[order], np.append(0.0, np.cumsum(weights[order]))


def benjamini_hochberg(p_values: np.ndarray, false_discovery_rate: float) -> np.ndarray:
    """Return which samples to report, with a bound on the false-discovery rate.

    The expected fraction of normal rows among those reported is at most the rate. Conformal
    p-values of rows that share their calibration rows depend on each other positively, which the
    procedure of Benjamini and Hochberg allows [1]_.

    Parameters
    ----------
    p_values : ndarray of shape (n_samples,)
    false_discovery_rate : float in (0, 1)

    Returns
    -------
    reported : ndarray of shape (n_samples,), bool

    References
    ----------
    .. [1] Bates, S., Candès, E., Lei, L., Romano, Y. and Sesia, M. (2023). Testing for outliers
       with conformal p-values. Annals of Statistics 51(1), 149-178.
    """
    if not len(p_values):
        return np.zeros(0, dtype=bool)
    return false_discovery_control(p_values) <= false_discovery_rate + ROUNDING


def quantile_offset(scores: np.ndarray, contamination: float) -> float:
    """Return the offset below which a fraction of the scores falls, as in scikit-learn."""
    return float(np.percentile(scores, 100 * contamination))


def best_f1_offset(scores: np.ndarray, is_anomaly: np.ndarray) -> float:
    """Return the offset whose reports have the highest harmonic mean of precision and recall.

    It lies half-way between two neighboring scores, so that no row lies on it.

    Parameters
    ----------
    scores : ndarray of shape (n_samples,)
    is_anomaly : ndarray of shape (n_samples,), bool

    Returns
    -------
    offset : float
    """
    precision, recall, thresholds = precision_recall_curve(is_anomaly, -scores)
    f1 = 2 * precision * recall / np.maximum(precision + recall, np.finfo(float).tiny)
    last_reported = -thresholds[np.argmax(f1[:-1])]
    above = scores[scores > last_reported]
    return float((last_reported + above.min()) / 2) if len(above) else float(np.inf)
