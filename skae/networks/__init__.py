"""Networks: which layers lie between the input and the code, and between the code and the output.

A network is a small parameter object, as a kernel is to ``GaussianProcessRegressor``. It knows no
loss and no data: an autoencoder asks it for its two bodies and adds the code, the output and the
objective itself.
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
