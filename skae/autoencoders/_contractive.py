"""Contractive autoencoder."""

from dataclasses import field
from math import prod
from numbers import Real
from typing import ClassVar

import keras

from skae._parameters import POSITIVE, Float32Interval, parametrized
from skae.autoencoders._objective import ObjectiveAutoencoder
from skae.layers import ContractionPenalty


@parametrized
class ContractiveAutoencoder(ObjectiveAutoencoder):
    r"""Autoencoder with a penalty on the encoder's Jacobian.

    The code then changes little when the input changes a little. The objective is
    L(x, x̂) + contraction / n_components · ‖J(x)‖²_F, where L is the reconstruction loss and
    J = ∂z/∂x the Jacobian of the code z with respect to the (standardized) input x [1]_. L averages
    over features. The penalty averages over the units of the code: it is the mean squared norm of
    their gradients.

    Parameters
    ----------
    n_components : int or None, default=2
        Size of the code. None uses the output of the network's encoder as the code.
    contraction : float, default=1.0
        Weight of the penalty. The attribute ``contraction`` of the layer ``"contraction"`` is this
        divided by the number of units of the code.
    network : BaseNetwork or None, default=None
        Layers of encoder and decoder, such as :class:`ConvNetwork`. None uses
        :class:`DenseNetwork` with ``hidden_layer_sizes``.
    hidden_layer_sizes : int, sequence of int or None, default=None
        Units of the encoder's hidden layers, in order; the decoder mirrors them. Only with
        ``network=None``. None uses (256, 128).
    activation : str, callable, keras.layers.Layer or None, default=None
        Activation of the hidden layers. None keeps that of the network.
    code_activation : str, callable or keras.layers.Layer, default="linear"
        Activation of the code.
    output_activation, loss, init, optimizer, learning_rate, epochs, batch_size, shuffle, \
validation_split, early_stopping, callbacks, metrics, warm_start, random_state, verbose
        As in :class:`DenseAutoencoder`.

    Attributes
    ----------
    model_, encoder_, decoder_, history_, n_epochs_, best_epoch_, batch_size_, code_shape_, \
n_features_in_, feature_names_in_, mean_
        As in :class:`DenseAutoencoder` and :class:`ConvAutoencoder`; ``history_`` also has
        ``reconstruction_loss`` and ``contraction_loss``.

    Notes
    -----
    For an encoder of a single dense layer, z = s(Wx + b), the norm is exact: Σⱼ s′(aⱼ)² Σᵢ Wⱼᵢ².
    For other networks it is estimated: E‖Jv‖² = ‖J‖²_F for a vector v of independent random signs.
    Each sample of a batch has its own v, and Jv is a finite difference.

    A linear code can shrink while the weights of the decoder's first layer grow. The penalty then
    falls, but the representation stays the same. A bounded ``code_activation``, as in the paper,
    limits this.

    References
    ----------
    .. [1] Rifai, S., Vincent, P., Muller, X., Glorot, X. and Bengio, Y. (2011). Contractive
       auto-encoders: explicit invariance during feature extraction. ICML, 833-840.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import ContractiveAutoencoder, DenseNetwork
    >>> X, _ = load_digits(return_X_y=True)
    >>> autoencoder = ContractiveAutoencoder(
    ...     n_components=8, network=DenseNetwork((32,)), epochs=3, random_state=0
    ... ).fit(X)
    >>> sorted(autoencoder.history_)[:3]
    ['contraction_loss', 'loss', 'reconstruction_loss']
    """

    n_components: int | None = field(default=2, kw_only=False)
    contraction: float = 1.0

    _parameter_constraints: ClassVar[dict[str, list]] = {
        "n_components": [POSITIVE, None],
        "contraction": [Float32Interval(Real, 0, None, closed="left")],
    }

    def regularize_code(self, seen, features, codes):
        """Return the code, with the penalty on its Jacobian."""
        encoder = keras.Model(seen, codes, name="contracted")
        return ContractionPenalty(
            encoder, self.contraction / prod(codes.shape[1:]), name="contraction"
        )(seen)
