"""Samples decoded along one component of the code after another."""

from collections.abc import Sequence
from typing import Self

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike
from sklearn.utils import check_array

from skae.display._axes import single_axes
from skae.display._code_range import CodeRange
from skae.display._grids import draw_grid, label_cells
from skae.display._rows import RowKind, kind_of, range_of, require, rows_at

_MOST_COMPONENTS = 10


class LatentTraversalDisplay:
    r"""Effect of each component of the code: samples decoded along it, with the others fixed.

    Images are drawn as they are. Series and samples of tables are small line plots; series share
    one scale, while each feature of a table has its own.

    Parameters
    ----------
    rows : array-like of shape (n_components, n_steps, n_features) or \
(n_components, n_steps, \*row_shape)
        Decoded samples.
    steps : array-like of shape (n_components, n_steps)
        Values of each component.
    components : sequence of int, default=None
        Indices of the components; None counts from 0.
    image_shape, sequence_shape : tuple of int, default=None
        Shape of a sample, if samples are flat: of an image, or (steps, channels) of a series.
    value_range : tuple of float or of array-like of shape (n_features,), default=None
        Lower and upper limit: of the color scale for images, of the axis for lines.
        None uses the quantiles .005 and .995 of the samples, of each feature for tables.

    Attributes
    ----------
    figure_ : Figure
    ax_ : Axes
    image_ : AxesImage or LineCollection

    See Also
    --------
    LatentManifoldDisplay : A grid over two components.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.decomposition import PCA
    >>> from skae.display import LatentTraversalDisplay
    >>> X, _ = load_digits(return_X_y=True)
    >>> display = LatentTraversalDisplay.from_estimator(PCA(3).fit(X), X, image_shape=(8, 8))
    >>> display.rows.shape
    (3, 9, 64)
    >>> plt.close(display.figure_)
    """

    def __init__(
        self,
        rows: ArrayLike,
        steps: ArrayLike,
        *,
        components: Sequence[int] | None = None,
        image_shape: tuple[int, ...] | None = None,
        sequence_shape: tuple[int, ...] | None = None,
        value_range: tuple[ArrayLike, ArrayLike] | None = None,
    ):
        self.rows = rows
        self.steps = steps
        self.components = components
        self.image_shape = image_shape
        self.sequence_shape = sequence_shape
        self.value_range = value_range

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X: ArrayLike | None = None,
        *,
        sample: int | None = None,
        components: Sequence[int] | None = None,
        n_steps: int = 9,
        image_shape: tuple[int, ...] | None = None,
        sequence_shape: tuple[int, ...] | None = None,
        random_state=None,
        ax: Axes | None = None,
    ) -> Self:
        r"""Decode along each component and draw the results.

        Each component goes from its quantile .005 to .995: of the normal distribution for a
        VariationalAutoencoder, otherwise of the codes of X, in even steps.

        Parameters
        ----------
        estimator : estimator
            Fitted, with ``transform`` and ``inverse_transform``: an autoencoder, PCA, a Pipeline.
        X : array-like of shape (n_samples, n_features) or (n_samples, \*row_shape), default=None
            Samples, at most 10000 of which are encoded. A VariationalAutoencoder needs none.
        sample : int, default=None
            Index of the sample of X whose code gives the values of the fixed components. None uses
            their median, or 0 for a VariationalAutoencoder.
        components : sequence of int, default=None
            Components to draw. None draws the first ten.
        n_steps : int, default=9
            Number of steps along each component.
        image_shape, sequence_shape : tuple of int, default=None
            Shape of a sample, if samples are flat: of an image, or (steps, channels) of a series.
            None uses the estimator's, if it has one.
        random_state : int, RandomState instance or None, default=None
            Draws the samples, if there are more than 10000.
        ax : Axes, default=None
            Axes to draw on. None makes a new figure.

        Returns
        -------
        display : LatentTraversalDisplay

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
        if n_steps < 1:
            raise ValueError(f"Expected n_steps of at least 1, got {n_steps}.")
        reach = CodeRange.of(estimator, X, random_state)
        if components is None:
            components = range(min(len(reach.center), _MOST_COMPONENTS))
        reach.check_components(components)
        steps = np.stack([reach.steps(component, n_steps) for component in components])
        codes = np.tile(_rest(estimator, X, sample, reach), (*steps.shape, 1))
        for line, component in enumerate(components):
            codes[line, :, component] = steps[line]
        rows = np.asarray(estimator.inverse_transform(codes.reshape(steps.size, -1)))
        kind = kind_of(estimator, rows, image_shape, sequence_shape)
        display = cls(
            rows.reshape(*steps.shape, *rows.shape[1:]),
            steps,
            components=components,
            image_shape=kind.image_shape,
            sequence_shape=kind.sequence_shape,
            value_range=None if X is None else range_of(X, kind),
        )
        return display.plot(ax)

    def plot(self, ax: Axes | None = None, *, cmap: str = "gray") -> Self:
        """Draw one line of samples per component.

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
        steps = check_array(self.steps, input_name="steps", dtype=float)
        if rows.shape[:2] != steps.shape:
            raise ValueError(
                f"Expected rows for steps of shape {steps.shape}, got rows of shape {rows.shape}."
            )
        kind = RowKind.of(rows.shape[2:], self.image_shape, self.sequence_shape)
        n_lines, n_steps = steps.shape
        self.ax_ = single_axes(ax, (0.75 * n_steps + 1.2, 0.75 * n_lines + 0.8))
        self.figure_ = self.ax_.figure
        self.image_ = draw_grid(self.ax_, rows[::-1], kind, cmap, self.value_range)
        names = range(n_lines) if self.components is None else self.components
        self.ax_.set_yticks(np.arange(n_lines)[::-1] + 0.5, [f"code {name}" for name in names])
        self._label_steps(steps)
        return self

    def _label_steps(self, steps):
        """Write the values below the steps if all components share them, else the ends' names."""
        if np.allclose(steps, steps[0]):
            label_cells(self.ax_.xaxis, steps[0])
            self.ax_.set_xlabel("value of the component")
        else:
            self.ax_.set_xticks([0.5, steps.shape[1] - 0.5], ["low", "high"])
            self.ax_.set_xlabel("value of the component, between its outer quantiles")


def _rest(estimator, X, sample, reach):
    """Return the code at which components rest that do not move."""
    if sample is None:
        return reach.center
    if X is None:
        raise ValueError(f"Expected X, whose row {sample} is where the components rest, got None.")
    return np.asarray(estimator.transform(rows_at(X, np.array([sample])))).ravel()
