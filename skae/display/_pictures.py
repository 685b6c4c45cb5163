"""Arrays as images, and images in rows and columns on one pair of axes."""

from dataclasses import dataclass
from math import isqrt, prod

import numpy as np
from matplotlib.axes import Axes
from sklearn.utils import check_array

_GAP = 0.06  # space between pictures, in widths of one
_WIDEST = 8.0  # width over height of a vector that is wrapped into a picture


def as_picture(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return numbers of any shape as one picture.

    An image is itself, the channels of a feature map lie side by side in a grid, and a vector is
    wrapped into lines; NaN fills what is left over.

    Parameters
    ----------
    values : ndarray
    shape : tuple of int
        (n,), (height, width) or (height, width, channels).

    Returns
    -------
    picture : ndarray of shape (height, width)
    """
    if len(shape) == 1:
        return _filled_up(values.ravel(), _wrapped_shape(shape[0]))
    if len(shape) == 2:
        return values.reshape(shape)
    height, width, channels = (*shape[:2], prod(shape[2:]))
    maps = np.moveaxis(values.reshape(height, width, channels), -1, 0)
    return _in_a_grid(maps) if channels > 1 else maps[0]


def as_image(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return an image as it is, in color if it has three or four channels."""
    if len(shape) == 3 and shape[2] in (3, 4):
        return values.reshape(shape)
    return as_picture(values, shape)


def tiled(pictures: np.ndarray, between: float) -> np.ndarray:
    """Return pictures as one, a pixel apart.

    Parameters
    ----------
    pictures : ndarray of shape (n_rows, n_columns, height, width) or \
(n_rows, n_columns, height, width, n_colors)
    between : float
        Value of the pixels between them.
    """
    n_rows, n_columns, height, width = pictures.shape[:4]
    apart = np.full((n_rows, n_columns, height + 1, width + 1, *pictures.shape[4:]), between)
    apart[:, :, :height, :width] = pictures
    lines = np.swapaxes(apart, 1, 2)
    tiles = lines.reshape(n_rows * (height + 1), n_columns * (width + 1), *pictures.shape[4:])
    return tiles[:-1, :-1]


@dataclass(frozen=True, eq=False)
class PictureRow:
    """Pictures side by side that share a color scale.

    Attributes
    ----------
    name : str
    pictures : list of ndarray
        Of shape (height, width), or (height, width, 3 or 4) with colors.
    cmap : str
    limits : tuple of float
        Values of the first and the last color.
    """

    name: str
    pictures: list[np.ndarray]
    cmap: str
    limits: tuple[float, float]

    @classmethod
    def of(cls, name, pictures, cmap, limits=None) -> "PictureRow":
        """Return a row whose scale, unless given, goes from its least to its largest value."""
        return cls(name, pictures, cmap, limits or limits_of(pictures))

    @classmethod
    def of_images(cls, name, rows, image_shape, cmap, limits=None) -> "PictureRow":
        """Return rows as images."""
        return cls.of(name, [as_image(row, image_shape) for row in rows], cmap, limits)

    @classmethod
    def of_codes(cls, codes, code_shape, cmap) -> "PictureRow":
        """Return codes as pictures, of their own shape if they have none.

        Raises
        ------
        ValueError
            If codes are no finite numbers, or not as many as the shape holds.
        """
        codes = check_array(codes, input_name="codes", dtype=float)
        shape = tuple(code_shape or codes.shape[1:])
        if prod(shape) != codes.shape[1]:
            raise ValueError(
                f"Expected code_shape to hold the {codes.shape[1]} numbers of a code, got {shape}."
            )
        return cls.of("code", [as_picture(code, shape) for code in codes], cmap)


def limits_of(pictures) -> tuple[float, float]:
    """Return the least and the largest finite value of pictures."""
    values = np.concatenate([np.ravel(picture) for picture in pictures])
    values = values[np.isfinite(values)]
    return (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)


def size_of_rows(rows: list[PictureRow], width_of_picture: float = 0.8) -> tuple[float, float]:
    """Return width and height in inches of a figure for rows of pictures."""
    n_columns = len(rows[0].pictures)
    width = np.clip(n_columns * width_of_picture, 2.2, 12)
    height = sum(_cell_height(row) for row in rows) * width / n_columns
    longest = max(len(line) for row in rows for line in row.name.split("\n"))
    return float(width + 0.5 + 0.1 * longest), float(np.clip(height + 0.4, 1.2, 40))


def draw_rows(ax: Axes, rows: list[PictureRow], column_names: list[str]) -> np.ndarray:
    """Draw rows of pictures on one pair of axes, a column one unit wide.

    Returns
    -------
    images : ndarray of AxesImage, of shape (n_rows, n_columns)
    """
    images = np.empty((len(rows), len(column_names)), dtype=object)
    middles, top = [], 0.0
    for i, row in enumerate(rows):
        height = _cell_height(row)
        for j, picture in enumerate(row.pictures):
            images[i, j] = _draw_picture(ax, picture, row, left=j, top=top, height=height)
        middles.append(top + height / 2)
        top += height
    ax.set(xlim=(0, len(column_names)), ylim=(top, 0), aspect="equal")
    ax.set_xticks(np.arange(len(column_names)) + 0.5, column_names)
    ax.set_yticks(middles, [row.name for row in rows])
    bare(ax)
    return images


def bare(ax: Axes) -> None:
    """Leave the labels of axes, without ticks and frame."""
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    longest = max((len(label.get_text()) for label in ax.get_xticklabels()), default=0)
    if longest * len(ax.get_xticks()) > 70:
        ax.tick_params(axis="x", rotation=90)


def _draw_picture(ax, picture, row, *, left, top, height):
    """Draw one picture in the middle of its cell, as large as it fits."""
    room = 1 - _GAP, height - _GAP
    scale = min(room[0] / picture.shape[1], room[1] / picture.shape[0])
    half_width, half_height = scale * picture.shape[1] / 2, scale * picture.shape[0] / 2
    x, y = left + 0.5, top + height / 2
    low, high = row.limits
    if picture.ndim == 3:
        picture = np.clip((picture - low) / ((high - low) or 1), 0, 1)
    return ax.imshow(
        picture,
        cmap=row.cmap,
        vmin=low,
        vmax=high if high > low else low + 1,
        extent=(x - half_width, x + half_width, y + half_height, y - half_height),
    )


def _cell_height(row):
    shape = row.pictures[0].shape
    return float(np.clip(shape[0] / shape[1], 0.25, 2)) * (1 - _GAP) + _GAP


def _wrapped_shape(n_values):
    """Return lines and columns for a vector: the divisors nearest to a square, if near enough."""
    height = next(h for h in range(isqrt(n_values), 0, -1) if n_values % h == 0)
    width = n_values // height
    if width > _WIDEST * height and n_values > _WIDEST:
        height = isqrt(n_values)
        width = -(-n_values // height)
    return height, width


def _filled_up(values, shape):
    picture = np.full(prod(shape), np.nan)
    picture[: len(values)] = values
    return picture.reshape(shape)


def _in_a_grid(maps):
    """Return maps in lines, NaN in the places that are left over."""
    n_rows, n_columns = _wrapped_shape(len(maps))
    places = np.full((n_rows * n_columns, *maps.shape[1:]), np.nan)
    places[: len(maps)] = maps
    return tiled(places.reshape(n_rows, n_columns, *maps.shape[1:]), np.nan)
