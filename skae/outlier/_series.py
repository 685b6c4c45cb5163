"""The outlier detector of a time series."""

from numbers import Integral
from typing import ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from skae._compat import Interval, fit_context
from skae.data._windows import SlidingWindows
from skae.outlier._detector import ReconstructionOutlierDetector
from skae.outlier._thresholds import conformal_p_values


class SeriesOutlierDetector(BaseEstimator):
    """Detect outliers in a time series.

    The series is cut into sliding windows. A :class:`ReconstructionOutlierDetector` is trained on
    the first windows and calibrated on the last; windows that overlap both parts are left out.
    Each time step is scored by the window that ends with it, so that no future steps are needed.

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
        "window": [Interval(Integral, 1, None, closed="left")],
        "stride": [Interval(Integral, 1, None, closed="left")],
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
        """
        series = _as_frame(X)
        windows = SlidingWindows(self.window, stride=self.stride)
        rows = windows.set_output(transform="pandas").fit_transform(series)
        detector = (
            ReconstructionOutlierDetector(false_positive_rate=0.01)
            if self.detector is None
            else clone(self.detector)
        )
        detector.set_params(calibration="last", gap=-(-self.window // self.stride) - 1)
        if detector.random_state is None:
            detector.set_params(random_state=self.random_state)
        self.detector_, self.windows_ = detector.fit(rows), windows
        self.n_features_in_ = windows.n_features_in_
        return self

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
            times of X, or the numbers of its steps, from the end of the first window on.

        Raises
        ------
        ValueError
            If X is shorter than a window, or has other channels than at fit.
        """
        check_is_fitted(self)
        rows = pd.DataFrame(self.windows_.transform(_as_frame(X)))
        scores = self.detector_.score_samples(rows)
        return pd.DataFrame(
            {
                "score": scores,
                "p_value": conformal_p_values(self.detector_.calibration_scores_, scores),
                "is_outlier": scores < self.detector_.offset_,
            },
            index=rows.index,
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
        raise ValueError(
            "Expected a series in order of time; received an index that goes back. Call "
            "X.sort_index() before."
        )
    return frame
