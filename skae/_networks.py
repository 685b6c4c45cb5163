"""Networks: which layers lie between the input and the code, and between the code and the output.

A network is a small parameter object, as a kernel is to ``GaussianProcessRegressor``. It knows no
loss and no data: an autoencoder asks it for its two bodies and adds the code, the output and the
objective itself.
"""

from abc import ABC, abstractmethod
from numbers import Integral
from typing import Any, ClassVar

import keras
from keras import layers
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import Interval, validate_parameter_constraints

Shape = tuple[int, ...]


class BaseNetwork(BaseEstimator, ABC):
    """What an autoencoder asks of a network.

    Subclasses are parameter objects: ``__init__`` assigns, ``get_params``, ``set_params`` and
    ``clone`` come from scikit-learn.
    """

    _parameter_constraints: ClassVar[dict[str, list]] = {}

    def check_parameters(self) -> None:
        """Raise ``InvalidParameterError`` if a parameter is out of its range."""
        validate_parameter_constraints(
            self._parameter_constraints, self.get_params(deep=False), type(self).__name__
        )

    def sample_shape(self, n_features: int) -> Shape:
        """Return the shape in which the layers see a row of ``n_features`` numbers."""
        return (n_features,)

    @abstractmethod
    def encoder_body(self, inputs: Any) -> Any:
        r"""Return the features that the code is computed from.

        Parameters
        ----------
        inputs : KerasTensor of shape (None, \*sample_shape)

        Returns
        -------
        features : KerasTensor
        """

    @abstractmethod
    def decoder_body(self, code: Any, sample_shape: Shape, kernel_initializer: Any) -> Any:
        r"""Return the output before its activation.

        Parameters
        ----------
        code : KerasTensor of shape (None, n_components)
        sample_shape : tuple of int
            Shape of one row of the output.
        kernel_initializer : str or keras.initializers.Initializer
            What the last layer's kernel starts from.

        Returns
        -------
        outputs : KerasTensor of shape (None, \*sample_shape)
        """


class DenseNetwork(BaseNetwork):
    """Fully connected layers, mirrored around the code.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, default=(256, 128)
        Units of the encoder's hidden layers, input to code; the decoder has them in reverse order.
    activation : str or callable, default="silu"
        Activation of every hidden layer, by Keras's name or as a function.
    kernel_initializer : str or keras.initializers.Initializer, default="glorot_uniform"
        What the kernels of the hidden layers start from.

    Examples
    --------
    >>> from skae import DenseNetwork
    >>> DenseNetwork(hidden_layer_sizes=(32,)).sample_shape(64)
    (64,)
    """

    _parameter_constraints: ClassVar[dict[str, list]] = {
        "hidden_layer_sizes": ["array-like"],
        "activation": [str, callable],
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
        one_size = {
            "every size in hidden_layer_sizes": [Interval(Integral, 1, None, closed="left")]
        }
        for size in self.hidden_layer_sizes:
            validate_parameter_constraints(
                one_size, {"every size in hidden_layer_sizes": size}, type(self).__name__
            )

    def encoder_body(self, inputs):
        """Return the last hidden layer's output, of shape (None, hidden_layer_sizes[-1])."""
        features = inputs if len(inputs.shape) == 2 else layers.Flatten(name="flatten")(inputs)
        return self._hidden_layers(features, self.hidden_layer_sizes, "encoder")

    def decoder_body(self, code, sample_shape, kernel_initializer):
        r"""Return the output before its activation, of shape (None, \*sample_shape)."""
        features = self._hidden_layers(code, reversed(self.hidden_layer_sizes), "decoder")
        (n_features,) = sample_shape
        return layers.Dense(n_features, kernel_initializer=kernel_initializer, name="output")(
            features
        )

    def _hidden_layers(self, features, sizes, prefix):
        for depth, size in enumerate(sizes, start=1):
            features = layers.Dense(
                size,
                activation=self.activation,
                kernel_initializer=self.kernel_initializer,
                name=f"{prefix}_hidden_{depth}",
            )(features)
        return features
