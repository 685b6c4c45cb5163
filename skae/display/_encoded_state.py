"""Codes as pictures."""

from collections.abc import Sequence
from typing import Self

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import ArrayLike
from sklearn.utils import check_array

from skae.display._axes import fit_labels, make_room, single_axes
from skae.display._pictures import PictureRow, draw_rows, size_of_rows
from skae.display._rows import (
    RowKind,
    check_same_length,
    choose_rows,
    kind_of,
    names_of_rows,
    names_or_numbers,
    require,
    rows_at,
    shape_of_code,
)


class EncodedStateDisplay:
    r"""Codes of a few samples, drawn as images.

    A feature map is drawn as one image per channel, side by side. A vector is wrapped into lines,
    with unit 0 at the top left. Samples that are images are drawn above their codes.

    Parameters
    ----------
    codes : array-like of shape (n_samples, n_components)
    code_shape : tuple of int, default=None
        Shape of one code: (height, width) or (height, width, channels). None is a vector.
    originals : array-like of shape (n_samples, \*row_shape), default=None
        The samples.
    image_shape : tuple of int, default=None
        Shape of an image, for originals that are flat.
    sample_names : sequence of str, default=None
        A name for each sample.

    Attributes
    ----------
    figure_ : Figure
    ax_ : Axes
    images_ : ndarray of AxesImage, of shape (1 or 2, n_samples)
        The last row has the codes.

    See Also
    --------
    LayerActivationsDisplay : Activations of all layers.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.decomposition import PCA
    >>> from skae.display import EncodedStateDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> display = EncodedStateDisplay.from_estimator(
    ...     PCA(16).fit(X), X, y, samples=5, image_shape=(8, 8)
    ... )
    >>> display.images_.shape
    (2, 5)
    >>> plt.close(display.figure_)
    """

    def __init__(
        self,
        codes: ArrayLike,
        *,
        code_shape: tuple[int, ...] | None = None,
        originals: ArrayLike | None = None,
        image_shape: tuple[int, ...] | None = None,
        sample_names: ArrayLike | None = None,
    ):
        self.codes = codes
        self.code_shape = code_shape
        self.originals = originals
        self.image_shape = image_shape
        self.sample_names = sample_names

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        samples: int | Sequence[int] = 10,
        image_shape: tuple[int, ...] | None = None,
        random_state=None,
        ax: Axes | None = None,
    ) -> Self:
        r"""Encode a few samples and draw their codes.

        Parameters
        ----------
        estimator : estimator
            Fitted, with ``transform``.
        X : array-like of shape (n_samples, n_features) or (n_samples, \*row_shape)
        y : array-like of shape (n_samples,), default=None
            Classes: samples are then drawn from every class, and labeled with it.
        samples : int or sequence of int, default=10
            Number of samples to draw at random, or their indices.
        image_shape : tuple of int, default=None
            Shape of an image, for flat samples; None uses the estimator's, if it has one.
        random_state : int, RandomState instance or None, default=None
            Draws the samples.
        ax : Axes, default=None
            Axes to draw on. None makes a new figure.

        Returns
        -------
        display : EncodedStateDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If the estimator has no ``transform``, or ``ax`` is not Matplotlib axes.
        ValueError
            If X, y or a shape is invalid.
        """
        require(estimator, cls, "transform")
        chosen = choose_rows(X, y, samples, random_state)
        rows = rows_at(X, chosen)
        originals = np.asarray(rows)
        kind = kind_of(estimator, originals, image_shape)
        display = cls(
            np.asarray(estimator.transform(rows)).reshape(len(chosen), -1),
            code_shape=shape_of_code(estimator),
            originals=originals if kind.name == "image" else None,
            image_shape=kind.image_shape,
            sample_names=names_of_rows(chosen, y),
        )
        return display.plot(ax)

    def plot(
        self, ax: Axes | None = None, *, cmap: str = "viridis", image_cmap: str = "gray"
    ) -> Self:
        """Draw the codes, below the samples if these are images.

        Parameters
        ----------
        ax : Axes, default=None
            Axes to draw on. None makes a new figure.
        cmap : str, default="viridis"
            Colormap of the codes, which share one scale.
        image_cmap : str, default="gray"
            Colormap of the images.

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
        rows = [
            *self._original_row(image_cmap),
            PictureRow.of_codes(self.codes, self.code_shape, cmap),
        ]
        names = self._names()
        self.ax_ = single_axes(ax, size_of_rows(rows))
        self.figure_ = self.ax_.figure
        self.images_ = draw_rows(self.ax_, rows, names)
        self.figure_.colorbar(self.images_[-1, 0], ax=self.ax_, label="code", shrink=0.8)
        if ax is not None:
            fit_labels(self.ax_)
            make_room(self.ax_)
        return self

    def frame(self) -> pd.DataFrame:
        """Return the codes, one row per sample.

        Returns
        -------
        frame : DataFrame of shape (n_samples, n_components)
        """
        codes = np.asarray(self.codes)
        columns = [f"code {i}" for i in range(codes.shape[1])]
        return pd.DataFrame(codes, index=self._names(), columns=columns)

    def _names(self):
        return names_or_numbers(self.sample_names, len(np.asarray(self.codes)), "row ")

    def _original_row(self, cmap):
        if self.originals is None:
            return []
        originals = check_array(self.originals, input_name="originals", dtype=float, allow_nd=True)
        check_same_length(originals=originals, codes=np.asarray(self.codes))
        shape = RowKind.of(originals.shape[1:], self.image_shape).shape
        return [PictureRow.of_images("original", originals, shape, cmap)]
