"""Contractive autoencoder."""

from dataclasses import field
from math import prod
from numbers import Real
from typing import ClassVar

import keras

from skae._compat import Interval
from skae._parameters import POSITIVE, parametrized
from skae.autoencoders._objective import ObjectiveAutoencoder
from skae.layers import ContractionPenalty


@parametrized
class ContractiveAutoencoder(ObjectiveAutoencoder):
    r"""Autoencoder whose code changes little when the input does.

    It minimizes L(x, x̂) + contraction / n_components · ‖J(x)‖²_F, where J is the Jacobian of the
    encoder, code by (standardized) input [1]_. L averages over features, and the penalty over the
    units of the code: it is the mean squared norm of their gradients.

    Parameters
    ----------
    n_components : int or None, default=2
        Size of the code. None takes the network's features as they are.
    contraction : float, default=1.0
        Weight of the penalty.
    network : BaseNetwork or None, default=None
        Layers on either side of the code, such as :class:`ConvNetwork`; None is
        :class:`DenseNetwork` with ``hidden_layer_sizes``.
    hidden_layer_sizes : sequence of int or None, default=None
        Units of the hidden layers of the network that None stands for; None is its default,
        (256, 128). A network that is given has sizes of its own.
    activation : str, callable, keras.layers.Layer or None, default=None
        Activation of the network's layers; None keeps the network's own.
    code_activation : str, callable or keras.layers.Layer, default="linear"
        Activation of the code.
    output_activation, loss, init, optimizer, learning_rate, epochs, batch_size, shuffle, \
validation_split, early_stopping, callbacks, metrics, warm_start, random_state, verbose
        As in :class:`DenseAutoencoder`.

    Attributes
    ----------
    model_, encoder_, decoder_, history_, n_epochs_, best_epoch_, code_shape_, n_features_in_, \
feature_names_in_, mean_
        As in :class:`DenseAutoencoder` and :class:`ConvAutoencoder`; ``history_`` has
        ``reconstruction_loss`` and ``contraction_loss`` apart.

    Notes
    -----
    If the encoder is one dense layer, z = s(Wx + b), the norm is exact: Σⱼ s′(aⱼ)² Σᵢ Wⱼᵢ². For all
    other networks it is estimated without bias, since E‖Jv‖² = ‖J‖²_F for v of independent random
    signs, with one v for every row of a batch and a central difference for Jv.

    A linear code can shrink while the decoder's first layer grows, which contracts without a
    change of the representation. A bounded ``code_activation``, as in the paper, does not allow
    that for long.

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
        "contraction": [Interval(Real, 0, None, closed="left")],
    }

    def regularize_code(self, seen, features, codes):
        """Return the code, with the penalty on its Jacobian."""
        encoder = keras.Model(seen, codes, name="contracted")
        return ContractionPenalty(
            encoder, self.contraction / prod(codes.shape[1:]), name="contraction"
        )(seen)
