"""Scatter plot of codes."""

from itertools import combinations
from typing import Self

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from numpy.typing import ArrayLike
from sklearn.utils import check_array

from skae._compat import num_samples
from skae.display._axes import grid_of_axes, make_room, single_axes
from skae.display._classes import BLUE, Classes, check_target, is_continuous, sample_of_rows
from skae.display._rows import names_or_numbers, require, rows_at

_VECTOR_POINTS = 2000  # more are drawn as pixels where the page is a vector graphic
_MOST_COMPONENTS = 5
_MOST_TAGS = 30
_RARE = 0.005  # classes with a smaller share of the points are named in the legend only,
_FEW = 5  # and those with fewer points, which a name would cover
_LETTER, _PADDING, _LINE = 0.65, 0.9, 2.0  # of a name in its box, in font sizes
_MOST_MOVES = 50
_SHORT_NAME, _FEW_NAMES = 3, 4  # names longer than that are in the legend, unless they are few


class LatentSpaceDisplay:
    """Scatter plot of the latent space: codes as points, colored by class.

    One component is drawn as histograms, two as a 2-D and three as a 3-D scatter plot, more as
    scatter plots of all pairs. Classes with short names, or few of them, are named at their
    medians, or beside them where names would cover each other, so that they can be told apart
    without color; the others are in a legend.

    Parameters
    ----------
    codes : array-like of shape (n_samples, n_components)
        Components to draw.
    y : array-like of shape (n_samples,), default=None
        Class of each sample, or a continuous target: non-integers, more than 10 distinct floats
        or more than 30 distinct integers.
    target_names : sequence of str, default=None
        Names of the classes in sorted order, or names indexed by the integers of y.
    component_names : sequence of str, default=None
        None uses "code 0", "code 1", …

    Attributes
    ----------
    figure_ : Figure
    ax_ : Axes
        The only axes, or the first.
    axes_ : ndarray of Axes
        Of shape (1,), or (n_components, n_components) for pairs.
    scatter_ : list of PathCollection
        The points, for each axes with a scatter plot.

    See Also
    --------
    LatentManifoldDisplay : Samples decoded from a grid in this plane.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.decomposition import PCA
    >>> from skae.display import LatentSpaceDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> display = LatentSpaceDisplay.from_estimator(PCA(2).fit(X), X, y)
    >>> display.ax_.get_xlabel()
    'code 0'
    >>> plt.close(display.figure_)
    """

    def __init__(
        self,
        codes: ArrayLike,
        *,
        y: ArrayLike | None = None,
        target_names: ArrayLike | None = None,
        component_names: ArrayLike | None = None,
    ):
        self.codes = codes
        self.y = y
        self.target_names = target_names
        self.component_names = component_names

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        target_names: ArrayLike | None = None,
        components: ArrayLike | None = None,
        max_points: int | None = 5000,
        random_state=None,
        ax: Axes | None = None,
    ) -> Self:
        r"""Encode samples and draw their codes.

        Parameters
        ----------
        estimator : estimator
            Fitted, with ``transform``: an autoencoder, PCA, a Pipeline.
        X : array-like of shape (n_samples, n_features) or (n_samples, \*row_shape)
        y, target_names
            As in the class.
        components : sequence of int, default=None
            Components to draw. None draws all, or the five of largest variance.
        max_points : int or None, default=5000
            Maximal number of points, drawn at random in proportion to the classes. None draws all.
        random_state : int, RandomState instance or None, default=None
            Draws the points, and the order in which they cover each other.
        ax : Axes, default=None
            Axes to draw on. None makes a new figure.

        Returns
        -------
        display : LatentSpaceDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If the estimator has no ``transform``, or ``ax`` is not Matplotlib axes.
        ValueError
            If X, y or ``components`` is invalid.
        """
        require(estimator, cls, "transform")
        n_samples = num_samples(X)
        labels = check_target(y, n_samples)
        drawn = sample_of_rows(n_samples, max_points, labels, random_state)
        codes = np.asarray(estimator.transform(rows_at(X, drawn)))
        codes = codes.reshape(len(codes), -1)
        chosen = _chosen_components(codes, components)
        display = cls(
            codes[:, chosen],
            y=None if labels is None else labels[drawn],
            target_names=target_names,
            component_names=[f"code {component}" for component in chosen],
        )
        return display.plot(ax)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw the codes.

        Parameters
        ----------
        ax : Axes, default=None
            Axes to draw on. None makes a new figure. Three components need axes with
            ``projection="3d"``, more of them axes that are part of a grid.

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
        points = _Points.of(self)
        n_components = points.codes.shape[1]
        if n_components > 3:
            self._plot_pairs(points, ax)
        elif n_components == 3:
            self._plot_space(points, ax)
        else:
            self.ax_ = single_axes(ax, (5, 4.4))
            self.axes_ = np.array([self.ax_])
            self.scatter_ = points.draw_panel(self.ax_, 0, n_components - 1)
            points.explain(self.ax_, self.scatter_)
            if ax is not None:
                make_room(self.ax_)
        self.figure_ = self.ax_.figure
        return self

    def frame(self) -> pd.DataFrame:
        """Return the points: one column per component, and the target if there is one.

        Returns
        -------
        frame : DataFrame of shape (n_samples, n_components or one more)
        """
        codes = np.asarray(self.codes)
        frame = pd.DataFrame(codes, columns=self._names(codes.shape[1]))
        return frame if self.y is None else frame.assign(target=np.asarray(self.y))

    def _names(self, n_components):
        return names_or_numbers(self.component_names, n_components, "code ")

    def _plot_space(self, points, ax):
        self.ax_ = single_axes(ax, (5.4, 5), projection="3d")
        if self.ax_.name != "3d":
            raise ValueError(
                'Three components are drawn in space: expected axes made with projection="3d". '
                "Make them so, or choose two components."
            )
        self.axes_ = np.array([self.ax_])
        self.scatter_ = [points.scatter(self.ax_, [0, 1, 2])]
        self.ax_.set(zlabel=points.names[2])
        points.explain(self.ax_, self.scatter_)

    def _plot_pairs(self, points, ax):
        n_components = points.codes.shape[1]
        side = 1.9 * n_components
        self.axes_ = grid_of_axes(ax, n_components, n_components, (side, side))
        self.ax_ = self.axes_[0, 0]
        self.scatter_ = []
        for (row, column), panel in np.ndenumerate(self.axes_):
            if column > row:
                panel.set_axis_off()
            else:
                self.scatter_ += points.draw_panel(panel, column, row)
                panel.label_outer()
        points.explain_beside(self.axes_[0, -1], self.scatter_)


