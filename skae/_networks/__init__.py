"""Networks: which layers lie between the input and the code, and between the code and the output.

A network is a small parameter object, as a kernel is to ``GaussianProcessRegressor``. It knows no
loss and no data: an autoencoder asks it for its two bodies and adds the code, the output and the
objective itself.
"""

from skae._networks._base import BaseNetwork, Shape
from skae._networks._conv import ConvNetwork
from skae._networks._dense import DenseNetwork
from skae._networks._keras import KerasNetwork
from skae._networks._recurrent import RecurrentNetwork

__all__ = [
    "BaseNetwork",
    "ConvNetwork",
    "DenseNetwork",
    "KerasNetwork",
    "RecurrentNetwork",
    "Shape",
]
