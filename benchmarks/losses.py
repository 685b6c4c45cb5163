"""Losses of reconstructions, the same for every way to train."""

import numpy as np

ROWS_AT_ONCE = 1000  # that a reconstruction takes, so that convolutions fit into memory


def loss_of(loss, X, reconstruct, fed=None):
    """Return the mean loss per entry of X, reconstructed from X or from what is fed."""
    total = 0.0
    for start in range(0, len(X), ROWS_AT_ONCE):
        rows = X[start : start + ROWS_AT_ONCE]
        given = rows if fed is None else fed[start : start + ROWS_AT_ONCE]
        outputs = np.asarray(reconstruct(given), dtype=np.float64).reshape(rows.shape)
        if loss == "mse":
            total += np.square(rows - outputs).sum()
        else:
            outputs = outputs.clip(1e-7, 1 - 1e-7)  # as Keras clips it
            total -= (rows * np.log(outputs) + (1 - rows) * np.log1p(-outputs)).sum()
    return float(total / X.size)
