"""The global scale as a layer."""

import keras


@keras.saving.register_keras_serializable(package="skae")
class Standardization(keras.layers.Layer):
    """Center every feature and divide all of them by one global scale, or undo it.

    Dividing by one number instead of one per feature keeps the geometry of the data: the mean
    squared error of standardized rows is that of the rows themselves up to a constant, as in PCA.

    Parameters
    ----------
    invert : bool, default=False
        ``False`` maps x to (x − mean) / scale, ``True`` maps x to x · scale + mean.
    **kwargs
        ``name``, ``dtype`` and the other arguments of every Keras layer.
    """

    def __init__(self, invert: bool = False, **kwargs):
        super().__init__(**kwargs)
        self.invert = invert

    def build(self, input_shape):
        """Create the statistics, which act as the identity until they are assigned."""
        self.mean = self.add_weight(
            shape=input_shape[1:], initializer="zeros", trainable=False, name="mean"
        )
        self.scale = self.add_weight(shape=(), initializer="ones", trainable=False, name="scale")

    def call(self, inputs):
        r"""Standardize ``inputs`` of shape (n, \*sample_shape), or map them back."""
        if self.invert:
            return inputs * self.scale + self.mean
        return (inputs - self.mean) / self.scale

    def compute_output_shape(self, input_shape):
        """Return ``input_shape``."""
        return input_shape

    def get_config(self):
        """Return the constructor's arguments."""
        return {**super().get_config(), "invert": self.invert}
