"""Rows in batches of one size, whatever their number."""

import numpy as np

_SMALLEST, _LARGEST, _FEWEST_BATCHES = 16, 256, 32


def resolved_batch_size(batch_size: int | str, n_rows: int) -> int:
    """Return the rows of a batch, at most ``n_rows``.

    ``"auto"`` is a power of two: every size of batch is compiled for itself.
    """
    if batch_size == "auto":
        share = min(max(n_rows // _FEWEST_BATCHES, _SMALLEST), _LARGEST)
        return min(1 << (share.bit_length() - 1), n_rows)
    return min(int(batch_size), n_rows)


def whole_batches(order: np.ndarray, batch_size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return positions of rows in whole batches, and the weight that each has in its batch.

    The last batch is padded with other rows of weight 0, and its real rows get more weight, so that
    the mean over the batch is the mean over its real rows.

    Parameters
    ----------
    order : ndarray of int32 of shape (n,)
        Positions of the rows, n ≥ 1.
    batch_size : int

    Returns
    -------
    positions : ndarray of int32 of shape (m,)
        ``order``, filled up to the next multiple of ``batch_size``.
    shares : ndarray of float32 of shape (m,)
        1 in full batches; ``batch_size / r`` for the r real rows of the last one.
    """
    positions = np.resize(order, len(order) + -len(order) % batch_size)
    shares = np.ones(len(positions), dtype=np.float32)
    last = shares[len(positions) - batch_size :]
    n_real = batch_size - (len(positions) - len(order))
    last[:n_real], last[n_real:] = batch_size / n_real, 0
    return positions, shares


def even_batches(
    order: np.ndarray, batch_size: int, n_replicas: int
) -> tuple[np.ndarray, np.ndarray, int]:
    """Return whole batches of which every replica gets as many rows, see ``whole_batches``.

    Parameters
    ----------
    order : ndarray of int32 of shape (n,)
    batch_size : int
    n_replicas : int

    Returns
    -------
    positions : ndarray of int32 of shape (m,)
    shares : ndarray of float32 of shape (m,)
        0 for the rows with which batches are filled up.
    even_size : int
        The rows of a batch then, the next multiple of ``n_replicas``.
    """
    positions, shares = whole_batches(order, batch_size)
    even_size = batch_size + -batch_size % n_replicas
    columns = np.arange(even_size)
    positions = positions.reshape(-1, batch_size)[:, columns % batch_size]
    shares = shares.reshape(-1, batch_size)[:, columns % batch_size]
    shares = np.where(columns < batch_size, shares * even_size / batch_size, 0)
    return positions.ravel(), shares.ravel().astype(np.float32), even_size
