"""Convolutional network, for images, signals and volumes."""

from collections.abc import Sequence
from dataclasses import field
from functools import partial
from math import ceil, prod
from numbers import Integral
from typing import ClassVar, Literal

import keras
from keras import layers

from skae._compat import Interval, StrOptions
from skae._parameters import (
    ACTIVATION,
    POSITIVE,
    SIZES,
    Activation,
    Initializer,
    Sizes,
    entries,
    parametrized,
    plain,
)
from skae.networks._activations import activated, activation_layer
from skae.networks._base_network import BaseNetwork, Shape, fitting_shape
from skae.networks._dense_network import hidden_layers


@parametrized
class ConvNetwork(BaseNetwork):
    """Convolutional network for images, signals and volumes.

    The encoder has one convolution with an activation for each entry of ``filters``. Each divides
    the size by its stride, rounding up. The decoder mirrors them: each convolution is followed by
    upsampling to the size that the encoder had there (cropped if that is odd). A last convolution
    restores the channels of the input. Dense layers connect feature map and code, unless the
    feature map is the code (``n_components=None``).

    Parameters
    ----------
    filters : int or sequence of int, default=(32, 64)
        Channels of the encoder's convolutions, in order. An int is a single convolution.
    kernel_size : int, default=3
        Size of the convolution window along each axis, in pixels or steps.
    strides : int or sequence of int, default=2
        Factor by which each convolution reduces the size of the image; 1 keeps it.
    pooling : {"max", "average"} or None, default=None
        Kind of pooling after each convolution. None uses strided convolutions instead.
    upsampling : {"nearest", "transpose"}, default="nearest"
        Upsampling of the decoder: repeated pixels after each convolution, or transposed
        convolutions.
    batch_normalization : bool, default=False
        Whether every convolution but the last has batch normalization before its activation,
        instead of a bias.
    hidden_layer_sizes : int or sequence of int, default=()
        Units of dense layers between feature map and code; the decoder mirrors them.
    image_shape : tuple of int or None, default=None
        Shape of a sample, with or without a last axis of channels: ``(28, 28)``,
        ``(28, 28, 3)``, ``(140,)``. None uses the shape of X; flat samples are signals of one
        channel.
    dimensions : {1, 2, 3} or None, default=None
        Number of axes that are convolved over. None is 1 for ``image_shape`` of length 1 and 2
        for longer ones; a signal of shape (steps, channels) needs ``dimensions=1``.
    activation : str, callable or keras.layers.Layer, default="silu"
        Activation of every layer but the last, as in :class:`DenseNetwork`.
    kernel_initializer : str or keras.initializers.Initializer, default="glorot_uniform"
        Initializer of all kernels but the last.

    Examples
    --------
    >>> from skae import ConvNetwork
    >>> ConvNetwork(image_shape=(28, 28)).sample_shape((784,))
    (28, 28, 1)
    """

    filters: Sizes = field(default=(32, 64), kw_only=False)
    kernel_size: int = 3
    strides: Sizes = 2
    pooling: Literal["max", "average"] | None = None
    upsampling: Literal["nearest", "transpose"] = "nearest"
    batch_normalization: bool = False
    hidden_layer_sizes: Sizes = ()
    image_shape: Sequence[int] | None = None
    dimensions: Literal[1, 2, 3] | None = None
    activation: Activation = "silu"
    kernel_initializer: Initializer = "glorot_uniform"

    _parameter_constraints: ClassVar[dict[str, list]] = {
        "filters": SIZES,
        "kernel_size": [POSITIVE],
        "strides": SIZES,
        "pooling": [StrOptions({"max", "average"}), None],
        "upsampling": [StrOptions({"nearest", "transpose"})],
        "batch_normalization": ["boolean"],
        "hidden_layer_sizes": SIZES,
        "image_shape": ["array-like", None],
        "dimensions": [Interval(Integral, 1, 3, closed="both"), None],
        "activation": ACTIVATION,
        "kernel_initializer": [str, keras.initializers.Initializer],
    }

    def check_parameters(self) -> None:
        """Raise ``InvalidParameterError`` if a parameter is out of its range."""
        super().check_parameters()
        self._check_each("filters", [POSITIVE])
        self._check_each("hidden_layer_sizes", [POSITIVE])
        if not isinstance(self.strides, Integral):
            self._check_each("strides", [POSITIVE])
            n_strides, n_filters = len(entries(self.strides)), len(entries(self.filters))
            if n_strides != n_filters:
                raise ValueError(
                    f"strides={self.strides!r} has {n_strides} entries, but filters has "
                    f"{n_filters}: expected one for each, or one number for all."
                )

    def sample_shape(self, row_shape: Shape) -> Shape:
        """Return the shape of a sample as an image: its sizes, then its channels."""
        shape = row_shape
        if self.image_shape is not None:
            shape = fitting_shape(entries(self.image_shape), row_shape, "image_shape")
        dimensions = self.dimensions or min(len(shape), 2)
        if len(shape) == dimensions:
            return (*shape, 1)
        if len(shape) != dimensions + 1:
            raise ValueError(
                f"An image of shape {shape} was received, which has neither {dimensions} axes nor, "
                f"with channels, {dimensions + 1}. Set image_shape or dimensions."
            )
        return shape

    def encoder_body(self, inputs):
        """Return the feature map, or the last hidden layer's output if there is one."""
        features = inputs
        for depth, (filters, stride) in enumerate(self._stages(), start=1):
            name = f"encoder_conv_{depth}"
            layer = self._layer(
                "Conv{}D", features, filters, name, strides=1 if self.pooling else stride
            )
            features = self._normalized(layer, features)
            if self.pooling and stride > 1:
                features = self._layer_class(f"{self.pooling.title()}Pooling{{}}D", features)(
                    stride, padding="same", name=f"encoder_pool_{depth}"
                )(features)
        sizes = entries(self.hidden_layer_sizes)
        if sizes:
            features = layers.Flatten("channels_last", name="encoder_flatten")(features)
        return hidden_layers(features, sizes, self, "encoder")

    def decoder_body(self, code, sample_shape, kernel_initializer):
        r"""Return the output before its activation, of shape (None, \*sample_shape)."""
        sizes = self._sizes(sample_shape)
        features = self._feature_map(code, (*sizes[-1], self._last_channels(sample_shape)))
        stages = zip(self._stages()[::-1], sizes[-2::-1], strict=True)
        for depth, ((filters, stride), size) in enumerate(stages, start=1):
            features = self._enlarged(features, filters, stride, f"decoder_conv_{depth}")
            features = self._cropped(features, size, f"decoder_crop_{depth}")
        return self._layer_class("Conv{}D", features)(
            sample_shape[-1],
            plain(self.kernel_size),
            padding="same",
            kernel_initializer=kernel_initializer,
            name="output",
        )(features)

    def _stages(self):
        """Return filters and stride of every convolution of the encoder."""
        filters, strides = entries(self.filters), entries(self.strides)
        if isinstance(self.strides, Integral):
            strides *= len(filters)
        return list(zip(filters, strides, strict=True))

    def _sizes(self, sample_shape):
        """Return the image's size before the first convolution and after each."""
        sizes = [tuple(sample_shape[:-1])]
        for _, stride in self._stages():
            sizes.append(tuple(ceil(size / stride) for size in sizes[-1]))
        return sizes

    def _last_channels(self, sample_shape):
        filters = entries(self.filters)
        return filters[-1] if filters else sample_shape[-1]

    def _feature_map(self, code, map_shape):
        """Return the code as the feature map that the convolutions of the decoder begin with."""
        if len(code.shape) == len(map_shape) + 1:
            return code
        features = hidden_layers(code, entries(self.hidden_layer_sizes)[::-1], self, "decoder")
        layer = layers.Dense(
            prod(map_shape), kernel_initializer=self.kernel_initializer, name="decoder_map"
        )
        features = activated(layer, self.activation, features)
        return layers.Reshape(map_shape, name="decoder_reshape")(features)

    def _enlarged(self, features, filters, stride, name):
        if self.upsampling == "transpose":
            layer = self._layer("Conv{}DTranspose", features, filters, name, strides=stride)
            return self._normalized(layer, features)
        features = self._normalized(self._layer("Conv{}D", features, filters, name), features)
        if stride == 1:
            return features
        return self._layer_class("UpSampling{}D", features)(stride, name=f"{name}_upsampling")(
            features
        )

    def _cropped(self, features, size, name):
        excess = [
            (0, large - small) for large, small in zip(features.shape[1:], size, strict=False)
        ]
        if not any(after for _, after in excess):
            return features
        cropping = excess[0] if len(excess) == 1 else tuple(excess)
        return self._layer_class("Cropping{}D", features)(cropping, name=name)(features)

    def _layer(self, kind, features, filters, name, strides=1):
        return self._layer_class(kind, features)(
            filters,
            plain(self.kernel_size),
            strides=strides,
            padding="same",
            use_bias=not self.batch_normalization,
            kernel_initializer=self.kernel_initializer,
            name=name,
        )

    def _normalized(self, layer, features):
        """Return a convolution's output, normalized if asked for, under the activation."""
        if not self.batch_normalization:
            return activated(layer, self.activation, features)
        features = layers.BatchNormalization(name=f"{layer.name}_normalization")(layer(features))
        return activation_layer(self.activation, f"{layer.name}_activation")(features)

    @staticmethod
    def _layer_class(kind, features):
        """Return Keras's layer class of a kind such as ``"Conv{}D"`` for the features' axes.

        Channels come last, whatever Keras's configuration says of images.
        """
        layer_class = getattr(layers, kind.format(len(features.shape) - 2))
        if layer_class in (layers.UpSampling1D, layers.Cropping1D):
            return layer_class
        return partial(layer_class, data_format="channels_last")
