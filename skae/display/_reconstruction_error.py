"""Histogram of reconstruction errors, with a threshold."""

from typing import Self

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import ArrayLike
from sklearn.base import is_outlier_detector
from sklearn.utils import check_array

from skae.display._axes import single_axes
from skae.display._classes import BLUE, GREY, Classes, check_target
from skae.display._rows import in_blocks, last_step, require

_WIDE = 30.0  # ratio of far to middle errors from which the axis is logarithmic
_MOST_BINS = 60


class ReconstructionErrorDisplay:
    """Histogram of reconstruction errors by class, with the threshold of a detector.

    Each class is normalized by its own number of samples, so that rare classes are visible.

    Parameters
    ----------
    errors : array-like of shape (n_samples,)
        Error of each sample; higher is worse.
    threshold : float, default=None
        Samples with larger errors are outliers.
    y : array-like of shape (n_samples,), default=None
        Class of each sample.
    target_names : sequence of str, default=None
        Names of the classes in sorted order, or names indexed by the integers of y.
    error_name : str, default="reconstruction error"
        Label of the axis.

    Attributes
    ----------
    figure_ : Figure
    ax_ : Axes
    histograms_ : dict of str to StepPatch
        By the names of the classes.
    threshold_line_ : Line2D or None

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.ensemble import IsolationForest
    >>> from skae.display import ReconstructionErrorDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> forest = IsolationForest(n_estimators=10, random_state=0).fit(X)
    >>> display = ReconstructionErrorDisplay.from_estimator(forest, X)
    >>> bool(display.threshold == -forest.offset_)
    True
    >>> plt.close(display.figure_)
    """

    def __init__(
        self,
        errors: ArrayLike,
        *,
        threshold: float | None = None,
        y: ArrayLike | None = None,
        target_names: ArrayLike | None = None,
        error_name: str = "reconstruction error",
    ):
        self.errors = errors
        self.threshold = threshold
        self.y = y
        self.target_names = target_names
        self.error_name = error_name

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        threshold: float | None = None,
        target_names: ArrayLike | None = None,
        ax: Axes | None = None,
    ) -> Self:
        r"""Score samples and draw minus their scores.

        Parameters
        ----------
        estimator : estimator
            Fitted, with ``score_samples``: an outlier detector, whose threshold is −``offset_``, or
            an autoencoder.
        X : array-like of shape (n_samples, n_features) or (n_samples, \*row_shape)
        y, target_names
            As in the class.
        threshold : float, default=None
            None uses the detector's, if there is one.
        ax : Axes, default=None
            Axes to draw on. None makes a new figure.

        Returns
        -------
        display : ReconstructionErrorDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If the estimator has no ``score_samples``, or ``ax`` is not Matplotlib axes.
        ValueError
            If X, y or ``threshold`` is invalid.
        """
        require(estimator, cls, "score_samples")
        detects = is_outlier_detector(estimator)
        if threshold is None and detects:
            threshold = -float(last_step(estimator).offset_)
        display = cls(
            -np.concatenate([estimator.score_samples(rows) for rows in in_blocks(X)]),
            threshold=threshold,
            y=y,
            target_names=target_names,
            error_name="outlier score" if detects else "error, −score_samples",
        )
        return display.plot(ax)

    def plot(self, ax: Axes | None = None, *, bins: int | None = None) -> Self:
        """Draw the histograms.

        Parameters
        ----------
        ax : Axes, default=None
            Axes to draw on. None makes a new figure.
        bins : int, default=None
            Number of bins. None uses the square root of the number of samples, from 5 to 60.

        Returns
        -------
        self : object

        Raises
        ------
        TypeError
            If ``ax`` is not Matplotlib axes.
        ValueError
            If the data of the display do not fit together.
        """
        errors = self._checked_errors()
        classes = self._classes(errors)
        self.ax_ = single_axes(ax, (5.6, 3.8))
        self.figure_ = self.ax_.figure
        logarithmic = _is_wide(errors)
        edges = _edges(errors, bins or int(np.clip(len(errors) ** 0.5, 5, _MOST_BINS)), logarithmic)
        drawn = {
            i: self._draw(errors[classes.of_row == i], edges, classes.names[i], classes.colors[i])
            for i in classes.present
        }
        self.histograms_ = {classes.names[i]: histogram for i, histogram in drawn.items()}
        self.threshold_line_ = self._mark_threshold()
        self.ax_.set(
            xlabel=self.error_name,
            ylabel="share of rows" if len(drawn) < 2 else "share of the class",
        )
        self.ax_.set_xscale("log" if logarithmic else "linear")
        self.ax_.set_ylim(bottom=0)
        lines = [] if self.threshold_line_ is None else [self.threshold_line_]
        if len(drawn) > 1 or lines:
            classes.explain(self.ax_, drawn, *lines)
        return self

    def frame(self) -> pd.DataFrame:
        """Return errors, classes, and which errors are above the threshold.

        Returns
        -------
        frame : DataFrame
            Columns "error" and, if known, "target" and "above_threshold".
        """
        frame = pd.DataFrame({"error": self._checked_errors()})
        if self.y is not None:
            frame["target"] = np.asarray(self.y)
        if self.threshold is not None:
            frame["above_threshold"] = frame["error"] > self.threshold
        return frame

    def _checked_errors(self):
        errors = check_array(self.errors, ensure_2d=False, input_name="errors", dtype=float)
        if errors.ndim != 1:
            raise ValueError(f"Expected one error a row, got an array of shape {errors.shape}.")
        return errors

    def _classes(self, errors):
        """Return the classes of the rows, all of one if there is no target."""
        y = check_target(self.y, len(errors))
        if y is None:
            return Classes(np.zeros(len(errors), dtype=int), ["rows"], np.array([BLUE]))
        return Classes.of(y, self.target_names)

    def _draw(self, values, edges, name, color):
        counts, _ = np.histogram(values, edges)
        shares = counts / len(values)
        self.ax_.stairs(shares, edges, fill=True, color=color, alpha=0.25)
        return self.ax_.stairs(shares, edges, color=color, lw=1.5, label=f"{name} ({len(values)})")

    def _mark_threshold(self):
        if self.threshold is None:
            return None
        label = f"threshold {self.threshold:.3g}"
        return self.ax_.axvline(self.threshold, color=GREY, ls="--", label=label)


def _is_wide(errors):
    middle, far = np.quantile(errors, (0.5, 0.995))
    return bool(errors.min() > 0 and far > _WIDE * middle)


def _edges(errors, n_bins, logarithmic):
    """Return the edges of bins that hold all errors."""
    if logarithmic:
        edges = np.geomspace(errors.min(), errors.max(), n_bins + 1)
        edges[[0, -1]] = errors.min(), errors.max()
        return edges
    return np.histogram_bin_edges(errors, n_bins)
