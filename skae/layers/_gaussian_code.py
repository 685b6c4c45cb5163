"""The code of a variational autoencoder."""

import keras
from keras import ops, random

from skae.layers._objective_layer import ObjectiveLayer, weighed
from skae.layers._random import normal


@keras.saving.register_keras_serializable(package="skae")
class GaussianCode(ObjectiveLayer):
    r"""Draw the code from its posterior and penalize the divergence from the prior.

    The posterior is N(μ, diag σ²), the prior N(0, I), and the penalty

        β · scale · KL,    KL = ½ Σⱼ (σⱼ² + μⱼ² − 1 − log σⱼ²),

    averaged over samples. Outside training and validation the code is μ.

    Parameters
    ----------
    beta : float, default=1.0
        Weight of the KL divergence.
    **kwargs
        ``name``, ``dtype`` and the other arguments of every Keras layer.

    Attributes
    ----------
    scale : keras.Variable
        Factor from nats to the units of the reconstruction loss; 1 until it is assigned.
    warmup : keras.Variable
        Fraction of the penalty in the training loss; the validation loss always has all of it.
    """

    hyperparameters = ("beta",)

    def __init__(self, beta: float = 1.0, **kwargs):
        super().__init__(**kwargs)
        self.beta = beta
        self.seed_generator = random.SeedGenerator()

    def build(self, input_shape):
        """Create scale and warm-up."""
        self.scale = self._state("scale")
        self.warmup = self._state("warmup")

    def _state(self, name):
        # In the precision of the penalty, whatever the layer computes in.
        return self.add_weight(
            shape=(),
            initializer="ones",
            dtype="float32",
            autocast=False,
            trainable=False,
            name=name,
        )

    def call(self, inputs, training=None):
        """Return the codes of a list of means and log-variances, of shape (n, n_components)."""
        mean, log_variance = inputs
        if not self.acts(training):
            return mean
        weight = self.hyperparameter("beta") * self.scale * (self.warmup if training else 1.0)
        self.add_loss(weight * ops.mean(weighed(divergence(mean, log_variance))))
        epsilon = normal(ops.shape(mean), self.seed_generator, mean.dtype)
        return mean + ops.exp(0.5 * log_variance) * epsilon

    def compute_output_shape(self, input_shape):
        """Return the shape of the means."""
        return input_shape[0]

    def get_config(self):
        """Return the constructor's arguments."""
        return {**super().get_config(), "beta": self.beta}


def divergence(mean, log_variance):
    """Return KL(N(mean, exp log_variance) ‖ N(0, I)) of every row, in nats."""
    mean, log_variance = ops.cast(mean, "float32"), ops.cast(log_variance, "float32")
    return 0.5 * ops.sum(ops.exp(log_variance) + mean**2 - 1 - log_variance, axis=-1)
