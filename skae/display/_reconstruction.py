"""Samples beside their reconstructions."""

from collections.abc import Sequence
from typing import Self

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import ArrayLike
from sklearn.utils import check_array

from skae.display._axes import fit_labels, grid_of_axes, make_room, single_axes
from skae.display._classes import GREY, class_colors
from skae.display._pictures import (
    PictureRow,
    draw_rows,
    limits_of,
    size_of_rows,
)
from skae.display._rows import (
    RowKind,
    check_same_length,
    choose_rows,
    feature_names,
    kind_of,
    names_of_rows,
    names_or_numbers,
    reconstructed,
    require,
    rows_at,
    shape_of_code,
)

_MOST_NAMED = 32  # features whose names find room below their bars


class ReconstructionDisplay:
    r"""A few samples and their reconstructions.

    Images are drawn above their codes, if given, and their reconstructions. A series is drawn as a
    curve, with its reconstruction over it. For a sample of a table the residuals x̂ − x are drawn,
    one bar per feature.

    Parameters
    ----------
    originals : array-like of shape (n_samples, n_features) or (n_samples, \*row_shape)
        Samples to show. Those with two or three dimensions are images, unless
        ``sequence_shape`` is given.
    reconstructions : array-like of the same shape, or dict of str to array-like
        Reconstructions; of several methods, a dict by their names.
    codes : array-like of shape (n_samples, n_components), default=None
        Drawn between images and their reconstructions.
    code_shape : tuple of int, default=None
        Shape of one code; None is a vector, which is wrapped into lines.
    image_shape, sequence_shape : tuple of int, default=None
        Shape of a sample, if samples are flat: of an image, or (steps, channels) of a series.
    original_name : str, default="original"
        Label of the originals.
    sample_names : sequence of str, default=None
        A name for each sample.
    feature_names : sequence of str, default=None
        Names of the features of tables.
    feature_scale : array-like of shape (n_features,), default=None
        Divisor of the residuals of tables, such as each feature's standard deviation.

    Attributes
    ----------
    figure_ : Figure
    ax_ : Axes
        The only axes, or the first.
    axes_ : ndarray of Axes, of shape (1,) for images and (n_samples,) otherwise
    images_ : ndarray of AxesImage, of shape (n_lines, n_samples)
        For images only.

    See Also
    --------
    FeatureErrorDisplay : Errors by feature, over many samples.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.decomposition import PCA
    >>> from skae.display import ReconstructionDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> display = ReconstructionDisplay.from_estimator(
    ...     PCA(8).fit(X), X, y, image_shape=(8, 8), random_state=0
    ... )
    >>> display.images_.shape
    (2, 10)
    >>> plt.close(display.figure_)
    """

    def __init__(
        self,
        originals: ArrayLike,
        reconstructions: ArrayLike | dict[str, ArrayLike],
        *,
        codes: ArrayLike | None = None,
        code_shape: tuple[int, ...] | None = None,
        image_shape: tuple[int, ...] | None = None,
        sequence_shape: tuple[int, ...] | None = None,
        original_name: str = "original",
        sample_names: ArrayLike | None = None,
        feature_names: ArrayLike | None = None,
        feature_scale: ArrayLike | None = None,
    ):
        self.originals = originals
        self.reconstructions = reconstructions
        self.codes = codes
        self.code_shape = code_shape
        self.image_shape = image_shape
        self.sequence_shape = sequence_shape
        self.original_name = original_name
        self.sample_names = sample_names
        self.feature_names = feature_names
        self.feature_scale = feature_scale

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        samples: int | Sequence[int] | None = None,
        image_shape: tuple[int, ...] | None = None,
        sequence_shape: tuple[int, ...] | None = None,
        random_state=None,
        ax: Axes | None = None,
    ) -> Self:
        r"""Reconstruct a few samples and draw them.

        Parameters
        ----------
        estimator : estimator
            Fitted, with ``transform`` and ``inverse_transform``: an autoencoder, PCA, a Pipeline.
        X : array-like of shape (n_samples, n_features) or (n_samples, \*row_shape)
            For tables, residuals are drawn in units of the features' standard deviations over X.
        y : array-like of shape (n_samples,), default=None
            Classes: samples are then drawn from every class, and labeled with it.
        samples : int or sequence of int, default=None
            Number of samples to draw at random, or their indices. None draws 10 images, or 3
            others.
        image_shape, sequence_shape : tuple of int, default=None
            Shape of a sample, if samples are flat: of an image, or (steps, channels) of a series.
            None uses the estimator's, if it has one.
        random_state : int, RandomState instance or None, default=None
            Draws the samples.
        ax : Axes, default=None
            Axes to draw on. None makes a new figure.

        Returns
        -------
        display : ReconstructionDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If the estimator lacks one of these methods, or ``ax`` is not Matplotlib axes.
        ValueError
            If X, y or a shape is invalid.
        """
        require(estimator, cls, "transform", "inverse_transform")
        kind = kind_of(
            estimator, np.asarray(rows_at(X, np.array([0]))), image_shape, sequence_shape
        )
        if samples is None:
            samples = 10 if kind.name == "image" else 3
        chosen = choose_rows(X, y, samples, random_state)
        rows = rows_at(X, chosen)
        originals, code_shape = np.asarray(rows), shape_of_code(estimator)
        has_picture = kind.name == "image" and len(code_shape or ()) > 1
        display = cls(
            originals,
            reconstructed(estimator, rows).reshape(originals.shape),
            codes=np.asarray(estimator.transform(rows)) if has_picture else None,
            code_shape=code_shape,
            image_shape=kind.image_shape,
            sequence_shape=kind.sequence_shape,
            sample_names=names_of_rows(chosen, y),
            feature_names=feature_names(estimator, X, originals[0].size),
            feature_scale=np.std(np.asarray(X), axis=0) if kind.name == "table" else None,
        )
        return display.plot(ax)

    def plot(self, ax: Axes | None = None, *, cmap: str = "gray") -> Self:
        """Draw the samples.

        Parameters
        ----------
        ax : Axes, default=None
            Axes to draw on. None makes a new figure. Several series or samples of a table need axes
            that are part of a grid.
        cmap : str, default="gray"
            Colormap of images with one channel.

        Returns
        -------
        self : object

        Raises
        ------
        TypeError
            If ``ax`` is not Matplotlib axes.
        ValueError
            If the data of the display do not fit together, or ``ax`` is of another kind than
            needed.
        """
        originals, methods = self._checked()
        kind = RowKind.of(originals.shape[1:], self.image_shape, self.sequence_shape)
        if kind.name == "image":
            self._plot_images(ax, originals, methods, kind.shape, cmap)
        else:
            self._plot_panels(ax, originals, methods, kind)
        self.figure_ = self.ax_.figure
        return self

    def frame(self) -> pd.DataFrame:
        """Return originals, reconstructions and residuals, one row per sample and feature.

        Returns
        -------
        frame : DataFrame
            Columns "method", "sample", "feature", "original", "reconstruction", "residual".
        """
        originals, methods = self._checked()
        originals = originals.reshape(len(originals), -1)
        names = np.array(self._feature_names(originals.shape[1]))
        parts = [
            pd.DataFrame(
                {
                    "method": method,
                    "sample": np.repeat(self._names(len(originals)), originals.shape[1]),
                    "feature": np.tile(names, len(originals)),
                    "original": originals.ravel(),
                    "reconstruction": rows.ravel(),
                    "residual": rows.ravel() - originals.ravel(),
                }
            )
            for method, rows in methods.items()
        ]
        return pd.concat(parts, ignore_index=True)

    def _checked(self):
        """Return originals and, by their methods, reconstructions of the same shape."""
        originals = check_array(self.originals, input_name="originals", dtype=float, allow_nd=True)
        given = self.reconstructions
        if not isinstance(given, dict):
            given = {"reconstruction": given}
        methods = {name: np.asarray(rows, dtype=float) for name, rows in given.items()}
        check_same_length(originals=originals, **methods)
        return originals, {name: rows.reshape(originals.shape) for name, rows in methods.items()}

    def _names(self, n_samples):
        return names_or_numbers(self.sample_names, n_samples, "row ")

    def _feature_names(self, n_features):
        return names_or_numbers(self.feature_names, n_features, "x")

    def _plot_images(self, ax, originals, methods, shape, cmap):
        limits = limits_of(originals)
        lines = [(self.original_name, originals), *methods.items()]
        rows = [PictureRow.of_images(name, images, shape, cmap, limits) for name, images in lines]
        if self.codes is not None:
            rows.insert(1, PictureRow.of_codes(self.codes, self.code_shape, "viridis"))
        self.ax_ = single_axes(ax, size_of_rows(rows))
        self.axes_ = np.array([self.ax_])
        self.images_ = draw_rows(self.ax_, rows, self._names(len(originals)))
        if ax is not None:
            fit_labels(self.ax_)
            make_room(self.ax_)

    def _plot_panels(self, ax, originals, methods, kind):
        n_samples = len(originals)
        height = 1.7 if kind.name == "series" else 1.3
        self.axes_ = grid_of_axes(ax, n_samples, 1, (6, 1 + height * n_samples), sharex=True)[:, 0]
        self.ax_ = self.axes_[0]
        colors = class_colors(len(methods))
        draw = self._draw_series if kind.name == "series" else self._draw_residuals
        for i, panel in enumerate(self.axes_):
            draw(panel, originals[i], {name: rows[i] for name, rows in methods.items()}, colors)
            panel.set_title(self._names(n_samples)[i], fontsize="small", loc="left", pad=3)
        self.axes_[-1].set_xlabel("step" if kind.name == "series" else "feature")
        if kind.name == "table":
            label = "residual" if self.feature_scale is None else "residual / std"
            middle = self.axes_[n_samples // 2]
            middle.set_ylabel(label)
            middle.yaxis.set_label_coords(-0.1, 0.5)
        if kind.name == "series" or len(methods) > 1:
            self.ax_.legend(
                frameon=False, fontsize="small", loc="lower right", bbox_to_anchor=(1, 1), ncols=4
            )
        if ax is not None:
            make_room(*self.axes_)

    def _draw_series(self, ax, original, reconstructions, colors):
        shape = RowKind.of(original.shape, None, self.sequence_shape).shape
        lines = [
            (self.original_name, original, GREY),
            *zip(reconstructions, reconstructions.values(), colors, strict=True),
        ]
        for name, row, color in lines:
            drawn = ax.plot(row.reshape(shape), color=color, lw=1.4)
            drawn[0].set_label(name)

    def _draw_residuals(self, ax, original, reconstructions, colors):
        n_features = original.size
        scale = 1.0 if self.feature_scale is None else np.asarray(self.feature_scale, dtype=float)
        scale = np.where(np.equal(scale, 0), 1.0, scale)
        width = 0.8 / len(reconstructions)
        for i, (name, row) in enumerate(reconstructions.items()):
            place = np.arange(n_features) - 0.4 + width * (i + 0.5)
            ax.bar(place, (row - original) / scale, width, color=colors[i], label=name)
        ax.axhline(0, color=GREY, lw=0.8)
        if n_features <= _MOST_NAMED:
            names = self._feature_names(n_features)
            ax.set_xticks(range(n_features), names, rotation=90, fontsize="small")
