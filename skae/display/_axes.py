"""Where displays draw: on the axes that they are given, or on new ones of pyplot."""

import numpy as np
from matplotlib.axes import Axes


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
    grid = place.subgridspec(n_rows, n_columns)
    return grid.subplots(sharex=sharex, squeeze=False)
