"""Sliding windows over a time series, and scores of its time steps."""

from numbers import Integral
from typing import ClassVar, Self

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_array, check_is_fitted

from skae._compat import Interval, check_feature_names_in, fit_context, output_config
from skae._saving import SavingMixin
from skae.data._validation import validate_rows

_COMBINED = {"mean": (np.add, 0.0), "min": (np.minimum, np.inf), "max": (np.maximum, -np.inf)}


class TimeSteps(Interval):
    """A number of time steps: not True, which scikit-learn's intervals of integers contain."""

    def is_satisfied_by(self, val):
        """Return whether ``val`` is such a number."""
        return not isinstance(val, bool) and super().is_satisfied_by(val)


class SlidingWindows(SavingMixin, TransformerMixin, BaseEstimator):
    """Cut a time series into sliding windows, one sample per window.

    Windows start every ``stride`` steps. The last window ends with the series, so that every step
    is in at least one window. :meth:`step_scores` converts scores of windows to scores of time
    steps.

    Overlapping windows share values. Take test data, and the calibration set of a detector, from
    the end of the series, never at random: for :class:`ReconstructionOutlierDetector` use
    ``calibration="last"`` and a ``gap`` of ``ceil(window / stride) − 1``.

    Parameters
    ----------
    window : int, default=32
        Number of time steps in a window.
    stride : int, default=1
        Number of time steps from the start of a window to the start of the next, at most
        ``window``.

    Attributes
    ----------
    n_features_in_ : int
        Number of channels of the series.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the channels, if X had string column names at fit.

    See Also
    --------
    ReconstructionOutlierDetector : Detects outlying windows.
    SequenceAutoencoder : Recurrent autoencoder; set ``sequence_shape=(window, n_channels)``.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.decomposition import PCA
    >>> from skae import ReconstructionOutlierDetector, SlidingWindows
    >>> series = np.sin(np.arange(1000.0) / 10).reshape(-1, 1)
    >>> faulty = series.copy()
    >>> faulty[500:505] = 0
    >>> windows = SlidingWindows(window=20)
    >>> detector = ReconstructionOutlierDetector(
    ...     PCA(2), score="squared_error", calibration="last", gap=19, random_state=0
    ... )
    >>> scores = detector.fit(windows.fit_transform(series)).score_samples(
    ...     windows.transform(faulty)
    ... )
    >>> bool(500 <= windows.step_scores(scores, n_steps=1000).argmin() < 505)
    True
    """

    _parameter_constraints: ClassVar[dict[str, list]] = {
        "window": [TimeSteps(Integral, 1, None, closed="left")],
        "stride": [TimeSteps(Integral, 1, None, closed="left")],
    }

    def __init__(self, window=32, *, stride=1):
        self.window = window
        self.stride = stride

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Learn the number of channels.

        Parameters
        ----------
        X : array-like of shape (n_steps, n_channels)
        y : object, default=None
            Ignored.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If X is shorter than a window, or has NaN or infinite values.
        """
        series, _ = validate_rows(self, X, reset=True)
        self._starts(len(series))
        return self

    def transform(self, X: ArrayLike) -> np.ndarray | pd.DataFrame:
        """Return the windows.

        Parameters
        ----------
        X : array-like of shape (n_steps, n_channels)
            One series.

        Returns
        -------
        windows : ndarray of shape (n_windows, window * n_channels)
            In the order step, channel, as ``SequenceAutoencoder`` needs it. A DataFrame after
            ``set_output(transform="pandas")`` or ``"polars"``. If X is a pandas DataFrame, the
            index is that of the last step of each window.

        Raises
        ------
        ValueError
            If X is shorter than a window, or has another number of channels than at fit.
        """
        check_is_fitted(self)
        series, _ = validate_rows(self, X, reset=False)
        starts = self._starts(len(series))
        windows = sliding_window_view(series, self.window, axis=0)[starts]
        rows = windows.swapaxes(1, 2).reshape(len(starts), -1)
        if isinstance(X, pd.DataFrame) and output_config("transform", self)["dense"] == "pandas":
            return pd.DataFrame(rows, index=X.index[starts + self.window - 1])
        return rows

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> np.ndarray:
        """Return the column names of windows: ``<channel>_<step>``, with steps from 0.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the channels if there were none at fit; otherwise those seen at fit.

        Returns
        -------
        names : ndarray of shape (window * n_features_in_,), object

        Raises
        ------
        ValueError
            If they are not the names seen at fit, or of another number.
        """
        check_is_fitted(self)
        channels = check_feature_names_in(self, input_features)
        names = [f"{channel}_{step}" for step in range(self.window) for channel in channels]
        return np.array(names, dtype=object)

    def step_scores(
        self, window_scores: ArrayLike, n_steps: int, aggregate: str = "mean"
    ) -> np.ndarray:
        """Return scores of time steps from scores of the windows that contain them.

        Parameters
        ----------
        window_scores : array-like of shape (n_windows,)
            Scores of the windows that ``transform`` returned.
        n_steps : int
            Length of the series.
        aggregate : {"mean", "min", "max"}, default="mean"
            How the scores of the windows that contain a step are combined. If higher scores are
            more normal, ``"min"`` uses the least normal window.

        Returns
        -------
        scores : ndarray of shape (n_steps,), float64

        Raises
        ------
        ValueError
            If the number of scores does not match ``n_steps``.
        """
        check_is_fitted(self)
        scores = check_array(window_scores, ensure_2d=False, dtype=np.float64)
        starts = self._starts(n_steps)
        if aggregate not in _COMBINED:
            raise ValueError(
                f"Expected aggregate out of {', '.join(_COMBINED)}; received {aggregate!r}. "
                "Pass one of them."
            )
        if scores.shape != starts.shape:
            raise ValueError(
                f"Expected {len(starts)} scores, one for each window of {self.window} out of "
                f"{n_steps} steps; received an array of shape {scores.shape}. Pass the length of "
                "the series that was transformed."
            )
        combine, neutral = _COMBINED[aggregate]
        steps, counts = np.full(n_steps, neutral), np.zeros(n_steps)
        for offset in range(self.window):
            steps[starts + offset] = combine(steps[starts + offset], scores)
            counts[starts + offset] += 1
        return steps / counts if aggregate == "mean" else steps

    def _starts(self, n_steps):
        """Return the first step of each window."""
        if self.stride > self.window:
            raise ValueError(
                f"Expected stride of at most window={self.window}, so that no step is left out; "
                f"received {self.stride}. Lower stride."
            )
        if n_steps < self.window:
            raise ValueError(
                f"Expected a series of at least window={self.window} steps; received "
                f"n_samples={n_steps}. Pass a longer series or lower window."
            )
        last = n_steps - self.window
        starts = np.arange(0, last + 1, self.stride)
        return starts if starts[-1] == last else np.append(starts, last)
