"""Networks: the layers of the encoder and of the decoder.

A network is a small parameter object, like a kernel of ``GaussianProcessRegressor``. It knows
neither the loss nor the data: the autoencoder calls it to build the bodies of encoder and decoder,
and adds the code, the output and the objective.
"""

from skae import _first_import as _first_import
from skae.networks._activations import activated, activation_layer
from skae.networks._base_network import BaseNetwork, Shape
from skae.networks._conv_network import ConvNetwork
from skae.networks._dense_network import DenseNetwork
from skae.networks._keras_network import KerasNetwork
from skae.networks._recurrent_network import RecurrentNetwork

__all__ = [
    "BaseNetwork",
    "ConvNetwork",
    "DenseNetwork",
    "KerasNetwork",
    "RecurrentNetwork",
    "Shape",
    "activated",
    "activation_layer",
]
