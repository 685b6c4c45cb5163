"""Samples in displays: their kind, the choice of samples, and their reconstructions."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from numbers import Integral

import numpy as np
from numpy.typing import ArrayLike
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skae._compat import num_samples, safe_indexing
from skae.data._chunks import chunks
from skae.display._classes import check_target, sample_of_rows, unique_classes


@dataclass(frozen=True)
class RowKind:
    """Kind of a sample: image, series or row of a table.

    Attributes
    ----------
    name : {"image", "series", "table"}
    shape : tuple of int
        (height, width) or (height, width, channels); (steps, channels); (n_features,).
    """

    name: str
    shape: tuple[int, ...]

    @property
    def image_shape(self) -> tuple[int, ...] | None:
        """The shape if rows are images."""
        return self.shape if self.name == "image" else None

    @property
    def sequence_shape(self) -> tuple[int, ...] | None:
        """The shape if rows are series."""
        return self.shape if self.name == "series" else None

    @classmethod
    def of(
        cls,
        row_shape: tuple[int, ...],
        image_shape: tuple[int, ...] | None = None,
        sequence_shape: tuple[int, ...] | None = None,
    ) -> "RowKind":
        """Recognize rows by the shape that is given, or by their own.

        Parameters
        ----------
        row_shape : tuple of int
            Rows of two or three dimensions are images.
        image_shape, sequence_shape : tuple of int or None
            Shape of an image or a series, however the rows come.

        Raises
        ------
        ValueError
            If the shape given does not hold as many numbers as a row.
        """
        shape = tuple(image_shape or sequence_shape or row_shape)
        if prod(shape) != prod(row_shape) or len(shape) > 3:
            given = "image_shape" if image_shape else "sequence_shape"
            raise ValueError(
                f"Expected {given} to hold the {prod(row_shape)} numbers of a row, got {shape}."
            )
        if sequence_shape and not image_shape:
            return cls("series", (shape[0], prod(shape[1:])))
        return cls("table" if len(shape) == 1 else "image", shape)


def kind_of(estimator, rows: np.ndarray, image_shape=None, sequence_shape=None) -> RowKind:
    """Recognize rows by the shape that is given, by the estimator's parameters or their own."""
    if image_shape is None and sequence_shape is None:
        image_shape, sequence_shape = _shapes_of(estimator.get_params(), rows.shape[1:])
    return RowKind.of(rows.shape[1:], image_shape, sequence_shape)


def _shapes_of(parameters, row_shape):
    """Return the shape of an image or of a series that an estimator's parameters speak of."""
    image_shape = _last_parameter(parameters, "image_shape")
    sequence_shape = _last_parameter(parameters, "sequence_shape")
    if image_shape is not None:
        is_signal = len(tuple(image_shape)) == 1 or _last_parameter(parameters, "dimensions") == 1
        return (None, image_shape) if is_signal else (image_shape, None)
    recurrent = any(name.split("__")[-1] == "sequence_shape" for name in parameters)
    if sequence_shape is None and recurrent and len(row_shape) > 1:
        sequence_shape = row_shape
    return None, sequence_shape


def _last_parameter(parameters, name):
    """Return the parameter of that name, at any depth of nesting, or None."""
    values = [
        value
        for key, value in parameters.items()
        if key.split("__")[-1] == name and value is not None
    ]
    return values[-1] if values else None


def require(estimator, display: type, *methods: str) -> None:
    """Raise if an estimator is not fitted, or lacks a method that a display needs."""
    check_is_fitted(estimator)
    for method in methods:
        if not hasattr(estimator, method):
            raise TypeError(
                f"{display.__name__} expects an estimator with {method}, got "
                f"{type(estimator).__name__}, which has none."
            )


