"""Batch normalization in one kernel."""

import keras
from keras import ops

from skae._compat import layers_within


@keras.saving.register_keras_serializable(package="skae")
class FusedBatchNormalization(keras.layers.BatchNormalization):
    """Keras's batch normalization, on TensorFlow trained by the kernel made for it.

    Keras composes it of some ten operations, each a pass over all values. The results are the same
    but for rounding.

    References
    ----------
    S. Ioffe and C. Szegedy, "Batch Normalization: Accelerating Deep Network Training by Reducing
    Internal Covariate Shift", ICML 2015.
    """

    def call(self, inputs, training=None, mask=None):
        """Return ``inputs`` normalized by the batch while training, else by the moving averages."""
        plain = self.trainable and mask is None and not self.renorm
        if training and plain and _has_kernel(inputs, self.axis):
            return self._normalized_by_batch(inputs)
        return super().call(inputs, training=training, mask=mask)

    def _normalized_by_batch(self, inputs):
        import tensorflow as tf

        channels = inputs.shape[-1]
        by_channel = tf.reshape(inputs, (-1, 1, 1, channels))
        n_values = tf.cast(tf.shape(by_channel)[0], tf.float32)
        normalized, mean, unbiased_variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=by_channel,
            scale=ops.convert_to_tensor(self.gamma) if self.scale else tf.ones(channels),
            offset=ops.convert_to_tensor(self.beta) if self.center else tf.zeros(channels),
            mean=tf.zeros((0,)),
            variance=tf.zeros((0,)),
            epsilon=self.epsilon,
            is_training=True,
        )
        variance = unbiased_variance * (n_values - 1) / n_values
        self._move(self.moving_mean, mean)
        self._move(self.moving_variance, variance)
        return tf.reshape(normalized, tf.shape(inputs))

    def _move(self, average, value):
        average.assign(average * self.momentum + value * (1 - self.momentum))


def use_fused_kernels(model: keras.Model) -> None:
    """Let the batch normalizations of a model, which the caller owns, train by the fused kernel."""
    for layer in layers_within(model):
        if type(layer) is keras.layers.BatchNormalization:
            layer.__class__ = FusedBatchNormalization


def _has_kernel(inputs, axis):
    return (
        keras.backend.backend() == "tensorflow"
        and keras.backend.standardize_dtype(inputs.dtype) == "float32"
        and axis in (-1, len(inputs.shape) - 1)
    )
