"""Rows of a stream in random order, with only a part of them in memory."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from math import prod
from typing import Any

import numpy as np

from skae.data._memory import aligned_empty

_PART_BYTES = 2**25


def mixed(
    source, load: Callable, batch_size: int, rng: np.random.RandomState | None
) -> Iterator[tuple[Any, np.ndarray, Any]]:
    """Yield values, the positions of those to train on, and weights, until all rows were used.

    Blocks are read in random order into a pool of three parts. While one part is trained on,
    another is filled in the background; the next to train on is drawn from that one and the third.

    Parameters
    ----------
    source : StreamedRows
    load : callable
        Maps arrays to what a program gathers rows from.
    batch_size : int
        All positions but the last are as many as whole batches have.
    rng : RandomState or None
        None keeps the order of the rows.
    """
    n_in_part = batch_size * max(1, _PART_BYTES // (4 * prod(source.sample_shape) * batch_size))
    slots = np.arange(min(3 * n_in_part, len(source)), dtype=np.int32)
    pool = _Pool(source, len(slots), rng)
    with ThreadPoolExecutor(1) as reader:
        waiting, free = pool.fill(slots[:n_in_part]), slots[n_in_part:]
        while len(waiting):
            filling = reader.submit(pool.fill, free)
            if rng is not None:
                rng.shuffle(waiting)
            order, waiting = waiting[:n_in_part], waiting[n_in_part:]
            yield load(pool.values), order, load(pool.weights)
            waiting, free = np.concatenate([waiting, filling.result()]), order


class _Pool:
    """Rows in memory, of which some are replaced by the next ones of a stream."""

    def __init__(self, source, n_slots, rng):
        reading = None if rng is None else np.random.RandomState(rng.randint(2**31))
        self._pieces = source.pieces(reading)
        self._rest: tuple[np.ndarray, np.ndarray | None] = np.empty(0), None
        self.values = aligned_empty((n_slots, *source.sample_shape))
        self.weights = np.ones(n_slots, dtype=np.float32)

    def fill(self, slots: np.ndarray) -> np.ndarray:
        """Put the next rows into slots; return those filled, fewer only at the stream's end."""
        n_filled = 0
        while n_filled < len(slots):
            values, weights = self._rest
            if not len(values):
                following = next(self._pieces, None)
                if following is None:
                    break
                self._rest = following
                continue
            n_rows = min(len(values), len(slots) - n_filled)
            some = slots[n_filled : n_filled + n_rows]
            self.values[some] = values[:n_rows]
            if weights is not None:
                self.weights[some] = weights[:n_rows]
            self._rest = values[n_rows:], None if weights is None else weights[n_rows:]
            n_filled += n_rows
        return slots[:n_filled]