def choose_rows(X, y, samples: int | Sequence[int] | np.ndarray, random_state) -> np.ndarray:
    """Return indices of the rows to show.

    Parameters
    ----------
    X : array-like
    y : ndarray of shape (n_samples,) or None
        With classes, rows are drawn from each of them and come in their order.
    samples : int or array-like of int
        Number of samples to draw at random, or their indices.
    random_state : int, RandomState instance or None

    Raises
    ------
    ValueError
        If ``samples`` is out of range.
    """
    n_samples = num_samples(X)
    labels = check_target(y, n_samples)
    if isinstance(samples, Integral):
        if samples < 1:
            raise ValueError(f"Expected samples of at least 1, got {samples}.")
        drawn = sample_of_rows(n_samples, int(samples), labels, random_state)
        if labels is None:
            return drawn
        _, of_row = unique_classes(labels[drawn])
        return drawn[np.argsort(of_row, kind="stable")]
    chosen = np.asarray(samples)
    if chosen.ndim != 1 or chosen.dtype.kind not in "iu" or not chosen.size:
        raise ValueError(
            f"Expected samples to be a number of rows or a list of them, got {samples!r}."
        )
    if chosen.max() >= n_samples or chosen.min() < -n_samples:
        raise ValueError(f"Expected samples below {n_samples}, the rows of X, got {samples!r}.")
    return chosen


def rows_at(X, index: np.ndarray):
    """Return rows of an array, a DataFrame or a list by their indices."""
    return safe_indexing(X, index)


def reconstructed(estimator, X) -> np.ndarray:
    """Return ``inverse_transform(transform(X))`` as an array."""
    return np.asarray(estimator.inverse_transform(estimator.transform(X)))


def in_blocks(X):
    """Yield rows a few thousand at a time."""
    for chunk in chunks(num_samples(X)):
        yield rows_at(X, np.arange(chunk.start, chunk.stop))


def range_of(X, kind: RowKind) -> tuple[np.ndarray, np.ndarray]:
    """Return the least and the largest number of rows, of each feature if these are tables."""
    values = np.asarray(X, dtype=float)
    over = 0 if kind.name == "table" else None
    return values.min(axis=over), values.max(axis=over)


def feature_names(estimator, X, n_features: int) -> list[str]:
    """Return the names of X's columns, those seen at fit, or x0, x1 and so on."""
    names = getattr(X, "columns", None)
    if names is None:
        names = getattr(estimator, "feature_names_in_", None)
    if names is None:
        return [f"x{i}" for i in range(n_features)]
    return [str(name) for name in names]


def names_of_rows(index: np.ndarray, y: ArrayLike | None) -> list[str]:
    """Return the classes of chosen rows as names, or else their numbers."""
    if y is None:
        return [f"row {number}" for number in index]
    return [str(name) for name in np.asarray(y)[index]]


def names_or_numbers(names: ArrayLike | None, n_names: int, prefix: str = "") -> list[str]:
    """Return names as strings, or numbers from 0 after a prefix where there are none.

    Raises
    ------
    ValueError
        If there are more or fewer names than needed.
    """
    if names is None:
        return [f"{prefix}{i}" for i in range(n_names)]
    given = [str(name) for name in np.asarray(names)]
    if len(given) != n_names:
        raise ValueError(f"Expected {n_names} names, got {len(given)}: {given}.")
    return given


def shape_of_code(estimator) -> tuple[int, ...] | None:
    """Return the shape of one code if the last step of an estimator knows it."""
    return getattr(last_step(estimator), "code_shape_", None)


def into_last_step(estimator, X):
    """Return the last step of a Pipeline, or the estimator itself, and the rows it is given."""
    if isinstance(estimator, Pipeline) and len(estimator) > 1:
        return estimator[-1], estimator[:-1].transform(X)
    return last_step(estimator), X


def last_step(estimator):
    """Return the last step of a Pipeline, or the estimator itself."""
    return estimator[-1] if isinstance(estimator, Pipeline) else estimator


def check_same_length(**arrays) -> None:
    """Raise if arrays, by their names, do not have as many rows as one another."""
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"Expected as many rows in {' and '.join(lengths)}, got {lengths}.")
