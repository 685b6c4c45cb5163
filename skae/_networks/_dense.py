"""Fully connected network."""

from numbers import Integral
from typing import ClassVar

import keras
from keras import layers
from sklearn.utils._param_validation import Interval

from skae._activations import activated
from skae._networks._base import BaseNetwork
from skae._parameters import ACTIVATION


class DenseNetwork(BaseNetwork):
    """Fully connected layers, mirrored around the code.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, default=(256, 128)
        Units of the encoder's hidden layers, input to code; the decoder has them in reverse order.
    activation : str, callable or keras.layers.Layer, default="silu"
        Activation of every hidden layer: a function or Keras's name of it, a layer such as
        ``keras.layers.LeakyReLU(0.1)`` or the name of its class, ``"LeakyReLU"``.
    kernel_initializer : str or keras.initializers.Initializer, default="glorot_uniform"
        What the kernels of the hidden layers start from.

    Examples
    --------
    >>> from skae import DenseNetwork
    >>> DenseNetwork(hidden_layer_sizes=(32,)).sample_shape((8, 8))
    (64,)
    """

    _parameter_constraints: ClassVar[dict[str, list]] = {
        "hidden_layer_sizes": ["array-like"],
        "activation": ACTIVATION,
        "kernel_initializer": [str, keras.initializers.Initializer],
    }

    def __init__(
        self,
        hidden_layer_sizes=(256, 128),
        *,
        activation="silu",
        kernel_initializer="glorot_uniform",
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.kernel_initializer = kernel_initializer

    def check_parameters(self) -> None:
        """Raise ``InvalidParameterError`` if a parameter is out of its range."""
        super().check_parameters()
        self._check_each("hidden_layer_sizes", [Interval(Integral, 1, None, closed="left")])

    def encoder_body(self, inputs):
        """Return the last hidden layer's output, of shape (None, hidden_layer_sizes[-1])."""
        return hidden_layers(inputs, self.hidden_layer_sizes, self, "encoder")

    def decoder_body(self, code, sample_shape, kernel_initializer):
        r"""Return the output before its activation, of shape (None, \*sample_shape)."""
        features = hidden_layers(code, reversed(self.hidden_layer_sizes), self, "decoder")
        (n_features,) = sample_shape
        return layers.Dense(n_features, kernel_initializer=kernel_initializer, name="output")(
            features
        )


def hidden_layers(features, sizes, network, prefix):
    """Return features after dense layers of these sizes, as ``network`` wants them."""
    for depth, size in enumerate(sizes, start=1):
        layer = layers.Dense(
            size, kernel_initializer=network.kernel_initializer, name=f"{prefix}_hidden_{depth}"
        )
        features = activated(layer, network.activation, features)
    return features
