"""Fully connected network."""

from dataclasses import field
from numbers import Real
from typing import ClassVar

import keras
from keras import layers

from skae._compat import Interval
from skae._parameters import (
    ACTIVATION,
    POSITIVE,
    REGULARIZER,
    SIZES,
    Activation,
    Initializer,
    Regularizer,
    Sizes,
    entries,
    parametrized,
)
from skae.networks._activations import activated
from skae.networks._base_network import BaseNetwork


@parametrized
class DenseNetwork(BaseNetwork):
    """Fully connected network: the decoder mirrors the encoder.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=(256, 128)
        Units of the encoder's hidden layers, in order; the decoder mirrors them. An int is a
        single layer.
    activation : str, callable or keras.layers.Layer, default="silu"
        Activation of the hidden layers: a function or Keras's name of it, a layer such as
        ``keras.layers.LeakyReLU(0.1)``, or the name of its class, ``"LeakyReLU"``.
    kernel_initializer : str or keras.initializers.Initializer, default="glorot_uniform"
        Initializer of the kernels of the hidden layers.
    dropout : float in [0, 1), default=0.0
        Fraction of every hidden layer's outputs that is set to zero in training, drawn anew for
        each batch.
    kernel_regularizer : str, keras.regularizers.Regularizer or None, default=None
        Penalty on the kernels of the hidden layers, such as ``"l2"`` or
        ``keras.regularizers.L2(1e-4)``. It is part of the training and the validation loss.

    Examples
    --------
    >>> from skae import DenseNetwork
    >>> DenseNetwork(hidden_layer_sizes=(32,)).sample_shape((8, 8))
    (64,)
    """

    hidden_layer_sizes: Sizes = field(default=(256, 128), kw_only=False)
    activation: Activation = "silu"
    kernel_initializer: Initializer = "glorot_uniform"
    dropout: float = 0.0
    kernel_regularizer: Regularizer = None

    _parameter_constraints: ClassVar[dict[str, list]] = {
        "hidden_layer_sizes": SIZES,
        "activation": ACTIVATION,
        "kernel_initializer": [str, keras.initializers.Initializer],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "kernel_regularizer": [*REGULARIZER, None],
    }

    def check_parameters(self) -> None:
        """Raise ``InvalidParameterError`` if a parameter is out of its range."""
        super().check_parameters()
        self._check_each("hidden_layer_sizes", [POSITIVE])

    def encoder_body(self, inputs):
        """Return the last hidden layer's output, of shape (None, hidden_layer_sizes[-1])."""
        return self._hidden_layers(inputs, entries(self.hidden_layer_sizes), "encoder")

    def decoder_body(self, code, sample_shape, kernel_initializer):
        r"""Return the output before its activation, of shape (None, \*sample_shape)."""
        features = self._hidden_layers(code, entries(self.hidden_layer_sizes)[::-1], "decoder")
        (n_features,) = sample_shape
        return layers.Dense(n_features, kernel_initializer=kernel_initializer, name="output")(
            features
        )

    def _hidden_layers(self, features, sizes, prefix):
        return hidden_layers(
            features,
            sizes,
            self,
            prefix,
            dropout=self.dropout,
            kernel_regularizer=self.kernel_regularizer,
        )


def hidden_layers(features, sizes, network, prefix, *, dropout=0.0, kernel_regularizer=None):
    """Return features after dense layers of these sizes, as ``network`` wants them."""
    for depth, size in enumerate(sizes, start=1):
        layer = layers.Dense(
            size,
            kernel_initializer=network.kernel_initializer,
            kernel_regularizer=kernel_regularizer,
            name=f"{prefix}_hidden_{depth}",
        )
        features = activated(layer, network.activation, features)
        if dropout:
            features = layers.Dropout(dropout, name=f"{prefix}_dropout_{depth}")(features)
    return features
