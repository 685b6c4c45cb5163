"""Samples decoded from a grid in the latent space."""

from typing import Self

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike
from sklearn.utils import check_array

from skae.display._axes import single_axes
from skae.display._code_range import CodeRange
from skae.display._grids import draw_grid, label_cells
from skae.display._rows import RowKind, kind_of, range_of, require


class LatentManifoldDisplay:
    r"""Samples decoded from a grid over two components of the code.

    Images fill the plane as a mosaic. Series and samples of tables are small line plots, one per
    cell; series share one scale, while each feature of a table has its own.

    Parameters
    ----------
    rows : array-like of shape (n_vertical, n_horizontal, n_features) or \
(n_vertical, n_horizontal, \*row_shape)
        Decoded samples; the first row of the grid is drawn at the bottom.
    horizontal, vertical : array-like of shape (n_horizontal,) and (n_vertical,)
        Values of the two components.
    image_shape, sequence_shape : tuple of int, default=None
        Shape of a sample, if samples are flat: of an image, or (steps, channels) of a series.
    value_range : tuple of float or of array-like of shape (n_features,), default=None
        Lower and upper limit: of the color scale for images, of the axis for lines.
        None uses the quantiles .005 and .995 of the samples, of each feature for tables.
    component_names : sequence of str, default=("code 0", "code 1")

    Attributes
    ----------
    figure_ : Figure
    ax_ : Axes
    image_ : AxesImage or LineCollection

    See Also
    --------
    LatentSpaceDisplay : Codes of samples in this plane.
    LatentTraversalDisplay : One component at a time, for codes of any size.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.decomposition import PCA
    >>> from skae.display import LatentManifoldDisplay
    >>> X, _ = load_digits(return_X_y=True)
    >>> display = LatentManifoldDisplay.from_estimator(PCA(2).fit(X), X, n=5, image_shape=(8, 8))
    >>> display.rows.shape
    (5, 5, 64)
    >>> plt.close(display.figure_)
    """

    def __init__(
        self,
        rows: ArrayLike,
        horizontal: ArrayLike,
        vertical: ArrayLike,
        *,
        image_shape: tuple[int, ...] | None = None,
        sequence_shape: tuple[int, ...] | None = None,
        value_range: tuple[ArrayLike, ArrayLike] | None = None,
        component_names: tuple[str, str] = ("code 0", "code 1"),
    ):
        self.rows = rows
        self.horizontal = horizontal
        self.vertical = vertical
        self.image_shape = image_shape
        self.sequence_shape = sequence_shape
        self.value_range = value_range
        self.component_names = component_names

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X: ArrayLike | None = None,
        *,
        n: int = 15,
        components: tuple[int, int] = (0, 1),
        image_shape: tuple[int, ...] | None = None,
        sequence_shape: tuple[int, ...] | None = None,
        random_state=None,
        ax: Axes | None = None,
    ) -> Self:
        r"""Decode a grid of codes and draw the results.

        For a VariationalAutoencoder the grid has the quantiles .005 to .995 of the normal
        distribution, so that all cells have the same probability. Otherwise it is evenly spaced
        between the quantiles .005 and .995 of the codes of X.

        Parameters
        ----------
        estimator : estimator
            Fitted, with ``transform`` and ``inverse_transform``: an autoencoder, PCA, a Pipeline.
        X : array-like of shape (n_samples, n_features) or (n_samples, \*row_shape), default=None
            Samples, at most 10000 of which are encoded. A VariationalAutoencoder needs none.
        n : int, default=15
            Number of grid points along each axis.
        components : tuple of two int, default=(0, 1)
            Components of the horizontal and the vertical axis. Others are held at their median, or
            at 0 for a VariationalAutoencoder.
        image_shape, sequence_shape : tuple of int, default=None
            Shape of a sample, if samples are flat: of an image, or (steps, channels) of a series.
            None uses the estimator's, if it has one.
        random_state : int, RandomState instance or None, default=None
            Draws the samples, if there are more than 10000.
        ax : Axes, default=None
            Axes to draw on. None makes a new figure.

        Returns
        -------
        display : LatentManifoldDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If the estimator lacks one of these methods, or ``ax`` is not Matplotlib axes.
        ValueError
            If X is missing where it is needed, or a component does not exist.
        """
        require(estimator, cls, "transform", "inverse_transform")
        if n < 1:
            raise ValueError(f"Expected n of at least 1, got {n}.")
        reach = CodeRange.of(estimator, X, random_state)
        reach.check_components(components)
        horizontal, vertical = (reach.steps(component, n) for component in components)
        codes = np.tile(reach.center, (n, n, 1))
        codes[:, :, components[0]] = horizontal
        codes[:, :, components[1]] = vertical[:, np.newaxis]
        rows = np.asarray(estimator.inverse_transform(codes.reshape(n * n, -1)))
        kind = kind_of(estimator, rows, image_shape, sequence_shape)
        display = cls(
            rows.reshape(n, n, *rows.shape[1:]),
            horizontal,
            vertical,
            image_shape=kind.image_shape,
            sequence_shape=kind.sequence_shape,
            value_range=None if X is None else range_of(X, kind),
            component_names=(f"code {components[0]}", f"code {components[1]}"),
        )
        return display.plot(ax)

    def plot(self, ax: Axes | None = None, *, cmap: str = "gray") -> Self:
        """Draw the grid.

        Parameters
        ----------
        ax : Axes, default=None
            Axes to draw on. None makes a new figure.
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
            If the data of the display do not fit together.
        """
        rows = check_array(self.rows, input_name="rows", dtype=float, allow_nd=True)
        horizontal, vertical = np.asarray(self.horizontal), np.asarray(self.vertical)
        if rows.shape[:2] != (len(vertical), len(horizontal)):
            raise ValueError(
                f"Expected {len(vertical)} lines of {len(horizontal)} rows, one a value of the "
                f"components, got rows of shape {rows.shape}."
            )
        kind = RowKind.of(rows.shape[2:], self.image_shape, self.sequence_shape)
        self.ax_ = single_axes(ax, (6, 6))
        self.figure_ = self.ax_.figure
        self.image_ = draw_grid(self.ax_, rows, kind, cmap, self.value_range)
        label_cells(self.ax_.xaxis, horizontal)
        label_cells(self.ax_.yaxis, vertical)
        self.ax_.set(xlabel=self.component_names[0], ylabel=self.component_names[1])
        return self
