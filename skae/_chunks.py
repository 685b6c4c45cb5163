"""Rows a chunk at a time, where a whole array would take too much memory."""

from collections.abc import Iterator

from sklearn.utils import gen_batches

_ROWS_AT_ONCE = 8192


def chunks(n_rows: int) -> Iterator[slice]:
    """Yield slices that cover ``n_rows`` rows in order, some thousands each."""
    return gen_batches(n_rows, _ROWS_AT_ONCE)
