"""Convolutional autoencoder."""

from typing import ClassVar

from skae._parameters import ACTIVATION
from skae.autoencoders._base import BaseAutoencoder
from skae.networks import ConvNetwork


class ConvAutoencoder(BaseAutoencoder):
    """Convolutional autoencoder, for images and signals.

    Convolutions make the image smaller, a dense layer maps what is left to ``n_components``
    numbers, and the decoder mirrors that [1]_. Without ``n_components`` the smallest feature map is
    the code. Rows may be flat, with ``image_shape``, or n-dimensional; any size comes back exact.

    Parameters
    ----------
    n_components : int or None, default=2
        Size of the code. None keeps the feature map of the last convolution as the code, which
        ``transform`` flattens.
    image_shape, filters, kernel_size, strides, pooling, upsampling, batch_normalization, \
hidden_layer_sizes, activation
        As in :class:`ConvNetwork`.
    code_activation : str, callable or keras.layers.Layer, default="linear"
        Activation of the dense code; a feature map has ``activation``.
    output_activation, loss, init, optimizer, learning_rate, epochs, batch_size, shuffle, \
validation_split, early_stopping, callbacks, warm_start, random_state, verbose
        As in :class:`DenseAutoencoder`.

    Attributes
    ----------
    code_shape_ : tuple of int
        Shape of one code in ``encoder_``: ``(n_components,)``, or that of the feature map.
    model_, encoder_, decoder_, history_, n_epochs_, best_epoch_, n_features_in_, \
feature_names_in_, mean_
        As in :class:`DenseAutoencoder`.

    See Also
    --------
    DenseAutoencoder : The same with fully connected layers.

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

    _parameter_constraints: ClassVar[dict[str, list]] = {
        **BaseAutoencoder._parameter_constraints,
        **ConvNetwork._parameter_constraints,
        "n_components": [*BaseAutoencoder._parameter_constraints["n_components"], None],
        "code_activation": ACTIVATION,
    }

    def __init__(
        self,
        n_components=2,
        *,
        image_shape=None,
        filters=(32, 64),
        kernel_size=3,
        strides=2,
        pooling=None,
        upsampling="nearest",
        batch_normalization=False,
        hidden_layer_sizes=(),
        activation="silu",
        code_activation="linear",
        output_activation="linear",
        loss="mse",
        init="auto",
        optimizer="adam",
        learning_rate=2e-3,
        epochs=200,
        batch_size="auto",
        shuffle=True,
        validation_split=0.2,
        early_stopping=True,
        callbacks=None,
        warm_start=False,
        random_state=None,
        verbose=0,
    ):
        super().__init__(
            n_components,
            output_activation=output_activation,
            loss=loss,
            init=init,
            optimizer=optimizer,
            learning_rate=learning_rate,
            epochs=epochs,
            batch_size=batch_size,
            shuffle=shuffle,
            validation_split=validation_split,
            early_stopping=early_stopping,
            callbacks=callbacks,
            warm_start=warm_start,
            random_state=random_state,
            verbose=verbose,
        )
        self.image_shape = image_shape
        self.filters = filters
        self.kernel_size = kernel_size
        self.strides = strides
        self.pooling = pooling
        self.upsampling = upsampling
        self.batch_normalization = batch_normalization
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.code_activation = code_activation

    def _network(self):
        return ConvNetwork(
            self.filters,
            kernel_size=self.kernel_size,
            strides=self.strides,
            pooling=self.pooling,
            upsampling=self.upsampling,
            batch_normalization=self.batch_normalization,
            hidden_layer_sizes=self.hidden_layer_sizes,
            image_shape=self.image_shape,
            activation=self.activation,
        )

    def _code_activation(self):
        return self.code_activation
