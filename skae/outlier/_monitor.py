"""A sequential test of whether new samples are still like a detector's calibration set."""

from bisect import bisect_left, bisect_right, insort
from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from skae._compat import HasMethods, Interval, validate_parameter_constraints
from skae._saving import SavingMixin

_JUMP = 0.01  # share of the capital that changes its bet at each row, as in [2]


class ConformalMonitor(SavingMixin):
    """Detect drift: when a detector's threshold no longer holds.

    Each new sample gets a conformal p-value relative to the calibration set and the new samples
    before it. As long as samples are exchangeable, these p-values are independent and uniform. A
    test martingale bets against this [1]_: its capital starts at 1 and grows while p-values are
    too often small or large. The bets are those of the Simple Jumper [2]_, with a bet on small
    p-values beside the linear ones. By Ville's inequality, the probability that the capital ever
    reaches ``1 / false_alarm_probability`` without drift is at most ``false_alarm_probability``,
    however long the monitor runs.

    Without drift the samples must be exchangeable. Overlapping windows are not: pass only windows
    that do not overlap.

    Parameters
    ----------
    detector : ReconstructionOutlierDetector
        Fitted. It is not copied and not changed.
    false_alarm_probability : float in (0, 1), default=0.01
        Largest probability that the monitor ever raises an alarm if nothing drifts.
    random_state : int, RandomState instance or None, default=None
        Breaks ties between scores at random.

    Raises
    ------
    ValueError
        If a parameter is not as described.

    Attributes
    ----------
    p_values_ : ndarray of shape (n_seen,)
        The p-value of each sample since ``reset``.
    log10_capital_ : ndarray of shape (n_seen,)
        Base-10 logarithm of the capital after each sample.
    alarm_ : int or None
        Index of the first sample at which the capital reached the level of alarm; None if it has
        not.

    See Also
    --------
    skae.display.MonitorDisplay : Plots the capital and the p-values.

    References
    ----------
    .. [1] Vovk, V., Nouretdinov, I. and Gammerman, A. (2003). Testing exchangeability on-line.
       ICML, 768-775.
    .. [2] Vovk, V., Petej, I., Nouretdinov, I., Ahlberg, E., Carlsson, L. and Gammerman, A. (2021).
       Retrain or not retrain: conformal test martingales for change-point detection. COPA,
       PMLR 152, 191-210.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.decomposition import PCA
    >>> from skae import ConformalMonitor, ReconstructionOutlierDetector
    >>> rng = np.random.default_rng(0)
    >>> detector = ReconstructionOutlierDetector(PCA(2), random_state=0)
    >>> monitor = ConformalMonitor(detector.fit(rng.normal(size=(500, 5))), random_state=0)
    >>> monitor.update(rng.normal(size=(200, 5))).alarm_ is None
    True
    >>> monitor.update(rng.normal(size=(200, 5), scale=2)).alarm_ is not None
    True
    """

    _parameter_constraints: ClassVar[dict[str, list]] = {
        "detector": [HasMethods(["score_samples"])],
        "false_alarm_probability": [Interval(Real, 0, 1, closed="neither")],
        "random_state": ["random_state"],
    }

    def __init__(self, detector, *, false_alarm_probability=0.01, random_state=None):
        parameters = {
            "detector": detector,
            "false_alarm_probability": false_alarm_probability,
            "random_state": random_state,
        }
        validate_parameter_constraints(self._parameter_constraints, parameters, type(self).__name__)
        self.detector = detector
        self.false_alarm_probability = false_alarm_probability
        self.random_state = random_state
        self.reset()

    def __getstate__(self):
        return {**vars(self), "_known": np.array(self._known)}

    def __setstate__(self, state):
        vars(self).update({**state, "_known": state["_known"].tolist()})

    def reset(self) -> Self:
        """Forget the samples seen so far, for instance after the detector was fitted again.

        Returns
        -------
        self : object
        """
        check_is_fitted(self.detector)
        self._known = sorted(self.detector.calibration_scores_.tolist())
        self._rng = check_random_state(self.random_state)
        self._log_capitals = np.log(np.full(len(_bets(0.5)), 1 / len(_bets(0.5))))
        self.p_values_ = np.empty(0)
        self.log10_capital_ = np.empty(0)
        self.alarm_: int | None = None
        return self

    def update(self, X: ArrayLike) -> Self:
        r"""Update the test with new samples, in order of time.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, \*row_shape)

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            As in the detector's ``score_samples``.
        """
        scores = self.detector.score_samples(X)
        p_values = np.array([self._p_value(score) for score in scores.tolist()])
        capital = np.array([self._log10_capital(p) for p in p_values])
        self.p_values_ = np.append(self.p_values_, p_values)
        self.log10_capital_ = np.append(self.log10_capital_, capital)
        reached = np.flatnonzero(self.log10_capital_ >= -np.log10(self.false_alarm_probability))
        self.alarm_ = int(reached[0]) if len(reached) else None
        return self

    def frame(self) -> pd.DataFrame:
        """Return the p-values and the capital, one row per sample.

        Returns
        -------
        frame : DataFrame
            Columns "p_value", "log10_capital" and "alarm", which is True from the alarm on.
        """
        seen = np.arange(len(self.p_values_))
        alarm = seen >= (len(seen) if self.alarm_ is None else self.alarm_)
        return pd.DataFrame(
            {"p_value": self.p_values_, "log10_capital": self.log10_capital_, "alarm": alarm}
        )

    def _p_value(self, score: float) -> float:
        """Return the fraction of lower scores so far, ties broken at random, and add the score.

        That is what makes p-values of exchangeable rows independent and exactly uniform.
        """
        lower, not_higher = bisect_left(self._known, score), bisect_right(self._known, score)
        insort(self._known, score)
        ties = self._rng.uniform() * (not_higher - lower + 1)
        return (lower + ties) / len(self._known)

    def _log10_capital(self, p_value: float) -> float:
        """Let part of the capital change its bet, then bet; return what there is now."""
        capitals: Any = self._log_capitals
        largest = capitals.max()
        shares = np.exp(capitals - largest)
        shares = (1 - _JUMP) * shares + _JUMP * shares.mean()
        self._log_capitals = np.log(shares * _bets(p_value)) + largest
        return float(np.logaddexp.reduce(self._log_capitals) / np.log(10))


def _bets(p_value):
    """Return what each way to bet pays: on small p-values twice, on large ones, on nothing.

    Each is a density on [0, 1], so that uniform p-values neither pay nor cost on average.
    """
    return np.array([0.5 / np.sqrt(p_value), 1.5 - p_value, 0.5 + p_value, 1.0])
