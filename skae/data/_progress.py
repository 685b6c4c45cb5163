"""Progress of a pass over data that are not in memory: rows read and time left."""

import sys
from collections.abc import Iterator
from typing import Any


def counted(pieces: Iterator[tuple[int, Any]], n_rows: int) -> Iterator[tuple[int, Any]]:
    """Yield pieces, and show in Keras's progress bar how many rows have been read.

    Parameters
    ----------
    pieces : iterator of tuple
        Positions of first rows, and rows.
    n_rows : int
        Of all pieces together.
    """
    import keras

    sys.stdout.write(f"Reading {n_rows} rows\n")
    bar = keras.utils.Progbar(n_rows, unit_name="row")
    n_read = 0
    try:
        for start, piece in pieces:
            n_read += len(piece)
            bar.update(n_read)
            yield start, piece
    finally:
        if n_read < n_rows:
            sys.stdout.write("\n")


def shows_progress(verbose: int | str) -> bool:
    """Tell whether ``verbose`` asks for progress bars, as Keras's does."""
    return verbose in (1, "auto")
