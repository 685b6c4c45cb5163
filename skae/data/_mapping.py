"""Apply a function to all rows: in memory, block by block, or lazily on a cluster."""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from skae.data._blocks import in_background
from skae.data._progress import counted, shows_progress
from skae.data._sources import as_blocks, whole_rows


def over_blocks(
    function: Callable[[Any], Any],
    X: Any,
    row_shape: tuple[int, ...],
    dtype=np.float32,
    names_of=None,
    verbose: int | str = 0,
) -> Any:
    r"""Return ``function(X)``, of blocks one after the other where X is not in memory.

    Parameters
    ----------
    function : callable
        Maps n rows to an array of shape (n, \*row_shape).
    X : array-like, Blocks or what is read as blocks
        Of a Dask collection the result is one too, computed by its workers when it is asked for;
        what the function holds travels to each of them once.
    row_shape : tuple of int
    dtype : numpy dtype
    names_of : callable, default=None
        Returns names of the columns of what a Dask DataFrame becomes, unless that is a Series.
    verbose : {0, 1, 2, "auto"}, default=0
        Whether progress is shown of what is read in blocks.
    """
    if _is_kind_of_dask(X):
        return _lazily(function, X, row_shape, dtype, names_of)
    blocks = as_blocks(X)
    if blocks is None:
        return function(X)
    if not len(blocks):
        return function(np.empty(blocks.shape))
    results = np.empty((len(blocks), *row_shape), dtype=dtype)
    for start, piece in in_background(_pieces(blocks, verbose)):
        results[start : start + len(piece)] = function(piece)
    return results


def sum_over_blocks(
    function: Callable[[Any], np.ndarray], X: Any, n_sums: int, verbose: int | str = 0
) -> np.ndarray:
    """Return ``function(X)``, an array, summed over blocks where X is not in memory.

    Parameters
    ----------
    function : callable
        Maps rows to an array of shape (n_sums,).
    X : array-like, Blocks or what is read as blocks
        Of a Dask collection the workers compute it.
    n_sums : int
    verbose : {0, 1, 2, "auto"}, default=0
        As of ``over_blocks``.
    """
    if _is_kind_of_dask(X):
        import dask

        travelling = _travelling(function)
        none = np.zeros(n_sums)
        parts = [dask.delayed(_applied)(part, travelling, none) for part in _delayed_blocks(X)]
        return np.sum(dask.compute(*parts), axis=0)
    blocks = as_blocks(X)
    if blocks is None or not len(blocks):
        return function(X if blocks is None else np.empty(blocks.shape))
    pieces = in_background(_pieces(blocks, verbose))
    return np.sum([function(piece) for _, piece in pieces], axis=0)


def _pieces(blocks, verbose):
    pieces = blocks.pieces()
    return counted(pieces, len(blocks)) if shows_progress(verbose) else pieces


def _is_kind_of_dask(X):
    return any(
        isinstance(X, getattr(sys.modules[module], name))
        for module, name in (("dask.array", "Array"), ("dask.dataframe", "DataFrame"))
        if module in sys.modules
    )


def _travelling(function):
    """Return a function as a task of its own: it is loaded once on each worker that needs it."""
    import cloudpickle
    import dask

    return dask.delayed(cloudpickle.loads)(cloudpickle.dumps(function))


def _delayed_blocks(X):
    if isinstance(X, sys.modules["dask.array"].Array):
        return whole_rows(X).to_delayed().ravel().tolist()
    return X.to_delayed()


def _lazily(function, X, row_shape, dtype, names_of):
    like = np.empty((0, *row_shape), dtype=dtype)
    travelling = _travelling(function)
    if not isinstance(X, sys.modules["dask.array"].Array):
        names = None if names_of is None else names_of()
        return X.map_partitions(_framed, travelling, like, names, meta=_frame(like, names, None))
    rows = whole_rows(X)
    return rows.map_blocks(
        _applied,
        function=travelling,
        like=like,
        dtype=dtype,
        drop_axis=list(range(1, rows.ndim)),
        new_axis=list(range(1, like.ndim)),
        chunks=(rows.chunks[0], *row_shape),
        meta=like,
    )


def _applied(rows, function, like):
    return function(rows) if len(rows) else like


def _framed(rows, function, like, names):
    return _frame(_applied(rows, function, like), names, rows.index)


def _frame(values, names, index):
    if values.ndim == 1:
        return pd.Series(values, index=index)
    return pd.DataFrame(values, columns=names, index=index)