class _Points:
    """Codes with their colors, ready to be drawn in one panel or in many."""

    def __init__(self, codes, names, classes, values):
        self.codes = codes
        self.names = names
        self._classes = classes
        self._values = values
        self._size = float(np.clip(6000 / len(codes), 3, 36))

    @classmethod
    def of(cls, display) -> "_Points":
        codes = check_array(display.codes, input_name="codes", dtype=float)
        names = display._names(codes.shape[1])
        target = check_target(display.y, len(codes))
        if target is None:
            return cls(codes, names, None, None)
        if display.target_names is None and is_continuous(target):
            return cls(codes, names, None, target)
        return cls(codes, names, Classes.of(target, display.target_names), None)

    def draw_panel(self, ax, x, y):
        """Draw one component against another, or the spread of one; return the scatters."""
        if x == y:
            self._histogram(ax, x)
            return []
        return [self.scatter(ax, [x, y])]

    def scatter(self, ax, components):
        points = ax.scatter(
            *self.codes[:, components].T,
            c=self._colors(),
            s=self._size,
            alpha=0.75,
            linewidths=0,
            rasterized=len(self.codes) > _VECTOR_POINTS,
        )
        ax.set_xlabel(self.names[components[0]])
        ax.set_ylabel(self.names[components[1]])
        return points

    def explain(self, ax, scatter):
        """Say what the colors mean: names at the medians, a legend, or a color bar."""
        if self._values is not None and scatter:
            ax.figure.colorbar(scatter[0], ax=ax, label="target", shrink=0.8)
        if self._classes is None:
            return
        names = [self._classes.names[label] for label in self._classes.present]
        is_short = max(map(len, names)) <= _SHORT_NAME or len(names) <= _FEW_NAMES
        named = self._name_at_medians(ax) if self.codes.shape[1] == 2 and is_short else []
        others = [label for label in self._classes.present if label not in named]
        if others:
            beside = 1.15 if ax.name == "3d" else 1.02
            self._legend(ax, others, loc="upper left", bbox_to_anchor=(beside, 1))

    def explain_beside(self, ax, scatter):
        """Say what the colors mean in a panel that is left empty."""
        if self._values is not None:
            ax.figure.colorbar(scatter[0], ax=ax, label="target")
        elif self._classes is not None:
            self._legend(ax, self._classes.present, loc="upper right")

    def _colors(self):
        if self._values is not None:
            return self._values
        return BLUE if self._classes is None else self._classes.colors[self._classes.of_row]

    def _histogram(self, ax, component):
        values = self.codes[:, component]
        edges = np.histogram_bin_edges(values, bins=min(40, max(5, int(len(values) ** 0.5))))
        if self._classes is None:
            ax.hist(values, edges, color=BLUE)
        else:
            for label in self._classes.present:
                of_class = values[self._classes.of_row == label]
                ax.hist(of_class, edges, histtype="step", color=self._classes.colors[label], lw=1.5)
        ax.set_xlabel(self.names[component])
        if self.codes.shape[1] == 1:
            ax.set_ylabel("rows")
        else:
            ax.set_ylabel(self.names[component])
            ax.set_yticks([])

    def _name_at_medians(self, ax):
        """Write names over the points, and return the classes that have room for one."""
        of_class = {i: self.codes[self._classes.of_row == i] for i in self._classes.present}
        fewest = max(_FEW, _RARE * len(self.codes))
        named = [i for i in self._classes.present[:_MOST_TAGS] if len(of_class[i]) >= fewest]
        medians = np.array([np.median(of_class[i], axis=0) for i in named]).reshape(-1, 2)
        offsets = _offsets_of_names(ax, medians, [self._classes.names[i] for i in named])
        for label, median, offset in zip(named, medians, offsets, strict=True):
            color = self._classes.colors[label]
            ax.annotate(
                self._classes.names[label],
                median,
                offset,
                textcoords="offset points",
                ha="center",
                va="center",
                fontsize="small",
                color="#1b1f24",
                arrowprops={"arrowstyle": "-", "color": color} if offset.any() else None,
                bbox={
                    "boxstyle": "round,pad=0.2",
                    "facecolor": "white",
                    "edgecolor": color,
                    "alpha": 0.85,
                },
            )
        return named

    def _legend(self, ax, labels, **place):
        from matplotlib.lines import Line2D

        classes = self._classes
        handles = {
            i: Line2D([], [], ls="", marker="o", color=classes.colors[i], label=classes.names[i])
            for i in labels
        }
        classes.explain(ax, handles, **place)


