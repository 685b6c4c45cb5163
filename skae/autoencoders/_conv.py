"""Convolutional autoencoder."""

from collections.abc import Sequence
from dataclasses import field
from typing import ClassVar, Literal

from skae._parameters import POSITIVE, Activation, Sizes, parametrized
from skae.autoencoders._base import BaseAutoencoder
from skae.networks import ConvNetwork


@parametrized
class ConvAutoencoder(BaseAutoencoder):
    """Convolutional autoencoder, for images and signals.

    Convolutions make the image smaller, and a dense layer maps the last feature map to
    ``n_components`` numbers. The decoder mirrors both [1]_. With ``n_components=None`` the last
    feature map is the code. Samples may be n-dimensional, or flat with ``image_shape``.
    Reconstructions have the exact size of the input, also where it is odd.

    Parameters
    ----------
    n_components : int or None, default=2
        Size of the code. None uses the last feature map as the code, which ``transform``
        flattens.
    image_shape, filters, kernel_size, strides, pooling, upsampling, batch_normalization, \
hidden_layer_sizes, activation
        As in :class:`ConvNetwork`.
    code_activation : str, callable or keras.layers.Layer, default="linear"
        Activation of the code. A feature map as the code has ``activation`` instead.
    output_activation, loss, init, optimizer, learning_rate, epochs, batch_size, shuffle, \
validation_split, early_stopping, callbacks, metrics, warm_start, random_state, verbose
        As in :class:`DenseAutoencoder`.

    Attributes
    ----------
    code_shape_ : tuple of int
        Shape of one code in ``encoder_``: ``(n_components,)``, or the shape of the feature map.
    model_, encoder_, decoder_, history_, n_epochs_, best_epoch_, batch_size_, \
n_features_in_, feature_names_in_, mean_
        As in :class:`DenseAutoencoder`.

    See Also
    --------
    DenseAutoencoder : Autoencoder with fully connected layers.

    References
    ----------
    .. [1] Masci, J., Meier, U., Cireşan, D. and Schmidhuber, J. (2011). Stacked convolutional
       auto-encoders for hierarchical feature extraction. ICANN, 52-59.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import ConvAutoencoder
    >>> images = load_digits().images
    >>> autoencoder = ConvAutoencoder(
    ...     n_components=None, filters=(8, 1), batch_size=64, epochs=2, random_state=0
    ... ).fit(images)
    >>> autoencoder.code_shape_
    (2, 2, 1)
    >>> autoencoder.transform(images).shape
    (1797, 4)
    >>> autoencoder.reconstruct(images).shape
    (1797, 8, 8)
    """

    n_components: int | None = field(default=2, kw_only=False)
    image_shape: Sequence[int] | None = None
    filters: Sizes = (32, 64)
    kernel_size: int = 3
    strides: Sizes = 2
    pooling: Literal["max", "average"] | None = None
    upsampling: Literal["nearest", "transpose"] = "nearest"
    batch_normalization: bool = False
    hidden_layer_sizes: Sizes = ()
    activation: Activation = "silu"

    _parameter_constraints: ClassVar[dict[str, list]] = {
        **ConvNetwork._parameter_constraints,
        "n_components": [POSITIVE, None],
    }

    def make_network(self):
        """Return the convolutional network of these parameters."""
        return ConvNetwork.with_parameters_of(self)
