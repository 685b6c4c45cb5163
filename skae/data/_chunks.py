"""Rows a chunk at a time, where a whole array would take too much memory."""

from collections.abc import Iterator

from sklearn.utils import gen_batches

_ROWS_AT_ONCE = 8192
_NUMBERS_AT_ONCE = 2**20  # 8 MB in float32, so that they stay in a processor's cache


def chunks(n_rows: int, n_features: int = 1) -> Iterator[slice]:
    """Return slices that cover ``n_rows`` rows in order, some thousands each.

    With ``n_features`` no slice has more than about a million numbers.
    """
    return gen_batches(n_rows, max(1, min(_ROWS_AT_ONCE, _NUMBERS_AT_ONCE // n_features)))
