"""Sparse autoencoder."""

from dataclasses import field
from numbers import Real
from typing import ClassVar, Literal

from skae._compat import StrOptions
from skae._parameters import POSITIVE, Activation, Float32Interval, parametrized
from skae.autoencoders._objective import ObjectiveAutoencoder
from skae.engine import activation_name
from skae.layers import SparsityPenalty


@parametrized
class SparseAutoencoder(ObjectiveAutoencoder):
    r"""Autoencoder with a sparsity penalty: most units of the code stay near zero.

    It minimizes L(x, x̂) + sparsity · Ω, where L is the reconstruction loss. With ``penalty="l1"``
    Ω is the mean of Σⱼ|zⱼ| over the samples. With ``penalty="kl"`` it is Σⱼ KL(ρ ‖ ρ̂ⱼ), where ρ̂ⱼ is
    the mean activation of unit j in a batch and ρ the target rate [1]_. L averages over features,
    as Keras's losses do; Ω sums over the code. The code may have more units than there are
    features.

    Parameters
    ----------
    n_components : int or None, default=64
        Size of the code. None uses the output of the network's encoder as the code.
    sparsity : float, default=1e-3
        Weight of the penalty.
    penalty : {"l1", "kl"}, default="l1"
        Kind of penalty. ``"kl"`` needs ``code_activation="sigmoid"``.
    target_rate : float in (0, 1), default=0.05
        Mean activation ρ that ``penalty="kl"`` aims at.
    network : BaseNetwork or None, default=None
        Layers of encoder and decoder, such as :class:`ConvNetwork`. None uses
        :class:`DenseNetwork` with ``hidden_layer_sizes``.
    hidden_layer_sizes : int, sequence of int or None, default=None
        Units of the encoder's hidden layers, in order; the decoder mirrors them. Only with
        ``network=None``. None uses (256, 128).
    activation : str, callable, keras.layers.Layer or None, default=None
        Activation of the hidden layers. None keeps that of the network.
    code_activation : str, callable or keras.layers.Layer, default="relu"
        Activation of the code.
    output_activation, loss, init, optimizer, learning_rate, epochs, batch_size, shuffle, \
validation_split, early_stopping, callbacks, metrics, warm_start, random_state, verbose
        As in :class:`DenseAutoencoder`.

    Attributes
    ----------
    model_, encoder_, decoder_, history_, n_epochs_, best_epoch_, batch_size_, code_shape_, \
n_features_in_, feature_names_in_, mean_
        As in :class:`DenseAutoencoder` and :class:`ConvAutoencoder`; ``history_`` also has
        ``reconstruction_loss`` and ``sparsity_loss``.

    Raises
    ------
    ValueError
        From ``fit``, if ``penalty="kl"`` and ``code_activation`` is not ``"sigmoid"``.

    References
    ----------
    .. [1] Ng, A. (2011). Sparse autoencoder. CS294A lecture notes, Stanford University.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import SparseAutoencoder
    >>> X, _ = load_digits(return_X_y=True)
    >>> autoencoder = SparseAutoencoder(
    ...     n_components=100, sparsity=1e-2, epochs=5, random_state=0
    ... ).fit(X)
    >>> codes = autoencoder.transform(X)
    >>> bool((codes == 0).mean() > 0.2)
    True
    """

    n_components: int | None = field(default=64, kw_only=False)
    sparsity: float = 1e-3
    penalty: Literal["l1", "kl"] = "l1"
    target_rate: float = 0.05
    code_activation: Activation = "relu"

    _parameter_constraints: ClassVar[dict[str, list]] = {
        "n_components": [POSITIVE, None],
        "sparsity": [Float32Interval(Real, 0, None, closed="left")],
        "penalty": [StrOptions({"l1", "kl"})],
        "target_rate": [Float32Interval(Real, 0, 1, closed="neither")],
    }

    def regularize_code(self, seen, features, codes):
        """Return the code, with the sparsity penalty."""
        if self.penalty == "l1":
            return SparsityPenalty(self.sparsity, name="sparsity")(codes)
        if activation_name(self.code_activation) != "sigmoid":
            raise ValueError(
                "penalty='kl' compares rates between 0 and 1, expected code_activation='sigmoid', "
                f"got {self.code_activation!r}. Change it, or use penalty='l1'."
            )
        return SparsityPenalty(self.sparsity, self.target_rate, name="sparsity")(codes)
