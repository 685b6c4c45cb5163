"""Rows that a bounded output can reconstruct."""

from skae.data._blocks import BlockRows
from skae.engine import activation_name

_RANGES = {"sigmoid": (0.0, 1.0), "hard_sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0)}


def within_range(rows, output_activation):
    """Return rows, or raise if they lie outside what a bounded output can reach.

    Blocks of rows are checked as they are read.
    """
    reach = _RANGES.get(activation_name(output_activation))
    if reach is None:
        return rows
    if isinstance(rows, BlockRows):
        return BlockRows(
            rows.blocks, lambda piece: within_range(rows.check(piece), output_activation)
        )
    low, high = reach
    if rows.min() < low or rows.max() > high:
        raise ValueError(
            f"output_activation={output_activation!r} reaches values from {low:g} to "
            f"{high:g}, but X has values from {rows.min():g} to {rows.max():g}. Scale X (for "
            "instance with MinMaxScaler), or use output_activation='linear'."
        )
    return rows