def _offsets_of_names(ax, points, names):
    """Return how far to write names from points, in points of print, so that all can be read."""
    ax.autoscale_view()
    centers = ax.transData.transform(points) * 72 / ax.figure.dpi
    size = FontProperties(size="small").get_size_in_points()
    boxes = [(size * (_LETTER * len(name) + _PADDING), size * _LINE) for name in names]
    return apart(centers, np.array(boxes).reshape(-1, 2)) - centers


def apart(centers: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return centers of boxes, moved as little as it takes until none covers another.

    Parameters
    ----------
    centers, sizes : ndarray of shape (n_boxes, 2)
    """
    moved = centers.astype(float)
    for _ in range(_MOST_MOVES):
        before = moved.copy()
        for one, other in combinations(range(len(moved)), 2):
            way = moved[other] - moved[one]
            shared = (sizes[one] + sizes[other]) / 2 - np.abs(way)
            if shared.min() > 1e-6:
                axis = shared.argmin()
                step = np.copysign(shared[axis] / 2, way[axis])
                moved[one, axis] -= step
                moved[other, axis] += step
        if np.array_equal(moved, before):
            break
    return moved


def _chosen_components(codes, components):
    if components is None:
        largest = np.argsort(-codes.var(axis=0), kind="stable")[:_MOST_COMPONENTS]
        return np.sort(largest)
    chosen = np.atleast_1d(np.asarray(components))
    if chosen.dtype.kind not in "iu" or chosen.min() < 0 or chosen.max() >= codes.shape[1]:
        raise ValueError(
            f"Expected components out of 0 to {codes.shape[1] - 1}, those of the code, got "
            f"{components!r}."
        )
    return chosen
