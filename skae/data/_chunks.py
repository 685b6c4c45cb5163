"""Rows a chunk at a time, where a whole array would take too much memory."""

from collections.abc import Iterator

ROWS_AT_ONCE = 8192
_NUMBERS_IN_CACHE = 2**20  # 4 MB in float32
_MOST_NUMBERS = 2**23  # 64 MB in float64


def chunks(n_rows: int, n_features: int = 1, *, in_cache: bool = True) -> Iterator[slice]:
    """Return slices that cover ``n_rows`` rows in order, some thousands each, fewer if wide.

    No slice has more than a million numbers, or without ``in_cache`` eight millions.
    """
    most = _NUMBERS_IN_CACHE if in_cache else _MOST_NUMBERS
    size = max(1, min(ROWS_AT_ONCE, most // max(n_features, 1)))
    return (slice(start, min(start + size, n_rows)) for start in range(0, n_rows, size))
