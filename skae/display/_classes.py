"""Classes of rows: their names, their colors, and samples that hold all of them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike
from sklearn.utils import check_random_state

# Okabe and Ito (2008), without black, which a dark page would swallow.
_OKABE_ITO = (
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#d55e00",
    "#cc79a7",
    "#56b4e9",
    "#999999",
    "#f0e442",
)
# Petroff (2021), optimized for color-vision deficiencies over ten classes.
_PETROFF = (
    "#3f90da",
    "#ffa90e",
    "#bd1f01",
    "#94a4a2",
    "#832db6",
    "#a96b59",
    "#e76300",
    "#b9ac70",
    "#717581",
    "#92dadd",
)
_MOST_CLASSES = 30
_MOST_FLOATS = 10
_LINES = 1.8  # height of a line of a legend, in font sizes
BLUE, ORANGE, GREEN, VERMILLION = _OKABE_ITO[:4]
GREY = "#808080"


def class_colors(n_classes: int) -> np.ndarray:
    """Return one color a class, told apart by the color-blind; beyond ten they repeat."""
    palette = _OKABE_ITO if n_classes <= len(_OKABE_ITO) else _PETROFF
    return np.array(palette)[np.arange(n_classes) % len(palette)]


def is_continuous(y: ArrayLike) -> bool:
    """Tell whether a target is continuous: fractions, over 10 floats or over 30 integers."""
    labels = np.asarray(y)
    if not np.issubdtype(labels.dtype, np.number):
        return False
    most = _MOST_FLOATS if labels.dtype.kind == "f" else _MOST_CLASSES
    return len(np.unique(labels)) > most or not np.array_equal(labels, np.rint(labels))


@dataclass(frozen=True, eq=False)
class Classes:
    """Which class every row is of.

    Attributes
    ----------
    of_row : ndarray of shape (n_samples,), int
        Index into names and colors.
    names : list of str
    colors : ndarray of str
    """

    of_row: np.ndarray
    names: list[str]
    colors: np.ndarray

    @classmethod
    def of(cls, y: ArrayLike, target_names: ArrayLike | None = None) -> "Classes":
        """Read classes off a target.

        Parameters
        ----------
        y : array-like of shape (n_samples,)
        target_names : sequence of str or None
            Names of the classes in sorted order, or names indexed by the integers of y.

        Raises
        ------
        ValueError
            If there are not as many names as classes.
        """
        labels, of_row = unique_classes(y)
        if target_names is None:
            return cls(of_row, _names(labels), class_colors(len(labels)))
        names = [str(name) for name in np.asarray(target_names)]
        if labels.dtype.kind in "iub" and labels.min() >= 0 and labels.max() < len(names):
            return cls(labels[of_row].astype(int), names, class_colors(len(names)))
        if len(names) != len(labels):
            raise ValueError(
                f"Expected a name for each of the {len(labels)} classes of y, got "
                f"{len(names)} target_names."
            )
        return cls(of_row, names, class_colors(len(names)))

    def explain(self, ax: Axes, handles: dict[int, Any], *others: Any, **place: Any) -> None:
        """Draw a legend that fits in the figure, of the largest classes where they are many.

        Parameters
        ----------
        ax : Axes
        handles : dict of int to Artist
            By class, with labels.
        *others : Artist
            Drawn below the classes.
        **place
            Where, as ``Axes.legend`` takes it.
        """
        line = _LINES * FontProperties(size="small").get_size_in_points() / 72
        n_lines = max(3, int(ax.bbox.height / ax.figure.dpi / line))
        n_columns = 1 if len(handles) + len(others) <= n_lines else 2
        n_named = n_columns * n_lines - len(others)
        drawn = list(handles.values())
        if len(handles) > n_named:
            sizes = np.bincount(self.of_row, minlength=len(self.names))
            largest = sorted(handles, key=lambda label: -sizes[label])[: n_named - 1]
            drawn = [handle for label, handle in handles.items() if label in largest]
            more = f"{len(handles) - len(drawn)} more"
            drawn.append(Line2D([], [], ls="", label=more))
        drawn += others
        ax.legend(handles=drawn, frameon=False, fontsize="small", ncols=n_columns, **place)

    @property
    def present(self) -> np.ndarray:
        """Indices of the classes that have rows."""
        return np.unique(self.of_row)


def unique_classes(y: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return the classes of a target in order, and the number of each row's class.

    Classes of several types are ordered by type and then as text; None and NaN come last.

    Raises
    ------
    ValueError
        If a label cannot be compared to others.
    """
    labels = np.asarray(y)
    if labels.dtype != object:
        classes, of_row = np.unique(labels, return_inverse=True)
        return classes, of_row
    try:
        of_row, classes = pd.factorize(labels, use_na_sentinel=False)
    except TypeError as error:
        raise ValueError(
            "Expected y of numbers, strings or other hashable labels, got labels such as "
            f"{labels.flat[0]!r}. Pass one name or number a row."
        ) from error
    order = _order(classes)
    return classes[order], np.argsort(order)[of_row]


def _order(classes):
    missing = pd.isna(classes)
    known = np.flatnonzero(~missing).tolist()
    try:
        known.sort(key=classes.__getitem__)
    except TypeError:
        known.sort(key=lambda i: (type(classes[i]).__name__, str(classes[i])))
    return np.array([*known, *np.flatnonzero(missing)], dtype=int)


def _names(labels):
    """Return labels as text, with quotes where 1 and "1" would be the same."""
    names = ["missing" if pd.isna(label) else str(label) for label in labels]
    return names if len(set(names)) == len(names) else [repr(label) for label in labels]


def check_target(y: ArrayLike | None, n_samples: int) -> np.ndarray | None:
    """Return a target as an array, or raise if it has another length than the rows."""
    if y is None:
        return None
    labels = np.asarray(y)
    if labels.shape != (n_samples,):
        raise ValueError(
            f"Expected y with one class or value for each of {n_samples} rows, got an array of "
            f"shape {labels.shape}."
        )
    return labels


def sample_of_rows(
    n_samples: int, n_wanted: int | None, y: np.ndarray | None, random_state
) -> np.ndarray:
    """Draw rows without replacement, in proportion to the classes, some of every class.

    Parameters
    ----------
    n_samples : int
        Rows to draw from.
    n_wanted : int or None
        Rows to draw at most; None draws all of them.
    y : ndarray of shape (n_samples,) or None
        Classes; None, or a quantity, draws from all rows alike.
    random_state : int, RandomState instance or None

    Returns
    -------
    rows : ndarray of int
        In random order.
    """
    rng = check_random_state(random_state)
    order = rng.permutation(n_samples)
    if n_wanted is None or n_samples <= n_wanted:
        return order
    if y is None or is_continuous(y):
        return order[:n_wanted]
    _, labels = unique_classes(y[order])
    counts = np.bincount(labels)
    by_class = np.argsort(labels, kind="stable")
    rank = np.arange(n_samples) - np.repeat(np.cumsum(counts) - counts, counts)
    share = rank / np.repeat(counts, counts)
    return rng.permutation(order[by_class][np.argsort(share, kind="stable")[:n_wanted]])
