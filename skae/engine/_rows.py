"""Rows to train on: standardised once and resident, or read block by block if they are too many."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

_LARGEST_SHARE_OF_MEMORY = 0.25
_BLOCK_BYTES = 2**26


@dataclass(frozen=True)
class Rows:
    r"""Standardised rows in memory.

    Attributes
    ----------
    values : ndarray of shape (n, \*sample_shape), float32
    weights : ndarray of shape (n,), float32, or None
    """

    values: np.ndarray
    weights: np.ndarray | None = None

    def __len__(self):
        return len(self.values)

    def blocks(self) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
        """Yield values and weights, all at once."""
        yield self.values, self.weights

    def loaded(self, load: Callable):
        """Return the blocks as ``load`` gives them, all rows weighted, loaded once and for all."""
        return [_each(load, block) for block in self.blocks()]


@dataclass(frozen=True)
class StreamedRows:
    r"""Rows that stay where they are and are standardised block by block, at every pass.

    Attributes
    ----------
    rows : ndarray or memmap of shape (m, n_features)
        In the units of the data.
    weights : ndarray of shape (m,), float32, or None
    chosen : ndarray of bool of shape (m,)
        Which of them belong here.
    standardize : callable
        Maps rows to standardised float32 rows.
    sample_shape : tuple of int
    """

    rows: np.ndarray
    weights: np.ndarray | None
    chosen: np.ndarray
    standardize: Callable[[np.ndarray], np.ndarray]
    sample_shape: tuple[int, ...]

    def __len__(self):
        return int(self.chosen.sum())

    def blocks(self) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
        """Yield values and weights of consecutive rows, some tens of megabytes at a time."""
        rows_at_once = max(1, _BLOCK_BYTES // (4 * self.rows.shape[1]))
        for start in range(0, len(self.rows), rows_at_once):
            block = slice(start, start + rows_at_once)
            chosen = self.chosen[block]
            if chosen.any():
                values = self.standardize(self.rows[block][chosen])
                weights = None if self.weights is None else self.weights[block][chosen]
                yield values.reshape(-1, *self.sample_shape), weights

    def loaded(self, load: Callable):
        """Return the blocks as ``load`` gives them, loaded anew whenever they are iterated."""
        return _Stream(self, load)


@dataclass(frozen=True)
class _Stream:
    source: StreamedRows
    load: Callable

    def __iter__(self):
        return (_each(self.load, block) for block in self.source.blocks())


def _each(load, block):
    values, weights = block
    if weights is None:
        weights = np.ones(len(values), dtype=np.float32)
    return load(values), load(weights)


def split_rows(rows, weights, *, n_held_out: int, standardize, sample_shape, rng):
    r"""Return all rows, those to train on and those held out, standardised.

    Parameters
    ----------
    rows : ndarray of shape (n, n_features)
        In the units of the data. Never changed or, beyond one float32 copy, copied; if that copy
        would take more than a quarter of the memory, the rows are streamed.
    weights : ndarray of shape (n,), float32, or None
    n_held_out : int
    standardize : callable
        Maps rows, and an order to put them in or None, to standardised float32 rows.
    sample_shape : tuple of int
    rng : RandomState
        Draws the rows that are held out.

    Returns
    -------
    everything, training : Rows or StreamedRows
    held_out : Rows, StreamedRows or None
    """
    if 4 * rows.size > _LARGEST_SHARE_OF_MEMORY * physical_memory():
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
    held_out = np.zeros(len(rows), dtype=bool)
    held_out[rng.permutation(len(rows))[:n_held_out]] = True

    def streamed(chosen):
        return StreamedRows(rows, weights, chosen, standardize, sample_shape)

    everything = streamed(np.ones(len(rows), dtype=bool))
    if not n_held_out:
        return everything, everything, None
    return everything, streamed(~held_out), streamed(held_out)


def physical_memory() -> int:
    """Return the machine's memory in bytes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
