"""The outlier detector of a time series."""

import warnings
from copy import copy
from numbers import Integral
from typing import ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from skae._compat import fit_context
from skae.data._validation import validate_rows
from skae.data._windows import SlidingWindows, TimeSteps
from skae.outlier._detector import ReconstructionOutlierDetector
from skae.outlier._thresholds import conformal_p_values

_SHARE_OF_USUAL_STEPS = 0.9


class SeriesOutlierDetector(BaseEstimator):
    """Detect outliers in a time series.

    The series is cut into sliding windows. A :class:`ReconstructionOutlierDetector` is trained on
    the first windows and calibrated on the last; windows that overlap both parts are left out.
    Each time step is scored by the window that ends with it, so that no future steps are needed.

    Where the index of a frame or Series is times, at least nine tenths of them one step apart, that
    step is learned. Windows across a hole, where steps are missing, are then left out, and a series
    with another step is refused.

    Parameters
    ----------
    window : int, default=48
        Number of time steps in a window.
    stride : int, default=1
        Number of time steps from the start of a window to the start of the next.
    detector : ReconstructionOutlierDetector, default=None
        Detector of windows. It is cloned, and its ``calibration`` and ``gap`` are set. None is
        ``ReconstructionOutlierDetector(false_positive_rate=0.01)``: about 1 % of the windows of a
        series without outliers are called outliers, often neighboring ones together.
    random_state : int, RandomState instance or None, default=None
        Seeds the detector if its own ``random_state`` is None.

    Attributes
    ----------
    detector_ : ReconstructionOutlierDetector
        The fitted detector of windows.
    windows_ : SlidingWindows
        The fitted transformer that cuts the series into windows.
    step_ : float or None
        Seconds between steps, if the series has times and they are regular.
    n_features_in_ : int
        Number of channels.

    See Also
    --------
    ConformalMonitor : Detects drift.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklearn.decomposition import PCA
    >>> from skae import ReconstructionOutlierDetector, SeriesOutlierDetector
    >>> times = pd.date_range("2024-01-01", periods=2000, freq="h")
    >>> rng = np.random.default_rng(0)
    >>> level = np.sin(np.arange(2000) * 2 * np.pi / 24) + 0.1 * rng.normal(size=2000)
    >>> series = pd.DataFrame({"level": level}, index=times)
    >>> by_window = ReconstructionOutlierDetector(PCA(4), false_positive_rate=0.01)
    >>> detector = SeriesOutlierDetector(24, detector=by_window).fit(series)
    >>> series.loc["2024-02-01 10:00":"2024-02-01 12:00"] += 3
    >>> alarms = detector.alarms(series)
    >>> "2024-02-01 10:00:00" in [str(time) for time in alarms["start"]]
    True
    """

    _parameter_constraints: ClassVar[dict[str, list]] = {
        "window": [TimeSteps(Integral, 1, None, closed="left")],
        "stride": [TimeSteps(Integral, 1, None, closed="left")],
        "detector": [ReconstructionOutlierDetector, None],
        "random_state": ["random_state"],
    }

    def __init__(self, window=48, *, stride=1, detector=None, random_state=None):
        self.window = window
        self.stride = stride
        self.detector = detector
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Train on the first windows, and calibrate on the last.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_steps, n_channels), or Series
            A series in order of time, with no or few outliers.
        y : object, default=None
            Ignored.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If X is too short, not in order of time or not finite, or if a parameter is invalid.
            After any exception the detector is as it was before.

        Warns
        -----
        UserWarning
            If windows are left out because steps are missing.
        """
        beside = copy(self)
        beside._learn(_as_frame(X))
        self.__dict__ = beside.__dict__
        return self

    def _learn(self, series):
        validate_rows(self, series, reset=True)  # what it refuses is said in this class's name
        self.step_ = _usual_step(series.index)
        self.windows_ = SlidingWindows(self.window, stride=self.stride)
        rows = self.windows_.set_output(transform="pandas").fit_transform(series)
        rows = rows[~self._is_across_hole(series)]
        detector = (
            ReconstructionOutlierDetector(false_positive_rate=0.01)
            if self.detector is None
            else clone(self.detector)
        )
        detector.set_params(calibration="last", gap=-(-self.window // self.stride) - 1)
        if detector.random_state is None:
            detector.set_params(random_state=self.random_state)
        self.detector_ = detector.fit(rows)

    def detect(self, X: ArrayLike) -> pd.DataFrame:
        """Return score, p-value and label of each window, at the time of its last step.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_steps, n_channels), or Series
            In order of time; as many channels as at fit.

        Returns
        -------
        windows : DataFrame
            Columns "score" (higher is more normal), "p_value" and "is_outlier". The index has the
            times of X, or the numbers of its steps, from the end of the first window on. Windows
            across missing steps have NaN, NaN and False.

        Raises
        ------
        ValueError
            If X is shorter than a window, or has other channels or another step than at fit.

        Warns
        -----
        UserWarning
            If windows are not scored because steps are missing.
        """
        check_is_fitted(self)
        series = _as_frame(X)
        validate_rows(self, series, reset=False)
        self._check_step(series.index)
        rows = pd.DataFrame(self.windows_.transform(series))
        judged = ~self._is_across_hole(series)
        scores, p_values = np.full((2, len(rows)), np.nan)
        if judged.any():
            scores[judged] = self.detector_.score_samples(rows[judged])
            calibration_scores = self.detector_.calibration_scores_
            p_values[judged] = conformal_p_values(calibration_scores, scores[judged])
        is_outlier = scores < self.detector_.offset_
        columns = {"score": scores, "p_value": p_values, "is_outlier": is_outlier}
        return pd.DataFrame(columns, index=rows.index)

    def _check_step(self, index):
        seconds = _seconds_between(index)
        if self.step_ is None or not len(seconds) or _are_alike(np.median(seconds), self.step_):
            return
        raise ValueError(
            f"Expected a series with steps of {self.step_:g} s, as at fit; received steps of "
            f"{np.median(seconds):g} s. Resample X, for instance with "
            f"X.resample('{self.step_:g}s').mean(), or fit a detector to such a series."
        )

    def _is_across_hole(self, series):
        """Return which windows are across a hole in the times, with a warning if any is."""
        is_hole = np.zeros(len(series))
        seconds = _seconds_between(series.index)
        if self.step_ is not None and len(seconds):
            is_hole[1:] = seconds > 1.5 * self.step_
        windows = SlidingWindows(self.window, stride=self.stride).fit_transform(is_hole[:, None])
        is_across = windows[:, 1:].any(axis=1)
        if is_across.any():
            self._warn_of_holes(series.index, np.flatnonzero(is_hole), is_across)
        return is_across

    def _warn_of_holes(self, index, holes, is_across):
        first = index[holes[0] - 1]
        n_missing = round((index[holes[0]] - first).total_seconds() / self.step_) - 1
        warnings.warn(
            f"Steps are missing, and {is_across.sum()} of {len(is_across)} windows are across such "
            f"a hole and left out. Expected a step every {self.step_:g} s; received {len(holes)} "
            f"hole(s), the first of {n_missing} step(s) after {first}. Fill them, for instance "
            f"with X.resample('{self.step_:g}s').mean().interpolate(), or leave it at that.",
            UserWarning,
            stacklevel=4,
        )

    def alarms(self, X: ArrayLike) -> pd.DataFrame:
        """Return the intervals of consecutive outlying windows.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_steps, n_channels), or Series
            In order of time; as many channels as at fit.

        Returns
        -------
        alarms : DataFrame
            One row per interval: "start" and "end", the times of the last steps of its first and
            its last window; "n_windows"; "score" and "p_value", the lowest of its windows. An
            interval lasts as long as windows contain a faulty step.

        Raises
        ------
        ValueError
            As in ``detect``.
        """
        windows = self.detect(X)
        interval = (windows["is_outlier"] != windows["is_outlier"].shift()).cumsum()
        windows.insert(0, "time", windows.index)
        return (
            windows[windows["is_outlier"]]
            .groupby(interval)
            .agg(
                start=("time", "first"),
                end=("time", "last"),
                n_windows=("time", "size"),
                score=("score", "min"),
                p_value=("p_value", "min"),
            )
            .reset_index(drop=True)
        )


def _seconds_between(index):
    """Return the seconds between steps; none if the index is not of times."""
    steps = index[1:] - index[:-1] if isinstance(index, pd.DatetimeIndex) else pd.TimedeltaIndex([])
    return steps.total_seconds().to_numpy()


def _usual_step(index):
    """Return the seconds between most steps, or None if they are irregular."""
    seconds = _seconds_between(index)
    step = float(np.median(seconds)) if len(seconds) else 0.0
    is_regular = step > 0 and _are_alike(seconds, step).mean() >= _SHARE_OF_USUAL_STEPS
    return step if is_regular else None


def _are_alike(seconds, usual):
    """Tell whether steps are no multiples or parts of another; months differ by a tenth."""
    return (seconds > usual / 1.5) & (seconds < 1.5 * usual)


def _as_frame(X):
    """Return a series as a frame.

    Raises
    ------
    ValueError
        If its index is not in order.
    """
    frame = X.to_frame() if isinstance(X, pd.Series) else X
    frame = frame if isinstance(frame, pd.DataFrame) else pd.DataFrame(np.asarray(frame))
    if not frame.index.is_monotonic_increasing:
        received, remedy = _disorder_of(frame.index)
        raise ValueError(f"Expected a series in order of time; received {received}. {remedy}")
    return frame


def _disorder_of(index):
    """Return what is wrong with an index that is not in order, and what to do."""
    if isinstance(index, pd.DatetimeIndex) and index.hasnans:
        n_missing = np.count_nonzero(index.isna())
        return f"{n_missing} steps without a time (NaT)", "Drop them: X = X[X.index.notna()]."
    if pd.api.types.is_string_dtype(index):
        return (
            "an index of text, in which '10' comes before '9'",
            "Convert it: X.index = X.index.astype(float), or pd.to_datetime(X.index) for times.",
        )
    return "an index that goes back", "Call X.sort_index() before."
