"""Recurrent network, for sequences."""

from collections.abc import Sequence
from dataclasses import field
from numbers import Real
from typing import ClassVar, Literal

from keras import layers

from skae._compat import StrOptions
from skae._parameters import (
    ACTIVATION,
    POSITIVE,
    SIZES,
    Activation,
    Sizes,
    entries,
    parametrized,
    plain,
)
from skae.networks._base_network import BaseNetwork, Shape, fitting_shape

_CELLS = {"lstm": layers.LSTM, "gru": layers.GRU}


@parametrized
class RecurrentNetwork(BaseNetwork):
    """Recurrent network for sequences.

    The encoder's last layer returns one vector. The decoder repeats the code over the steps of the
    sequence, applies the same kinds of layers in reverse order, and ends in a dense layer that is
    applied to every step [1]_.

    Parameters
    ----------
    units : int or sequence of int, default=(64,)
        Units of the encoder's recurrent layers, in order; the decoder mirrors them. An int is a
        single layer.
    cell : {"lstm", "gru"}, default="lstm"
        Kind of recurrent layer.
    sequence_shape : tuple of int or None, default=None
        Shape of a sample, ``(steps, channels)`` or ``(steps,)``. None uses the shape of X; flat
        samples are sequences of one channel.
    mask_value : float or None, default=None
        Value that pads short sequences: the encoder skips steps at which every channel has it.
        Only :class:`SequenceAutoencoder` also leaves such steps out of the loss and the scores.
    activation : str or callable, default="tanh"
        Activation of the recurrent layers.

    References
    ----------
    .. [1] Srivastava, N., Mansimov, E. and Salakhutdinov, R. (2015). Unsupervised learning of
       video representations using LSTMs. ICML.

    Examples
    --------
    >>> from skae import RecurrentNetwork
    >>> RecurrentNetwork(units=(32,)).sample_shape((140,))
    (140, 1)
    """

    units: Sizes = field(default=(64,), kw_only=False)
    cell: Literal["lstm", "gru"] = "lstm"
    sequence_shape: Sequence[int] | None = None
    mask_value: float | None = None
    activation: Activation = "tanh"

    _parameter_constraints: ClassVar[dict[str, list]] = {
        "units": SIZES,
        "cell": [StrOptions(set(_CELLS))],
        "sequence_shape": ["array-like", None],
        "mask_value": [Real, None],
        "activation": ACTIVATION,
    }

    def check_parameters(self) -> None:
        """Raise ``InvalidParameterError`` if a parameter is out of its range."""
        super().check_parameters()
        self._check_each("units", [POSITIVE])
        if not entries(self.units):
            raise ValueError("units=() has no layer: expected the units of at least one.")

    def sample_shape(self, row_shape: Shape) -> Shape:
        """Return (steps, channels)."""
        shape = row_shape
        if self.sequence_shape is not None:
            shape = fitting_shape(entries(self.sequence_shape), row_shape, "sequence_shape")
        if len(shape) == 1:
            return (*shape, 1)
        if len(shape) != 2:
            raise ValueError(
                f"A row of shape {shape} was received, expected (steps, channels) or (steps,). Set "
                "sequence_shape."
            )
        return shape

    def encoder_body(self, inputs):
        """Return the last layer's last state, of shape (None, units[-1])."""
        features = inputs
        if self.mask_value is not None:
            features = layers.Masking(plain(self.mask_value), name="encoder_mask")(features)
        sizes = entries(self.units)
        for depth, units in enumerate(sizes, start=1):
            returns_all = depth < len(sizes)
            features = self._layer(units, f"encoder_{self.cell}_{depth}", returns_all)(features)
        return features

    def decoder_body(self, code, sample_shape, kernel_initializer):
        r"""Return the output before its activation, of shape (None, steps, channels)."""
        steps, channels = sample_shape
        features = layers.RepeatVector(steps, name="decoder_repeat")(code)
        for depth, units in enumerate(entries(self.units)[::-1], start=1):
            features = self._layer(units, f"decoder_{self.cell}_{depth}", True)(features)
        return layers.Dense(channels, kernel_initializer=kernel_initializer, name="output")(
            features
        )

    def _layer(self, units, name, return_sequences):
        return _CELLS[self.cell](
            units, activation=self.activation, return_sequences=return_sequences, name=name
        )
