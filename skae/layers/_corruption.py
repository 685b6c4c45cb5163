"""Corruptions of the input of a denoising autoencoder."""

from abc import abstractmethod

import keras
from keras import ops, random

from skae.layers._objective_layer import ObjectiveLayer
from skae.layers._random import normal, uniform

_SMALLEST_SHARE = 1e-6


class Corruption(ObjectiveLayer):
    """Add noise to samples in training; pass them through otherwise.

    Parameters
    ----------
    noise : float
        Amount of noise, as the subclass defines it.
    clip : bool, default=False
        Whether noisy samples are clipped to the range that :meth:`assign_range` was given.
    **kwargs
        ``name``, ``dtype`` and the other arguments of every Keras layer.
    """

    hyperparameters = ("noise",)

    def __init__(self, noise: float, clip: bool = False, **kwargs):
        super().__init__(**kwargs)
        self.noise = noise
        self.clip = clip
        self.seed_generator = random.SeedGenerator()
        self.supports_masking = True

    def build(self, input_shape):
        """Create the range of the data."""
        self.low = self.add_weight(shape=(), initializer="zeros", trainable=False, name="low")
        self.high = self.add_weight(shape=(), initializer="ones", trainable=False, name="high")

    def assign_range(self, low: float, high: float) -> None:
        """Set the range of the data."""
        self.low.assign(low)
        self.high.assign(high)

    def call(self, inputs, training=None):
        r"""Corrupt ``inputs`` of shape (n, \*sample_shape)."""
        if not self.acts(training):
            return inputs
        corrupted = self.corrupted(inputs)
        return ops.clip(corrupted, *self._range()) if self.clip else corrupted

    @abstractmethod
    def corrupted(self, inputs):
        """Return the inputs with noise."""

    def compute_output_shape(self, input_shape):
        """Return ``input_shape``."""
        return input_shape

    def get_config(self):
        """Return the constructor's arguments."""
        return {**super().get_config(), "noise": self.noise, "clip": self.clip}

    def _range(self):
        """Return the range of the data as tensors; JAX's own functions take no variables."""
        return ops.convert_to_tensor(self.low), ops.convert_to_tensor(self.high)

    def _chosen(self, inputs):
        """Return which entries are hit: each with probability ``noise``."""
        return uniform(ops.shape(inputs), self.seed_generator) < self.hyperparameter("noise")


@keras.saving.register_keras_serializable(package="skae")
class GaussianCorruption(Corruption):
    """Add normal noise of standard deviation ``noise``."""

    def corrupted(self, inputs):
        """Return x + noise · ε."""
        epsilon = normal(ops.shape(inputs), self.seed_generator, inputs.dtype)
        return inputs + self.hyperparameter("noise", inputs.dtype) * epsilon


@keras.saving.register_keras_serializable(package="skae")
class MaskingCorruption(Corruption):
    """Set a fraction ``noise`` of all values to zero."""

    def corrupted(self, inputs):
        """Return x with zeros."""
        return ops.where(self._chosen(inputs), ops.zeros_like(inputs), inputs)


@keras.saving.register_keras_serializable(package="skae")
class SaltAndPepperCorruption(Corruption):
    """Set a fraction ``noise`` of all values to the lowest or the highest value, half each."""

    def corrupted(self, inputs):
        """Return x with extremes."""
        noise = self.hyperparameter("noise")
        drawn = uniform(ops.shape(inputs), self.seed_generator)
        extremes = ops.where(drawn < noise / 2, *self._range())
        return ops.where(drawn < noise, ops.cast(extremes, inputs.dtype), inputs)


@keras.saving.register_keras_serializable(package="skae")
class SwapCorruption(Corruption):
    """Replace a fraction ``noise`` of all values by those of other samples in the same feature.

    Every feature keeps its distribution, which suits tables.
    """

    def corrupted(self, inputs):
        """Return x with values of samples drawn from the batch."""
        # Below ``noise`` a number says that an entry is hit, and where below it is, by which row.
        noise = self.hyperparameter("noise")
        drawn = uniform(ops.shape(inputs), self.seed_generator)
        n_rows = ops.shape(inputs)[0]
        places = drawn * (ops.cast(n_rows, "float32") / ops.maximum(noise, _SMALLEST_SHARE))
        donors = ops.minimum(ops.cast(places, "int32"), n_rows - 1)
        hit = drawn < noise
        return ops.where(hit, ops.take_along_axis(inputs, donors, axis=0), inputs)


@keras.saving.register_keras_serializable(package="skae")
class LayerCorruption(Corruption):
    """Let another Keras layer add the noise, as it does in training.

    Parameters
    ----------
    layer : keras.layers.Layer
        For instance ``keras.layers.GaussianDropout``.
    clip : bool, default=False
        As in :class:`Corruption`.
    **kwargs
        ``name``, ``dtype`` and the other arguments of every Keras layer.
    """

    def __init__(self, layer: keras.layers.Layer, clip: bool = False, **kwargs):
        super().__init__(noise=0.0, clip=clip, **kwargs)
        self.layer = layer

    def build(self, input_shape):
        """Build the other layer too, unless it comes built out of a configuration."""
        super().build(input_shape)
        if not self.layer.built:
            self.layer.build(input_shape)

    def corrupted(self, inputs):
        """Return what the layer makes of x in training."""
        return self.layer(inputs, training=True)

    def get_config(self):
        """Return the constructor's arguments."""
        config = super().get_config()
        del config["noise"]
        return {**config, "layer": keras.saving.serialize_keras_object(self.layer)}

    @classmethod
    def from_config(cls, config):
        """Return the layer that ``get_config`` describes."""
        layer = keras.saving.deserialize_keras_object(config["layer"])
        return cls(**{**config, "layer": layer})
