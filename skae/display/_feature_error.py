"""Reconstruction errors by feature."""

from functools import partial
from typing import Self

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import ArrayLike
from sklearn.base import is_outlier_detector
from sklearn.utils import check_array

from skae.display._axes import make_room, single_axes
from skae.display._classes import BLUE
from skae.display._pictures import PictureRow, as_picture, draw_rows, limits_of
from skae.display._rows import (
    RowKind,
    feature_names,
    in_blocks,
    kind_of,
    names_or_numbers,
    reconstructed,
    require,
)

_MOST_SHARE = 2.0  # of the variance; more is drawn as that much, and said in numbers


class FeatureErrorDisplay:
    r"""Mean squared error of each feature, or the fraction of its variance that is lost.

    Images are drawn as a heat map, series as a curve over the steps, tables as bars, largest first.

    Parameters
    ----------
    errors : array-like of shape (n_features,)
        Mean squared error of each feature.
    variances : array-like of shape (n_features,), default=None
        Variance of each feature. If given, the fraction of the variance that is lost is drawn: 0
        is perfect, 1 is as good as the mean. Features that are nearly constant may lose many times
        their variance: more than 2 is drawn as 2, with its number at the bar.
    error_name : str, default="mean_squared_error"
        Name of the errors, for the column of ``frame`` and the axis label.
    feature_names : sequence of str, default=None
    image_shape, sequence_shape : tuple of int, default=None
        Shape of a sample: of an image, or (steps, channels) of a series.

    Attributes
    ----------
    figure_ : Figure
    ax_ : Axes
    image_ : AxesImage
        For images only.
    bars_ : BarContainer
        For tables only.
    lines_ : list of Line2D
        For series only.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.decomposition import PCA
    >>> from skae.display import FeatureErrorDisplay
    >>> X = load_breast_cancer(as_frame=True).data
    >>> display = FeatureErrorDisplay.from_estimator(PCA(2).fit(X), X)
    >>> bool(display.frame().loc["worst area", "share_of_variance"] < 0.01)
    True
    >>> plt.close(display.figure_)
    """

    def __init__(
        self,
        errors: ArrayLike,
        *,
        variances: ArrayLike | None = None,
        error_name: str = "mean_squared_error",
        feature_names: ArrayLike | None = None,
        image_shape: tuple[int, ...] | None = None,
        sequence_shape: tuple[int, ...] | None = None,
    ):
        self.errors = errors
        self.variances = variances
        self.error_name = error_name
        self.feature_names = feature_names
        self.image_shape = image_shape
        self.sequence_shape = sequence_shape

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X: ArrayLike,
        *,
        relative: bool | None = None,
        contributions: bool = False,
        image_shape: tuple[int, ...] | None = None,
        sequence_shape: tuple[int, ...] | None = None,
        ax: Axes | None = None,
    ) -> Self:
        r"""Reconstruct samples and draw the errors of their features.

        Parameters
        ----------
        estimator : estimator
            Fitted, with ``transform`` and ``inverse_transform``, or with ``feature_errors``, such
            as ReconstructionOutlierDetector.
        X : array-like of shape (n_samples, n_features) or (n_samples, \*row_shape)
        relative : bool, default=None
            Whether errors are divided by the variance of their feature over X. None means True for
            tables, whose features may differ in units.
        contributions : bool, default=False
            For an outlier detector: whether to draw the contribution of each feature to the score
            instead of squared errors.
        image_shape, sequence_shape : tuple of int, default=None
            Shape of a sample, if samples are flat: of an image, or (steps, channels) of a series.
            None uses the estimator's, if it has one.
        ax : Axes, default=None
            Axes to draw on. None makes a new figure.

        Returns
        -------
        display : FeatureErrorDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If the estimator lacks one of these methods, or ``ax`` is not Matplotlib axes.
        ValueError
            If X or a shape is invalid.
        """
        detects = is_outlier_detector(estimator)
        of_detector = "contributions" if contributions else "feature_errors"
        is_own = detects or contributions
        require(estimator, cls, *([of_detector] if is_own else ["transform", "inverse_transform"]))
        squares = partial(_of_detector, of_detector) if is_own else _squares
        total, mean, variance, rows = _moments(estimator, X, squares)
        kind = kind_of(estimator, rows, image_shape, sequence_shape)
        relative = kind.name == "table" and not contributions if relative is None else relative
        display = cls(
            total,
            variances=variance if relative else None,
            error_name="mean_contribution" if contributions else "mean_squared_error",
            feature_names=feature_names(estimator, X, len(mean)),
            image_shape=kind.image_shape,
            sequence_shape=kind.sequence_shape,
        )
        return display.plot(ax)

    def plot(
        self, ax: Axes | None = None, *, max_features: int = 20, cmap: str = "viridis"
    ) -> Self:
        """Draw the errors.

        Parameters
        ----------
        ax : Axes, default=None
            Axes to draw on. None makes a new figure.
        max_features : int, default=20
            Maximal number of bars for tables; the largest errors are drawn.
        cmap : str, default="viridis"
            Colormap of the heat map.

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
        frame = self.frame()
        kind = RowKind.of((len(frame),), self.image_shape, self.sequence_shape)
        n_bars = min(len(frame), max_features)
        size = (5.6, max(2.0, 0.8 + 0.24 * n_bars)) if kind.name == "table" else (5, 4)
        self.ax_ = single_axes(ax, size)
        self.figure_ = self.ax_.figure
        draw = {"image": self._draw_map, "series": self._draw_curve, "table": self._draw_bars}
        draw[kind.name](frame[self._drawn_column()], kind, n_bars, cmap)
        if ax is not None:
            make_room(self.ax_)
        return self

    def frame(self) -> pd.DataFrame:
        """Return the errors, one row per feature.

        Returns
        -------
        frame : DataFrame
            Indexed by feature: "mean_squared_error" (or ``error_name``) and, with ``variances``,
            "share_of_variance", the fraction of the variance that is lost.
        """
        errors = check_array(self.errors, ensure_2d=False, input_name="errors", dtype=float).ravel()
        names = names_or_numbers(self.feature_names, len(errors), "x")
        frame = pd.DataFrame(
            {self.error_name: errors}, index=pd.Index(names, name="feature", dtype=object)
        )
        if self.variances is not None:
            variances = np.asarray(self.variances, dtype=float).ravel()
            frame["share_of_variance"] = errors / np.where(variances > 0, variances, np.nan)
        return frame

    def _drawn_column(self):
        return self.error_name if self.variances is None else "share_of_variance"

    def _most(self):
        """Return the largest value that is drawn as it is."""
        return np.inf if self.variances is None else _MOST_SHARE

    def _label(self):
        if self.variances is not None:
            return "share of the variance lost (mean: 1)"
        return self.error_name.replace("_", " ")

    def _draw_map(self, errors, kind, n_bars, cmap):
        picture = as_picture(errors.to_numpy(), kind.shape)
        low, high = limits_of([picture])
        is_beyond = high > self._most()
        row = PictureRow.of("", [picture], cmap, (low, self._most() if is_beyond else high))
        self.image_ = draw_rows(self.ax_, [row], [""])[0, 0]
        self.figure_.colorbar(
            self.image_,
            ax=self.ax_,
            label=self._label(),
            shrink=0.8,
            extend="max" if is_beyond else "neither",
        )

    def _draw_curve(self, errors, kind, n_bars, cmap):
        self.lines_ = self.ax_.plot(errors.to_numpy().reshape(kind.shape), color=BLUE)
        self.ax_.set(xlabel="step", ylabel=self._label())
        self.ax_.set_ylim(bottom=0)

    def _draw_bars(self, errors, kind, n_bars, cmap):
        largest = errors.sort_values(ascending=False, kind="stable")[:n_bars][::-1]
        lengths = np.minimum(largest.to_numpy(), self._most())
        self.bars_ = self.ax_.barh(np.arange(n_bars), lengths, color=BLUE)
        for place in np.flatnonzero(largest > self._most()).tolist():
            number = f"{largest.iloc[place]:.3g} "
            self.ax_.text(
                self._most(), place, number, ha="right", va="center", color="white", size="small"
            )
        self.ax_.set_yticks(np.arange(n_bars), [str(name) for name in largest.index])
        self.ax_.set_xlabel(self._label())


def _squares(estimator, rows):
    return np.square(np.asarray(rows, dtype=float) - reconstructed(estimator, rows))


def _of_detector(method, detector, rows):
    return np.asarray(getattr(detector, method)(rows))


def _moments(estimator, X, squares):
    """Return each feature's mean squared error, mean and variance, and the first rows.

    Blocks are joined by their means and deviations, so that no large mean is squared.
    """
    first, count = None, 0
    error = mean = deviations = np.zeros(1)
    for rows in in_blocks(X):
        values = np.asarray(rows, dtype=float)
        first = values[:1] if first is None else first
        values, n_rows = values.reshape(len(values), -1), len(values)
        share = n_rows / (count + n_rows)
        errors = squares(estimator, rows).reshape(n_rows, -1).mean(axis=0)
        step = values.mean(axis=0) - mean
        deviations = deviations + n_rows * values.var(axis=0) + step**2 * count * share
        error, mean = error + (errors - error) * share, mean + step * share
        count += n_rows
    return error, mean, deviations / count, first
