"""Matrix products in which a row does not depend on the others."""

from typing import Any

import numpy as np

ROWS_TOGETHER = 8
_MOST_MULTIPLICATIONS = 2**19 - 1  # of which OpenBLAS makes one thread's work
_FEWEST_COLUMNS = 32


def filled(rows: np.ndarray) -> np.ndarray:
    """Return rows of shape (n, n_features), with zeros added up to a multiple of eight rows."""
    n_missing = -len(rows) % ROWS_TOGETHER
    if not n_missing:
        return rows
    return np.concatenate([rows, np.zeros((n_missing, rows.shape[1]), dtype=rows.dtype)])


def product(rows: Any, matrix: np.ndarray) -> Any:
    """Return ``rows @ matrix``; the result of a row is the same, bit for bit, among any others.

    BLAS rounds differently for different numbers of rows. All products are therefore of eight rows,
    and so small that BLAS does not divide them among threads, which busy-wait for each other.

    Parameters
    ----------
    rows : ndarray of shape (n, n_features)
        Or what stands for one in a graph, which is multiplied at once.
    matrix : ndarray of shape (n_features, n_columns)
        Of the same dtype.

    Returns
    -------
    product : ndarray of shape (n, n_columns)
    """
    if not isinstance(rows, np.ndarray):
        return rows @ matrix
    blocks = filled(rows).reshape(-1, ROWS_TOGETHER, rows.shape[1])
    products = np.empty((*blocks.shape[:2], matrix.shape[1]), dtype=rows.dtype)
    size = _MOST_MULTIPLICATIONS // (ROWS_TOGETHER * max(rows.shape[1], 1))
    size = max(size, _FEWEST_COLUMNS)
    for start in range(0, matrix.shape[1], size):
        columns = slice(start, start + size)
        np.matmul(blocks, matrix[:, columns], out=products[:, :, columns])
    return products.reshape(-1, matrix.shape[1])[: len(rows)]
