"""Penalties on the code."""

from math import prod, sqrt

import keras
from keras import layers, ops, random

from skae.layers._objective_layer import ObjectiveLayer, weighed
from skae.layers._random import signs

_SMALLEST_RATE = 1e-6


@keras.saving.register_keras_serializable(package="skae")
class SparsityPenalty(ObjectiveLayer):
    """Add a sparsity penalty on the code, which passes through unchanged.

    Parameters
    ----------
    sparsity : float
        Weight of the penalty.
    target_rate : float or None, default=None
        None gives the L1 penalty, the mean over samples of Σ|zⱼ|. A rate ρ gives Σ KL(ρ ‖ ρ̂ⱼ) of
        Bernoulli variables, where ρ̂ⱼ is the mean activation of unit j in the batch, from 0 to 1.
    **kwargs
        ``name``, ``dtype`` and the other arguments of every Keras layer.
    """

    hyperparameters = ("sparsity",)

    def __init__(self, sparsity: float, target_rate: float | None = None, **kwargs):
        super().__init__(**kwargs)
        self.sparsity = sparsity
        self.target_rate = target_rate

    def call(self, codes, training=None):
        """Return ``codes``."""
        if self.acts(training):
            penalty = self.penalty(ops.cast(codes, "float32"))
            self.add_loss(self.hyperparameter("sparsity") * penalty)
        return codes

    def penalty(self, codes):
        """Return the penalty without its weight."""
        if self.target_rate is None:
            return ops.sum(weighed(ops.abs(codes))) / ops.cast(ops.shape(codes)[0], "float32")
        target = self.target_rate
        rate = ops.clip(ops.mean(weighed(codes), axis=0), _SMALLEST_RATE, 1 - _SMALLEST_RATE)
        return ops.sum(
            target * ops.log(target / rate) + (1 - target) * ops.log((1 - target) / (1 - rate))
        )

    def compute_output_shape(self, input_shape):
        """Return ``input_shape``."""
        return input_shape

    def get_config(self):
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "sparsity": self.sparsity,
            "target_rate": self.target_rate,
        }


_DERIVATIVES = {
    "linear": ops.ones_like,
    "sigmoid": lambda codes: codes * (1 - codes),
    "tanh": lambda codes: 1 - codes**2,
    "relu": lambda codes: ops.cast(codes > 0, "float32"),
}
"""Derivatives of activations, from their values."""

_AFFINE = (layers.InputLayer, layers.Flatten, layers.Dense, layers.Add)
_STEP = 1e-2


@keras.saving.register_keras_serializable(package="skae")
class ContractionPenalty(ObjectiveLayer):
    r"""Apply an encoder and penalize the squared Frobenius norm of its Jacobian.

    Parameters
    ----------
    encoder : keras.Model
        The layers from the encoder's input to the code.
    contraction : float
        Weight of the penalty, the mean over samples of ‖∂z/∂x‖²_F.
    exact : bool, default=True
        Whether the closed form is used where there is one: for encoders of one dense layer.
    **kwargs
        ``name``, ``dtype`` and the other arguments of every Keras layer.
    """

    hyperparameters = ("contraction",)

    def __init__(self, encoder: keras.Model, contraction: float, exact: bool = True, **kwargs):
        super().__init__(**kwargs)
        self.encoder = encoder
        self.contraction = contraction
        self.exact = exact
        self.seed_generator = random.SeedGenerator()

    def call(self, inputs, training=None):
        """Return the codes of ``inputs``."""
        codes = self.encoder(inputs, training=training)
        if self.acts(training):
            norms = self.squared_jacobian_norms(inputs, codes)
            self.add_loss(self.hyperparameter("contraction") * ops.mean(weighed(norms)))
        return codes

    def squared_jacobian_norms(self, inputs, codes):
        """Return ‖∂z/∂x‖²_F of every row, exactly or as an unbiased estimate."""
        if self.exact and self._has_closed_form():
            return self._closed_form(codes)
        return self._projected(inputs, codes)

    def _has_closed_form(self):
        dense = {layer.name: layer for layer in self.encoder.layers if _is_dense(layer)}
        return (
            all(isinstance(layer, _AFFINE) for layer in self.encoder.layers)
            and set(dense) <= {"code", "principal_projection"}
            and dense["code"].activation.__name__ in _DERIVATIVES
        )

    def _closed_form(self, codes):
        """Return Σⱼ s′(aⱼ)² Σᵢ Wᵢⱼ²."""
        kernels = [layer.kernel for layer in self.encoder.layers if _is_dense(layer)]
        activation = self.encoder.get_layer("code").activation.__name__
        derivatives = _DERIVATIVES[activation](ops.cast(codes, "float32"))
        return ops.matmul(derivatives**2, ops.sum(sum(kernels) ** 2, axis=0))

    def _projected(self, inputs, codes):
        """Return ‖J v‖² for v of random signs, whose mean is ‖J‖²_F."""
        directions = signs(ops.shape(inputs), self.seed_generator, inputs.dtype)
        slopes = self._slopes(inputs, codes, directions)
        return ops.sum(slopes**2, axis=tuple(range(1, len(slopes.shape))))

    def _slopes(self, inputs, codes, directions):
        """Return the derivative of the code along directions.

        The difference to the codes themselves is off by a term that is even in the direction, and
        so adds nothing to the mean of the square before the second order: it is as good as a
        central difference, for one pass less, where the codes are those outside training too.
        """
        step = _STEP / sqrt(prod(inputs.shape[1:]))
        ahead = self.encoder(inputs + step * directions, training=False)
        if self._is_as_in_use():
            return ops.cast(ahead - codes, "float32") / step
        behind = self.encoder(inputs - step * directions, training=False)
        return ops.cast(ahead - behind, "float32") / (2 * step)

    def _is_as_in_use(self):
        """Tell whether the encoder is the same in training, and precise enough for half a step."""
        same = (*_AFFINE, layers.Activation, layers.Reshape)
        return self.compute_dtype == "float32" and all(
            type(layer) in same for layer in self.encoder.layers
        )

    def compute_output_shape(self, input_shape):
        """Return the shape of the codes."""
        return (input_shape[0], *self.encoder.output.shape[1:])

    def get_config(self):
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "encoder": keras.saving.serialize_keras_object(self.encoder),
            "contraction": self.contraction,
            "exact": self.exact,
        }

    @classmethod
    def from_config(cls, config):
        """Return the layer that ``get_config`` describes."""
        encoder = keras.saving.deserialize_keras_object(config["encoder"])
        return cls(**{**config, "encoder": encoder})


def _is_dense(layer):
    return isinstance(layer, layers.Dense)
