"""Labels and p-values of a detector with calibration scores, and how its threshold is set."""

import warnings
from abc import ABC, abstractmethod
from numbers import Real
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import OutlierMixin
from sklearn.utils.validation import check_is_fitted

from skae._compat import Interval, StrOptions, validate_parameter_constraints
from skae._parameters import as_it_is
from skae.data._mapping import over_blocks
from skae.outlier import _thresholds

_AUTO_FALSE_POSITIVE_RATE = 0.05
_THRESHOLD_CONSTRAINTS = {
    "offset": [Interval(Real, -np.inf, np.inf, closed="both"), None],
    "contamination": [StrOptions({"auto"}), Interval(Real, 0, 0.5, closed="right"), None],
    "false_positive_rate": [Interval(Real, 0, 1, closed="neither"), None],
}


class CalibratedDetector(OutlierMixin, ABC):
    """Thresholds, labels and p-values over ``score_samples``.

    Subclasses learn ``calibration_scores_`` and ``fit_scores_``, and then call ``_set_offset``.
    """

    calibration_scores_: np.ndarray
    calibration_weights_: np.ndarray | None
    new_weight_: float
    fit_scores_: np.ndarray
    offset_: float

    @abstractmethod
    def score_samples(self, X: ArrayLike) -> np.ndarray:
        """Return how normal each sample is."""

    def decision_function(self, X: ArrayLike) -> np.ndarray:
        r"""Return ``score_samples(X) - offset_``: negative for outliers.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, \*row_shape)

        Returns
        -------
        decision : ndarray of shape (n_samples,), float64

        Raises
        ------
        ValueError
            As in ``score_samples``.
        """
        used = as_it_is(self)
        return used.score_samples(X) - used.offset_

    def predict(self, X: ArrayLike) -> np.ndarray:
        r"""Return −1 for outliers and 1 for inliers.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, \*row_shape)

        Returns
        -------
        labels : ndarray of shape (n_samples,), int

        Raises
        ------
        ValueError
            As in ``score_samples``.
        """
        check_is_fitted(self)
        return over_blocks(as_it_is(self)._labels, X, (), dtype=int)

    def _labels(self, X):
        return np.where(self.decision_function(X) < 0, -1, 1)

    def p_values(self, X: ArrayLike, sample_weight: ArrayLike | None = None) -> np.ndarray:
        r"""Return conformal p-values: P(p ≤ α) ≤ α for a normal sample and every α.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, \*row_shape)
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of these samples, on the scale of those passed to ``fit``. None uses
            ``new_weight_`` for each.

        Returns
        -------
        p_values : ndarray of shape (n_samples,), float64
            From 1 / (n_calibration + 1) to 1; small for outliers.

        Raises
        ------
        ValueError
            As in ``score_samples``, or if the weights are not one for each sample, finite and not
            negative.
        """
        check_is_fitted(self)
        if sample_weight is not None:
            return as_it_is(self)._p_values(X, sample_weight)
        return over_blocks(as_it_is(self)._p_values, X, (), dtype=np.float64)

    def _p_values(self, X, sample_weight=None):
        scores = np.asarray(self.score_samples(X))
        weights = self.new_weight_
        if sample_weight is not None:
            weights = _checked_new_weights(sample_weight, len(scores))
        return _thresholds.conformal_p_values(
            self.calibration_scores_,
            scores,
            self.calibration_weights_,
            weights,
        )

    def discoveries(self, X: ArrayLike, false_discovery_rate: float = 0.1) -> np.ndarray:
        r"""Return the outliers in X with a bound on the false-discovery rate.

        This is the procedure of Benjamini and Hochberg on ``p_values``. Unlike in ``predict``, the
        result for one sample depends on the other samples.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, \*row_shape)
        false_discovery_rate : float in (0, 1), default=0.1
            Largest expected fraction of normal samples among those returned as outliers.

        Returns
        -------
        is_outlier : ndarray of shape (n_samples,), bool

        Raises
        ------
        ValueError
            If the rate is out of range, or as in ``score_samples``.

        Warns
        -----
        UserWarning
            If rows have the smallest p-value there is, 1 / (n_calibration + 1), and are too few to
            be reported among as many others.
        """
        if not 0 < false_discovery_rate < 1:
            raise ValueError(
                "Expected false_discovery_rate between 0 and 1; received "
                f"{false_discovery_rate}. Pass for instance 0.1."
            )
        used = as_it_is(self)
        p_values = np.asarray(used.p_values(X))
        is_outlier = _thresholds.benjamini_hochberg(p_values, false_discovery_rate)
        if not is_outlier.any():
            used._warn_of_coarse_p_values(p_values, false_discovery_rate)
        return is_outlier

    def _warn_of_coarse_p_values(self, p_values, false_discovery_rate):
        """Warn where nothing is reported because no p-value can be small enough."""
        n_alike = _n_alike(self.calibration_scores_, self.calibration_weights_, self.new_weight_)
        smallest = 1 / (n_alike + 1)
        n_smallest = int((p_values <= smallest + _thresholds.ROUNDING).sum())
        if not n_smallest:
            return
        n_needed = int(np.ceil(smallest * len(p_values) / false_discovery_rate))
        warnings.warn(
            f"Nothing is reported, but {n_smallest} of {len(p_values)} rows have the smallest "
            f"p-value that {n_alike:.3g} calibration rows{_units(self.calibration_weights_)} "
            f"allow, {smallest:.2g}: with false_discovery_rate={false_discovery_rate}, expected at "
            f"least {n_needed} such rows. Pass fewer rows at a time, calibrate with more "
            "(calibration_size=None uses all), raise the rate, or use predict.",
            UserWarning,
            stacklevel=3,
        )

    def set_threshold(
        self,
        offset: float | None = None,
        *,
        contamination: float | None = None,
        false_positive_rate: float | None = None,
        X: ArrayLike | None = None,
        y: ArrayLike | None = None,
    ) -> Self:
        r"""Change the threshold without training again.

        Pass exactly one of: ``offset``; ``contamination``; ``false_positive_rate``, which uses the
        calibration set of ``fit``; labeled samples ``X, y`` with ``false_positive_rate``, which is
        calibrated on their normal samples; ``X, y`` alone, for the best F1 score of the outliers.

        Parameters
        ----------
        offset : float, default=None
            The new ``offset_``.
        contamination : float in (0, 0.5], default=None
            Fraction of the samples passed to ``fit`` that are called outliers.
        false_positive_rate : float in (0, 1), default=None
            Largest probability that a new normal sample is called an outlier.
        X : array-like of shape (n_samples, n_features) or (n_samples, \*row_shape), default=None
            Samples that were not passed to ``fit``.
        y : array-like of shape (n_samples,), default=None
            Their labels: −1 for outliers and 1 for inliers, as ``predict`` returns them, or 1
            (True) for outliers and 0 (False) for inliers. Both must be present.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If not exactly one threshold is given, a value is out of range, or the labels are
            invalid.

        Warns
        -----
        UserWarning
            If there are too few calibration samples for ``false_positive_rate``.
        """
        check_is_fitted(self)
        validate_parameter_constraints(
            _THRESHOLD_CONSTRAINTS,
            {
                "offset": offset,
                "contamination": contamination,
                "false_positive_rate": false_positive_rate,
            },
            "set_threshold",
        )
        asked = [
            value for value in (offset, contamination, false_positive_rate) if value is not None
        ]
        if X is not None and y is not None and offset is None and contamination is None:
            self._set_offset_from_labels(X, y, false_positive_rate)
        elif len(asked) != 1 or X is not None or y is not None:
            raise ValueError(
                "Expected exactly one of offset, contamination, false_positive_rate and labelled "
                f"rows; received offset={offset}, contamination={contamination}, "
                f"false_positive_rate={false_positive_rate}. Pass one."
            )
        elif offset is not None:
            self.offset_ = float(offset)
        else:
            self._set_offset(
                "auto" if contamination is None else contamination, false_positive_rate
            )
        return self

    def _set_offset_from_labels(self, X, y, false_positive_rate):
        is_outlier = _is_outlier(y)
        scores = np.asarray(self.score_samples(X))
        if len(scores) != len(is_outlier):
            raise ValueError(
                f"Expected one label a row; received {len(is_outlier)} labels for {len(scores)} "
                "rows. Pass y of the same length as X."
            )
        if false_positive_rate is None:
            self.offset_ = _thresholds.best_f1_offset(scores, is_outlier)
        else:
            self.offset_ = _conformal_offset(scores[~is_outlier], false_positive_rate)

    def _set_offset(self, contamination, false_positive_rate):
        self._check_one_threshold(contamination, false_positive_rate)
        if contamination != "auto":
            self.offset_ = _thresholds.quantile_offset(self.fit_scores_, contamination)
        else:
            weights = self.calibration_weights_, self.new_weight_
            offset = _auto_offset if false_positive_rate is None else _conformal_offset
            self.offset_ = offset(self.calibration_scores_, false_positive_rate, *weights)

    @staticmethod
    def _check_one_threshold(contamination, false_positive_rate):
        if contamination != "auto" and false_positive_rate is not None:
            raise ValueError(
                "Expected contamination or false_positive_rate, which each set the threshold; "
                f"received contamination={contamination} and false_positive_rate="
                f"{false_positive_rate}. Leave one of them at its default."
            )


