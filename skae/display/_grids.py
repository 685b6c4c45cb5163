"""Decoded rows in a grid of cells: images as a mosaic, series and table rows as small lines."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.image import AxesImage
from numpy.typing import ArrayLike

from skae.display._classes import BLUE
from skae.display._pictures import as_image, tiled
from skae.display._rows import RowKind

_OUTER = 0.005, 0.995
_ROOM = 0.84  # share of a cell that lines fill


def draw_grid(
    ax: Axes,
    rows: np.ndarray,
    kind: RowKind,
    cmap: str,
    value_range: tuple[ArrayLike, ArrayLike] | None,
) -> AxesImage | LineCollection:
    r"""Draw decoded rows, cell (i, j) between x = j and j + 1 and between y = i and i + 1.

    Parameters
    ----------
    ax : Axes
    rows : ndarray of shape (n_lines, n_columns, \*row_shape)
        Line 0 is drawn at the bottom.
    kind : RowKind
    cmap : str
        Colors of images with one channel.
    value_range : tuple of float or None
        Values of the first and the last color, or at the bottom and the top of a cell of lines.
        None uses the quantiles .005 and .995, of each feature for tables.

    Returns
    -------
    artist : AxesImage or LineCollection
    """
    over = (0, 1) if kind.name == "table" else None
    low, high = np.quantile(rows, _OUTER, axis=over) if value_range is None else value_range
    limits = low, np.where(np.equal(low, high), np.add(low, 1.0), high)
    if kind.name == "image":
        return _draw_mosaic(ax, rows, kind, cmap, limits)
    return _draw_lines(ax, rows, kind, limits)


def _draw_mosaic(ax, rows, kind, cmap, limits):
    n_lines, n_columns = rows.shape[:2]
    low, high = limits
    pictures = [[as_image(row, kind.shape) for row in line] for line in rows[::-1]]
    height, width = pictures[0][0].shape[:2]
    if pictures[0][0].ndim == 3:
        pictures = [
            [np.clip((one - low) / (high - low), 0, 1) for one in line] for line in pictures
        ]
    x, y = 0.5 / (width + 1), 0.5 / (height + 1)
    image = ax.imshow(
        tiled(np.array(pictures), 1.0 if pictures[0][0].ndim == 3 else np.nan),
        cmap=cmap,
        vmin=low,
        vmax=high,
        extent=(x, n_columns - x, y, n_lines - y),
    )
    ax.set(xlim=(0, n_columns), ylim=(0, n_lines), aspect=(height + 1) / (width + 1))
    return image


def _draw_lines(ax, rows, kind, limits):
    n_lines, n_columns = rows.shape[:2]
    curves = rows.reshape(n_lines, n_columns, *kind.shape, -1)[..., 0]
    curves = curves.reshape(n_lines, n_columns, kind.shape[0], -1)
    low, high = (np.reshape(limit, (-1, 1)) for limit in limits)  # one of all steps, or of each
    heights = (1 - _ROOM) / 2 + _ROOM * np.clip((curves - low) / (high - low), 0, 1)
    steps = (1 - _ROOM) / 2 + _ROOM * np.linspace(0, 1, kind.shape[0])
    lines = [
        np.column_stack([steps + j, heights[i, j, :, channel] + i])
        for i, j, channel in np.ndindex(n_lines, n_columns, curves.shape[3])
    ]
    drawn = ax.add_collection(LineCollection(lines, colors=BLUE, linewidths=1))
    ax.set(xlim=(0, n_columns), ylim=(0, n_lines))
    ax.hlines(range(n_lines + 1), 0, n_columns, color="0.5", lw=0.3)
    ax.vlines(range(n_columns + 1), 0, n_lines, color="0.5", lw=0.3)
    return drawn


def label_cells(axis, values: np.ndarray, at_most: int = 7) -> None:
    """Write the values that cells stand for along an axis, no more than a few of them."""
    shown = range(0, len(values), max(1, -(-len(values) // at_most)))
    axis.set_ticks([i + 0.5 for i in shown], [f"{values[i]:.2g}".replace("-", "−") for i in shown])
