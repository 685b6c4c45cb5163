"""The range of rows that a bounded output can reach, and that a loss is defined for."""

import keras
from keras import losses

from skae.data._blocks import BlockRows
from skae.engine import activation_name

_PROBABILITIES = "values between 0 and 1"
_NOT_NEGATIVE = "values of at least 0"
_DEFINED_FOR = {
    losses.BinaryCrossentropy: _PROBABILITIES,
    losses.BinaryFocalCrossentropy: _PROBABILITIES,
    losses.CategoricalCrossentropy: _PROBABILITIES,
    losses.CategoricalFocalCrossentropy: _PROBABILITIES,
    losses.KLDivergence: _PROBABILITIES,
    losses.MeanAbsolutePercentageError: "values other than 0",
    losses.MeanSquaredLogarithmicError: _NOT_NEGATIVE,
    losses.Poisson: _NOT_NEGATIVE,
    losses.binary_crossentropy: _PROBABILITIES,
    losses.binary_focal_crossentropy: _PROBABILITIES,
    losses.categorical_crossentropy: _PROBABILITIES,
    losses.categorical_focal_crossentropy: _PROBABILITIES,
    losses.kl_divergence: _PROBABILITIES,
    losses.mean_absolute_percentage_error: "values other than 0",
    losses.mean_squared_logarithmic_error: _NOT_NEGATIVE,
    losses.poisson: _NOT_NEGATIVE,
}
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


def check_loss_of_standardized(loss, instead):
    """Raise if one of Keras's own losses is not defined for values that are centered around 0.

    Parameters
    ----------
    loss : callable or keras.losses.Loss
    instead : str
        The parameters with which rows are not standardised.

    Raises
    ------
    ValueError
        If the loss is defined for other values. Losses of other types are not judged.
    """
    kind = type(loss) if isinstance(loss, keras.losses.Loss) else loss
    values = next((values for known, values in _DEFINED_FOR.items() if known is kind), None)
    if values is not None:
        raise ValueError(
            f"loss={kind.__name__} is defined for {values}, but rows are centered around 0 before "
            f"training: expected rows between 0 and 1 that stay as they are, with {instead}. Do "
            "that and scale X by MinMaxScaler, or use loss='mse', 'mae' or 'huber'."
        )
