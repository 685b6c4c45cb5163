"""Rows to train on: standardized once and resident, or read block by block if they are too many."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from math import prod
from typing import Any

import numpy as np

from skae.data._blocks import BlockRows, in_background
from skae.data._memory import fits_memory
from skae.data._sources import SlicedBlocks
from skae.engine._mixing import mixed

_HELD_OUT_BYTES = 2**26
_PIECES_ALL_OVER = 64


@dataclass(frozen=True)
class Rows:
    r"""Standardized rows in memory.

    Attributes
    ----------
    values : ndarray of shape (n, \*sample_shape), float32
    weights : ndarray of shape (n,), float32, or None
    """

    values: np.ndarray
    weights: np.ndarray | None = None

    def __len__(self):
        return len(self.values)

    @property
    def n_features(self) -> int:
        """Numbers in a row."""
        return prod(self.values.shape[1:])

    def blocks(self) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
        """Yield values and weights, all at once."""
        yield self.values, self.weights

    def some(self, n_rows: int) -> np.ndarray:
        """Return values of at most so many rows from all over."""
        return self.values[:: -(-len(self.values) // n_rows)]

    def centred(self, mean: np.ndarray) -> "Rows":
        """Return the rows less a mean, float32 of shape (n_features,)."""
        return replace(self, values=self.values - mean.reshape(self.values.shape[1:]))

    def loaded(self, load: Callable) -> "_Resident":
        """Return the rows as ``load`` gives them, all weighted, loaded once and for all."""
        return _Resident(*_each(load, (self.values, self.weights)))


@dataclass(frozen=True)
class _Resident:
    values: Any
    weights: Any

    def __iter__(self):
        yield self.values, self.weights

    def first(self):
        """Return the first values, here all, and their weights."""
        return self.values, self.weights

    def epoch(self, batch_size, rng):
        """Yield values, the order in which to train on them, and weights."""
        order = np.arange(len(self.values), dtype=np.int32)
        if rng is not None:
            rng.shuffle(order)
        yield self.values, order, self.weights


@dataclass(frozen=True)
class StreamedRows:
    r"""Rows that stay where they are and are standardized piece by piece, at every pass.

    Attributes
    ----------
    rows : BlockRows of shape (m, n_features)
        In the units of the data.
    weights : ndarray of shape (m,), float32, or None
        Rows of weight 0 do not count.
    left_out : ndarray of int
        Positions, in ascending order, of rows that do not belong here.
    standardize : callable
        Maps rows to standardized float32 rows.
    sample_shape : tuple of int
    """

    rows: BlockRows
    weights: np.ndarray | None
    left_out: np.ndarray
    standardize: Callable[[np.ndarray], np.ndarray]
    sample_shape: tuple[int, ...]

    def __len__(self):
        if self.weights is None:
            return len(self.rows) - len(self.left_out)
        return int(np.count_nonzero(self.weights) - np.count_nonzero(self.weights[self.left_out]))

    @property
    def n_features(self) -> int:
        """Numbers in a row."""
        return prod(self.sample_shape)

    def blocks(self) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
        """Yield values and weights of consecutive rows, some megabytes at a time."""
        return in_background(self.pieces())

    def pieces(
        self, rng: np.random.RandomState | None = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
        """Yield what ``blocks`` does, of blocks in random order if there is a generator."""
        for start, piece in self.rows.pieces(rng):
            chosen = self._chosen(start, start + len(piece))
            if chosen.any():
                weights = None
                if self.weights is not None:
                    weights = self.weights[start : start + len(piece)][chosen]
                values = self.standardize(piece if chosen.all() else piece[chosen])
                yield values.reshape(-1, *self.sample_shape), weights

    def _chosen(self, start, stop):
        chosen = np.ones(stop - start, dtype=bool)
        if self.weights is not None:
            chosen = self.weights[start:stop] > 0
        first, last = np.searchsorted(self.left_out, (start, stop))
        chosen[self.left_out[first:last] - start] = False
        return chosen

    def some(self, n_rows: int) -> np.ndarray:
        """Return values of at most so many rows from all over."""
        pieces = islice(self.pieces(np.random.RandomState(0)), _PIECES_ALL_OVER)
        return np.concatenate([values[: -(-n_rows // _PIECES_ALL_OVER)] for values, _ in pieces])

    def centred(self, mean: np.ndarray) -> "StreamedRows":
        """Return the rows less a mean, float32 of shape (n_features,)."""
        return replace(self, standardize=lambda rows: self.standardize(rows) - mean)

    def loaded(self, load: Callable) -> "_Stream":
        """Return the rows as ``load`` gives them, loaded again in every iteration."""
        return _Stream(self, load)


@dataclass(frozen=True)
class _Stream:
    source: StreamedRows
    load: Callable

    def __iter__(self):
        return (_each(self.load, block) for block in self.source.blocks())

    def first(self):
        """Return the first values and their weights; the progress of a pass is not shown."""
        uncounted = replace(self.source.rows, is_counted=False)
        return _each(self.load, next(replace(self.source, rows=uncounted).pieces()))

    def epoch(self, batch_size, rng):
        """Yield some values, which of them to train on in which order, and weights."""
        return mixed(self.source, self.load, batch_size, rng)


def _each(load, block):
    values, weights = block
    if weights is None:
        weights = np.ones(len(values), dtype=np.float32)
    return load(values), load(weights)


def split_rows(rows, weights, *, n_held_out: int, standardize, sample_shape, rng):
    r"""Return all rows, those to train on and those held out, standardized.

    Parameters
    ----------
    rows : ndarray or BlockRows of shape (n, n_features)
        In the units of the data. Never changed or, beyond one float32 copy, copied; if that copy
        would take more than a quarter of the memory, the rows are streamed.
    weights : ndarray of shape (n,), float32, or None
    n_held_out : int
        Of streamed rows at most as many are held out as take 64 MB.
    standardize : callable
        Maps rows, and an order to put them in or None, to standardized float32 rows.
    sample_shape : tuple of int
    rng : RandomState
        Draws the rows that are held out.

    Returns
    -------
    everything, training : Rows or StreamedRows
    held_out : Rows or None
    """
    if isinstance(rows, BlockRows):
        return _streamed_split(rows, weights, n_held_out, standardize, sample_shape, rng)
    if not fits_memory(4 * rows.size):
        rows = BlockRows(SlicedBlocks(rows), check=np.asarray)
        return _streamed_split(rows, weights, n_held_out, standardize, sample_shape, rng)
    order = rng.permutation(len(rows)) if n_held_out else None
    values = standardize(rows, order).reshape(-1, *sample_shape)
    if weights is not None and order is not None:
        weights = weights[order]
    everything = Rows(values, weights)
    if not n_held_out:
        return everything, everything, None
    n_training = len(rows) - n_held_out
    return (
        everything,
        _part(everything, slice(n_training)),
        _part(everything, slice(n_training, None)),
    )


def _part(rows, part):
    return Rows(rows.values[part], None if rows.weights is None else rows.weights[part])


def _streamed_split(rows, weights, n_held_out, standardize, sample_shape, rng):
    n_held_out = min(n_held_out, max(1, _HELD_OUT_BYTES // (4 * rows.shape[1])))
    none = np.empty(0, dtype=np.intp)
    everything = StreamedRows(rows, weights, none, standardize, sample_shape)
    if not n_held_out:
        return everything, everything, None
    left_out = _one_of_each_part(len(rows), n_held_out, rng)
    if weights is not None:
        left_out = left_out[weights[left_out] > 0]
    values = standardize(_rows_at(rows, left_out)).reshape(-1, *sample_shape)
    held_out = Rows(values, None if weights is None else weights[left_out])
    return everything, replace(everything, left_out=left_out), held_out


def _one_of_each_part(n_rows, n_parts, rng):
    """Return random positions in ascending order, one out of each of equal parts."""
    bounds = np.arange(n_parts + 1) * n_rows // n_parts
    return bounds[:-1] + np.floor(rng.random_sample(n_parts) * np.diff(bounds)).astype(np.intp)


def _rows_at(rows, positions):
    """Return the rows at ascending positions, read in one pass."""
    found = []
    for start, piece in in_background(rows.pieces()):
        first, last = np.searchsorted(positions, (start, start + len(piece)))
        found.append(piece[positions[first:last] - start])
    return np.concatenate(found)
