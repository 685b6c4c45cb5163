"""Sparse autoencoder."""

from dataclasses import field
from numbers import Real
from typing import ClassVar, Literal

from skae._compat import Interval, StrOptions
from skae._parameters import POSITIVE, Activation, parametrized
from skae.autoencoders._objective import ObjectiveAutoencoder
from skae.engine import activation_name
from skae.layers import SparsityPenalty


@parametrized
class SparseAutoencoder(ObjectiveAutoencoder):
    r"""Autoencoder with a penalty that keeps most units of the code near zero.

    It minimizes L(x, x̂) + sparsity · Ω, where Ω is the mean over rows of Σⱼ|zⱼ| (``"l1"``), or
    Σⱼ KL(ρ ‖ ρ̂ⱼ) for the mean activation ρ̂ⱼ of unit j in a batch and the target rate ρ (``"kl"``)
    [1]_. L averages over features, as all losses of Keras do; Ω sums over the code. The code may
    have more units than there are features.

    Parameters
    ----------
    n_components : int or None, default=64
        Size of the code. None takes the network's features as they are.
    sparsity : float, default=1e-3
        Weight of the penalty.
    penalty : {"l1", "kl"}, default="l1"
        ``"kl"`` needs ``code_activation="sigmoid"``, since a rate lies between 0 and 1.
    target_rate : float in (0, 1), default=0.05
        ρ, for ``penalty="kl"``.
    network : BaseNetwork or None, default=None
        Layers on either side of the code, such as :class:`ConvNetwork`; None is
        :class:`DenseNetwork` with ``hidden_layer_sizes``.
    hidden_layer_sizes : sequence of int or None, default=None
        Units of the hidden layers of the network that None stands for; None is its default,
        (256, 128). A network that is given has sizes of its own.
    activation : str, callable, keras.layers.Layer or None, default=None
        Activation of the network's layers; None keeps the network's own.
    code_activation : str, callable or keras.layers.Layer, default="relu"
        Activation of the code.
    output_activation, loss, init, optimizer, learning_rate, epochs, batch_size, shuffle, \
validation_split, early_stopping, callbacks, metrics, warm_start, random_state, verbose
        As in :class:`DenseAutoencoder`.

    Attributes
    ----------
    model_, encoder_, decoder_, history_, n_epochs_, best_epoch_, code_shape_, n_features_in_, \
feature_names_in_, mean_
        As in :class:`DenseAutoencoder` and :class:`ConvAutoencoder`; ``history_`` has
        ``reconstruction_loss`` and ``sparsity_loss`` apart.

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
        "sparsity": [Interval(Real, 0, None, closed="left")],
        "penalty": [StrOptions({"l1", "kl"})],
        "target_rate": [Interval(Real, 0, 1, closed="neither")],
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
