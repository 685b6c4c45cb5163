"""Selection of input features."""

import keras
from keras import ops, random

from skae.layers._random import uniform

_GAIN = 5.0
"""log α is the trained variable times this, so that it moves far enough in one training."""


@keras.saving.register_keras_serializable(package="skae")
class ConcreteSelection(keras.layers.Layer):
    r"""Select features of the input; a soft selection in training until it is frozen.

    While it is not, unit j is Σᵢ mⱼᵢ xᵢ with mⱼ = softmax((log αⱼ + g) / temperature) and Gumbel
    noise g, a draw from the concrete distribution that becomes one-hot as the temperature falls.
    Outside training, and once frozen, unit j is the feature that ``indices`` names.

    Parameters
    ----------
    n_selected : int
        Number of features to select.
    **kwargs
        ``name``, ``dtype`` and the other arguments of every Keras layer.

    Attributes
    ----------
    logits : keras.Variable of shape (n_selected, n_features)
        log α up to a factor.
    temperature, frozen, indices : keras.Variable
        Not trained.
    """

    def __init__(self, n_selected: int, **kwargs):
        super().__init__(**kwargs)
        self.n_selected = n_selected
        self.seed_generator = random.SeedGenerator()

    def build(self, input_shape):
        """Create logits, temperature and selection."""
        n_features = input_shape[-1]
        self.logits = self.add_weight(
            shape=(self.n_selected, n_features),
            initializer="glorot_normal",
            dtype="float32",
            autocast=False,
            name="logits",
        )
        self.temperature = self._state("temperature", (), "ones")
        self.frozen = self._state("frozen", (), "zeros")
        self.indices = self._state("indices", (self.n_selected,), "zeros", dtype="int32")

    def _state(self, name, shape, initializer, dtype="float32"):
        return self.add_weight(
            shape=shape,
            initializer=initializer,
            dtype=dtype,
            autocast=False,
            trainable=False,
            name=name,
        )

    def call(self, inputs, training=None):
        """Return the selected features of ``inputs``, of shape (n, n_selected)."""
        if not training:
            return ops.take(inputs, self.indices, axis=-1)
        hard = ops.one_hot(self.indices, self.logits.shape[-1], dtype="float32")
        weights = self.frozen * hard + (1 - self.frozen) * self._drawn()
        return ops.matmul(inputs, ops.cast(ops.transpose(weights), inputs.dtype))

    def _drawn(self):
        """Return a draw from the concrete distribution of every unit."""
        drawn = uniform(self.logits.shape, self.seed_generator, minval=1e-7)
        gumbel = -ops.log(-ops.log(drawn))
        return ops.softmax((self.log_alpha + gumbel) / self.temperature, axis=-1)

    @property
    def log_alpha(self):
        """Log-odds of the features, of shape (n_selected, n_features)."""
        return _GAIN * self.logits

    def compute_output_shape(self, input_shape):
        """Return (n, n_selected)."""
        return (*input_shape[:-1], self.n_selected)

    def get_config(self):
        """Return the constructor's arguments."""
        return {**super().get_config(), "n_selected": self.n_selected}
