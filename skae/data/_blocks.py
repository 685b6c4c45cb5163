"""Samples on disk or in a cluster, read block by block."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from math import prod
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import DTypeLike

from skae.data._declaration import checked_dtype, checked_lengths, checked_row_shape
from skae.data._memory import fits_memory
from skae.data._progress import counted

PIECE_BYTES = 2**21
_OPEN_BYTES = 2**27
_NUMBERS = "biufO"  # kinds of dtypes that keep the value of a number, as text does not
_FEWEST_OPEN, _MOST_OPEN = 2, 16


class Blocks(ABC):
    r"""Base class of data larger than memory, which are read block by block.

    Estimators accept ``np.memmap``, Zarr and HDF5 arrays, Dask collections and Arrow datasets
    directly. Subclass ``Blocks`` for other sources: set the attributes below in ``__init__``, and
    override :meth:`read`.

    Attributes
    ----------
    lengths : sequence of int
        Number of samples in each block.
    row_shape : int or tuple of int
        Shape of a sample; (n_features,) or n_features for tables.
    dtype : numpy.dtype, type or str
        Type of the samples, or a larger one that holds them, as NumPy reads it: ``"float32"``.
    names : list of str or None
        Names of the features. If they are given, :meth:`read` must return DataFrames.

    Notes
    -----
    Training reads the blocks in random order, several of them alternately, and shuffles their
    samples in a buffer of 96 MB. If samples are sorted, by class or by time, use many small blocks
    of a few megabytes: they mix better than a few large ones.

    Examples
    --------
    One file per block:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from skae import Blocks, DenseAutoencoder
    >>> class Files(Blocks):
    ...     def __init__(self, paths):
    ...         self.paths = paths
    ...         arrays = [np.load(path, mmap_mode="r") for path in paths]
    ...         self.lengths = [len(array) for array in arrays]
    ...         self.row_shape, self.dtype = arrays[0].shape[1:], arrays[0].dtype
    ...     def read(self, block):
    ...         yield np.load(self.paths[block])
    >>> folder = Path(tempfile.mkdtemp())
    >>> for part in range(3):
    ...     np.save(folder / f"{part}.npy", np.random.default_rng(part).random((50, 4)))
    >>> X = Files(sorted(folder.glob("*.npy")))
    >>> DenseAutoencoder(2, epochs=2, random_state=0).fit(X).transform(X).shape
    (150, 2)
    """

    lengths: Sequence[int]
    row_shape: int | tuple[int, ...]
    dtype: DTypeLike
    names: list[str] | None = None

    @abstractmethod
    def read(self, block: int) -> Iterable[np.ndarray | pd.DataFrame]:
        r"""Return the samples of a block in order, in one or several pieces.

        Parameters
        ----------
        block : int
            Index into ``lengths``.

        Returns
        -------
        pieces : iterable of ndarray or DataFrame of shape (n, \*row_shape)
            A generator keeps only one piece at a time in memory. Estimators raise a ValueError if
            this is no iterable of arrays or DataFrames, or if the pieces do not match ``lengths``,
            ``row_shape``, ``dtype`` or ``names``.
        """

    def __len__(self):
        return sum(self._checked_lengths())

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of samples, and the shape of each."""
        return (len(self), *self._checked_row_shape())

    @property
    def bytes_at_once(self) -> int:
        """Memory in bytes that the largest block takes while it is read."""
        return max(self._checked_lengths(), default=0) * self.row_bytes

    @property
    def row_bytes(self) -> int:
        """Memory in bytes of a sample."""
        return max(1, prod(self._checked_row_shape()) * self._checked_dtype().itemsize)

    @property
    def fits_memory(self) -> bool:
        """Whether the samples, as floats, and a standardized copy may be kept in memory."""
        dtype = self._checked_dtype()
        as_floats = 0 if dtype.kind == "f" else 8
        return fits_memory(prod(self.shape) * (dtype.itemsize + as_floats + 4))

    def whole(self) -> np.ndarray | pd.DataFrame:
        """Return all samples."""
        rows = np.empty(self.shape, self._checked_dtype())
        for start, piece in in_background(self.pieces()):
            rows[start : start + len(piece)] = piece
        return rows if self.names is None else pd.DataFrame(rows, columns=self.names)

    def pieces(self, rng: np.random.RandomState | None = None) -> Iterator[tuple[int, Any]]:
        """Yield pieces of some megabytes, each with the position of its first sample.

        With a generator the blocks come in random order, and several are read by turns.
        """
        lengths = self._checked_lengths()
        starts = np.cumsum([0, *lengths])
        if rng is None:
            for block in range(len(lengths)):
                yield from self._pieces_of(block, int(starts[block]))
            return
        waiting = (
            self._pieces_of(block, int(starts[block]))
            for block in rng.permutation(len(lengths)).tolist()
        )
        n_open = min(max(_OPEN_BYTES // max(self.bytes_at_once, 1), _FEWEST_OPEN), _MOST_OPEN)
        opened = list(islice(waiting, n_open))
        while opened:
            turn = rng.randint(len(opened))
            piece = next(opened[turn], None)
            if piece is not None:
                yield piece
            else:
                opened[turn : turn + 1] = islice(waiting, 1)

    def _n_samples_in(self, block):
        return int(list(self.lengths)[block])

    def _checked_lengths(self):
        return checked_lengths(type(self).__name__, self.lengths)

    def _checked_row_shape(self):
        return checked_row_shape(type(self).__name__, self.row_shape)

    def _checked_dtype(self):
        return checked_dtype(type(self).__name__, self.dtype)

    def _pieces_of(self, block, start):
        n_at_once = max(1, PIECE_BYTES // self.row_bytes)
        for piece in self._checked_pieces(block):
            for first in range(0, len(piece), n_at_once):
                some = piece[first : first + n_at_once]
                yield start + first, some
            start += len(piece)

    def _checked_pieces(self, block: int) -> Iterator[np.ndarray | pd.DataFrame]:
        """Yield the pieces of a block as :meth:`read` returns them, and raise if they differ."""
        pieces, n_left = self.read(block), self._n_samples_in(block)
        if not isinstance(pieces, Iterable):
            raise ValueError(
                f"read of {type(self).__name__} returned {_kind_of(pieces)} for block {block}: "
                "expected an iterable of arrays or DataFrames. Use yield, as in yield array."
            )
        for piece in pieces:
            self._check_piece(block, piece, n_left)
            n_left -= len(piece)
            yield piece
        if n_left:
            raise ValueError(
                f"Block {block} ended {n_left} samples early: expected "
                f"{self._n_samples_in(block)}, as lengths says. Has it changed since lengths was "
                "set?"
            )

    def _check_piece(self, block, piece, n_left):
        """Raise if a piece does not match the attributes."""
        received = f"Block {block} of {type(self).__name__} gave"
        if not isinstance(piece, pd.DataFrame) and (self.names is not None or not _is_array(piece)):
            expected = "an array or DataFrame" if self.names is None else "a DataFrame"
            raise ValueError(
                f"{received} {_kind_of(piece)} as a piece: expected {expected} of samples. Convert "
                "each piece in read."
            )
        if len(piece) > n_left:
            raise ValueError(
                f"{received} more samples than lengths says: expected {self._n_samples_in(block)}. "
                "Has it changed since lengths was set?"
            )
        if tuple(piece.shape[1:]) != (row_shape := self._checked_row_shape()):
            raise ValueError(
                f"{received} samples of shape {piece.shape[1:]}: expected {row_shape}, the "
                "row_shape. Yield arrays of whole samples."
            )
        if self.names is not None and list(piece.columns) != list(self.names):
            raise ValueError(
                f"{received} the columns {list(piece.columns)}: expected {list(self.names)}, the "
                "names. Return them in this order."
            )
        dtype, declared = _dtype_of(piece), self._checked_dtype()
        is_kept = dtype.kind == declared.kind or declared.kind in _NUMBERS
        if not is_kept or not np.can_cast(dtype, declared, "same_kind"):
            raise ValueError(
                f"{received} samples of {dtype}: expected {declared}, the dtype, or one that it "
                "holds. Set dtype to that of the largest kind of number."
            )


def _is_array(piece):
    """Tell whether a piece is an array of NumPy's, or one of another library with its dtypes."""
    return isinstance(getattr(piece, "dtype", None), np.dtype) and len(piece.shape) > 0


def _kind_of(returned):
    return "None" if returned is None else f"an object of type {type(returned).__name__}"


def _dtype_of(piece):
    if isinstance(piece, pd.DataFrame):
        dtypes = [kind if isinstance(kind, np.dtype) else np.dtype("O") for kind in piece.dtypes]
        return np.result_type(*dtypes) if dtypes else np.dtype(float)
    return piece.dtype


@dataclass(frozen=True)
class BlockRows:
    """Flat rows of blocks, checked and converted as they are read.

    Attributes
    ----------
    blocks : Blocks
    check : callable
        Maps a piece to float rows of shape (n, n_features), or raises.
    is_counted : bool
        Whether passes in the order of the rows show their progress.
    """

    blocks: Blocks
    check: Callable[[Any], np.ndarray]
    is_counted: bool = False

    def __len__(self):
        return len(self.blocks)

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of rows and of features."""
        return len(self), prod(self.blocks.shape[1:])

    def samples(self) -> Blocks:
        """Return the rows in the shape that they had, as arrays without names."""
        return _CheckedBlocks(self.blocks, self.check)

    def pieces(self, rng: np.random.RandomState | None = None) -> Iterator[tuple[int, np.ndarray]]:
        """Yield the position of the first row, and rows, as ``Blocks.pieces`` does."""
        pieces = self.blocks.pieces(rng)
        if self.is_counted and rng is None:
            pieces = counted(pieces, len(self))
        for start, piece in pieces:
            yield start, self.check(piece)


class _SameBlocks(Blocks):
    """Blocks that are made from other ones."""

    def __init__(self, blocks: Blocks):
        self.blocks = blocks
        self.lengths, self.dtype = blocks._checked_lengths(), blocks._checked_dtype()
        self.row_shape = blocks._checked_row_shape()

    @property
    def bytes_at_once(self):
        """Memory in bytes that the largest of the other ones takes while it is read."""
        return self.blocks.bytes_at_once


class _CheckedBlocks(_SameBlocks):
    """Samples as arrays, checked."""

    def __init__(self, blocks, check):
        super().__init__(blocks)
        self._check = check

    def read(self, block):
        """Return checked pieces."""
        for piece in self.blocks._checked_pieces(block):
            yield self._check(piece).reshape(-1, *self.shape[1:])


class SelectedBlocks(_SameBlocks):
    """Some samples of blocks.

    Parameters
    ----------
    blocks : Blocks
    selected : ndarray of bool of shape (len(blocks),)
    """

    def __init__(self, blocks: Blocks, selected: np.ndarray):
        super().__init__(blocks)
        self.names = blocks.names
        self.selected = selected
        self._starts = np.cumsum([0, *self.lengths])
        self.lengths = [int(part.sum()) for part in np.split(selected, self._starts[1:-1])]

    def read(self, block):
        """Return the selected samples of a block, piece by piece."""
        start = self._starts[block]
        for piece in self.blocks._checked_pieces(block):
            yield piece[self.selected[start : start + len(piece)]]
            start += len(piece)


def selected_rows(rows: np.ndarray | BlockRows, positions: np.ndarray) -> np.ndarray | BlockRows:
    """Return the rows at positions, in the order of the blocks if they are read in blocks."""
    if isinstance(rows, np.ndarray):
        return rows[positions]
    selected = np.zeros(len(rows), dtype=bool)
    selected[positions] = True
    return replace(rows, blocks=SelectedBlocks(rows.blocks, selected))


def weighted_pieces(
    rows: np.ndarray | BlockRows, sample_weight: np.ndarray | None
) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
    """Yield rows and their weights: all at once, or piece by piece if they are read in blocks."""
    if isinstance(rows, np.ndarray):
        yield rows, sample_weight
        return
    for start, piece in in_background(rows.pieces()):
        yield piece, None if sample_weight is None else sample_weight[start : start + len(piece)]


def in_background(items: Iterator) -> Iterator:
    """Yield what an iterator gives, the next item computed in another thread meanwhile."""
    with ThreadPoolExecutor(1) as reader:
        upcoming = reader.submit(next, items, None)
        while (item := upcoming.result()) is not None:
            upcoming = reader.submit(next, items, None)
            yield item