def _checked_new_weights(sample_weight, n_rows):
    """Return the weights of new rows, which unlike those of fit may all be 0."""
    weights = np.asarray(sample_weight, dtype=np.float64)
    n_wrong = np.count_nonzero(~np.isfinite(weights) | (weights < 0))
    if weights.shape not in ((), (n_rows,)) or n_wrong:
        raise ValueError(
            f"Expected sample_weight with one number of at least 0 for each of {n_rows} rows; "
            f"received an array of shape {weights.shape}, in which {n_wrong} are negative, "
            "infinite or NaN. Pass one weight a row, or None."
        )
    return weights


def _is_outlier(y):
    """Return labels of either convention as booleans.

    Raises
    ------
    ValueError
        If they are of neither, or all alike so that the conventions cannot be told apart.
    """
    given = np.asarray(y)
    labels = set(given.ravel().tolist())
    if labels == {-1, 1}:
        return given == -1
    if labels == {0, 1}:
        return given == 1
    raise ValueError(
        "Expected labels -1 for outliers and 1 for the others, or 1 for outliers and 0 for the "
        f"others, both present; received {sorted(labels, key=str)[:5]}. Recode y."
    )


def _auto_offset(scores, _, weights, new_weight):
    """Return the conformal offset of the default rate, or of the lowest that rows allow."""
    n_alike = _n_alike(scores, weights, new_weight)
    lowest = 1 / (n_alike + 1)
    if lowest > _AUTO_FALSE_POSITIVE_RATE + _thresholds.ROUNDING:
        warnings.warn(
            f"Expected at least {round(1 / _AUTO_FALSE_POSITIVE_RATE) - 1} calibration rows for "
            f"the default false positive rate of {_AUTO_FALSE_POSITIVE_RATE}, received "
            f"{n_alike:.3g}{_units(weights)}: the rate is {lowest:.2g} instead, the lowest that "
            "they allow. Pass more rows, a larger calibration_size, calibration_size=None or "
            "false_positive_rate.",
            UserWarning,
            stacklevel=3,
        )
    rate = max(lowest, _AUTO_FALSE_POSITIVE_RATE)
    return _thresholds.conformal_offset(scores, rate, weights, new_weight)


def _conformal_offset(scores, false_positive_rate, weights=None, new_weight=1.0):
    """Return the conformal offset, and warn where it excludes nothing."""
    offset = _thresholds.conformal_offset(scores, false_positive_rate, weights, new_weight)
    if offset == -np.inf:
        warnings.warn(
            f"Expected at least {int(np.ceil(1 / false_positive_rate - 1))} calibration rows for "
            f"false_positive_rate={false_positive_rate}, received "
            f"{_n_alike(scores, weights, new_weight):.3g}{_units(weights)}: only calling nothing "
            "an outlier keeps the promise. Pass more rows, a larger calibration_size or rate, or "
            "calibration_size=None.",
            UserWarning,
            stacklevel=3,
        )
    return offset


def _n_alike(scores, weights, new_weight):
    """Return how many new rows, or groups, the calibration rows weigh."""
    return len(scores) if weights is None else weights.sum() / new_weight


def _units(weights):
    return "" if weights is None else " by their weights, or as many groups"
