"""Where displays draw: on the axes that they are given, or on new ones of pyplot."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.transforms import Bbox, BboxTransformTo

_SMALLEST_FONT = 4.0  # points
_LEAST_SHARE = 0.25  # of their width and height that axes keep at once
_MOST_STEPS = 5
_APART = 0.2  # inches to other axes, whose labels may not be there yet


def single_axes(ax: Axes | None, size: tuple[float, float], projection: str | None = None) -> Axes:
    """Return the axes given, or those of a new figure.

    Parameters
    ----------
    ax : Axes or None
    size : tuple of float
        Width and height of a new figure, in inches.
    projection : str or None
        Projection of new axes.

    Raises
    ------
    TypeError
        If ax is something else.
    """
    if ax is None:
        from matplotlib import pyplot as plt

        figure = plt.figure(figsize=size, layout="constrained")
        return figure.add_subplot(projection=projection)
    if not isinstance(ax, Axes):
        raise TypeError(f"Expected ax to be Matplotlib axes or None, got {type(ax).__name__}.")
    return ax


def grid_of_axes(
    ax: Axes | None, n_rows: int, n_columns: int, size: tuple[float, float], *, sharex: bool = False
) -> np.ndarray:
    """Return axes in rows and columns, in a new figure or in the place of the axes given.

    Parameters
    ----------
    ax : Axes or None
        Part of a grid, as ``plt.subplots`` makes them; it is blanked.
    n_rows, n_columns : int
    size : tuple of float
        Width and height of a new figure, in inches.
    sharex : bool, default=False

    Returns
    -------
    axes : ndarray of shape (n_rows, n_columns), object

    Raises
    ------
    TypeError
        If ax is something else.
    ValueError
        If ax has no place in a grid.
    """
    if ax is None:
        from matplotlib import pyplot as plt

        figure = plt.figure(figsize=size, layout="constrained")
        return figure.subplots(n_rows, n_columns, sharex=sharex, squeeze=False)
    single_axes(ax, size)
    place = ax.get_subplotspec()
    if place is None:
        raise ValueError(
            f"{n_rows} by {n_columns} panels were to be drawn in the place of ax, which is no "
            "part of a grid. Pass axes that plt.subplots made, or None."
        )
    ax.set_axis_off()
    between = 0.5 if ax.figure.get_layout_engine() is None and n_columns == 1 else None
    grid = place.subgridspec(n_rows, n_columns, hspace=between)
    return grid.subplots(sharex=sharex, squeeze=False)


def fit_labels(ax: Axes) -> None:
    """Turn and shrink the labels of axes' ticks until they do not overlap."""
    if _crowding(ax.get_xticklabels(), 0) > 1:
        ax.tick_params(axis="x", rotation=90)
    for number, axis in enumerate((ax.xaxis, ax.yaxis)):
        labels = axis.get_ticklabels()
        crowding = _crowding(labels, number)
        if crowding > 1:
            size = max(labels[0].get_fontsize() / crowding, _SMALLEST_FONT)
            axis.set_tick_params(labelsize=size)


def make_room(*axes: Axes) -> None:
    """Shrink axes until labels and legends lie in the figure, where no layout engine does it.

    Parameters
    ----------
    *axes : Axes
        Those that a display has drawn on; beside others they keep to their own side.
    """
    if axes[0].figure.get_layout_engine() is None:
        for _ in range(_MOST_STEPS):  # axes of a fixed aspect move only half as far as their place
            if not _shrink(axes):
                break


def _shrink(axes):
    """Shrink axes by what sticks out; tell whether anything did."""
    figure = axes[0].figure
    drawn = Bbox.union([one.get_tightbbox() for one in axes])
    place = Bbox.union([one.get_position(original=True) for one in axes])
    pixels = place.transformed(BboxTransformTo(figure.bbox))
    low, high = _limits(figure, axes, pixels)
    out = np.maximum([low - drawn.min, drawn.max - high], 0)
    share = 1 - out.sum(axis=0) / pixels.size
    if out.max() < 1 or share.min() < _LEAST_SHARE:
        return False
    corner = place.min + out[0] / figure.bbox.size
    for one in axes:
        position = one.get_position(original=True)
        one.set_position([*(corner + (position.min - place.min) * share), *(position.size * share)])
    return True


def _limits(figure, axes, place):
    """Return the corners of what axes may fill: the figure, up to the labels of other axes."""
    low, high = figure.bbox.min.copy(), figure.bbox.max.copy()
    apart = _APART * figure.dpi
    for other in figure.axes:
        if other in axes or not other.axison:
            continue
        at, box = other.get_window_extent(), other.get_tightbbox()
        for side in (0, 1):
            if at.min[1 - side] >= place.max[1 - side] or at.max[1 - side] <= place.min[1 - side]:
                continue  # not in the same row, or column, of axes
            if at.min[side] >= place.max[side]:
                high[side] = min(high[side], max(box.min[side] - apart, place.max[side]))
            if at.max[side] <= place.min[side]:
                low[side] = max(low[side], min(box.max[side] + apart, place.min[side]))
    return low, high


def _crowding(labels, axis):
    """Return how many times too large the labels of ticks are along an axis."""
    boxes = [label.get_window_extent() for label in labels if label.get_text()]
    if len(boxes) < 2:
        return 0.0
    sizes = np.array([box.size[axis] for box in boxes])
    centers = np.array([(box.min[axis] + box.max[axis]) / 2 for box in boxes])
    apart = np.abs(np.diff(centers))
    return float(((sizes[1:] + sizes[:-1]) / 2 / np.maximum(apart, 1e-3)).max())
