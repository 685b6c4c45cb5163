"""Variational autoencoder."""

import warnings
from dataclasses import field
from functools import partial
from numbers import Integral, Real
from typing import ClassVar, Literal

import keras
import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_random_state

from skae import engine
from skae._compat import Interval, validate_parameter_constraints
from skae._parameters import POSITIVE, Float32Interval, parametrized
from skae.autoencoders._likelihood import (
    Bernoulli,
    Normal,
    balanced_draws,
    drawn_codes,
    evidence_bound,
    importance_weighted_bound,
    is_bernoulli,
)
from skae.autoencoders._objective import ObjectiveAutoencoder
from skae.data._chunks import chunks
from skae.data._mapping import over_blocks
from skae.layers import GaussianCode
from skae.model._assembly import check_same_scale
from skae.model._principal import mean_of_squares, principal_variances

_ROWS_AT_ONCE = 8192
_ACTIVE_VARIANCE = 0.01
_SMALLEST_NOISE = 1e-3


@parametrized
class VariationalAutoencoder(ObjectiveAutoencoder):
    r"""Variational autoencoder: a generative model with normally distributed codes.

    It maximizes the evidence lower bound (ELBO) [1]_ [2]_

        ELBO(x) = E[log p(x | z)] − beta · KL(q(z | x) ‖ N(0, I)),    z ~ q(z | x) = N(μ, diag σ²),

    where the encoder computes μ and σ, and the decoder p(x | z). The likelihood is Bernoulli with
    ``loss="binary_crossentropy"`` and ``output_activation="sigmoid"``, and normal with variance
    ``noise_variance_`` with ``loss="mse"``. The training loss is −ELBO, rescaled to the
    reconstruction loss, which averages over features: bce + beta · KL / n_features, or
    mse + beta · 2 noise_variance_ · KL / n_features, up to a constant.

    With the normal likelihood and a linear output, training starts from probabilistic PCA [3]_, the
    exact solution for linear networks [4]_.

    Parameters
    ----------
    n_components : int, default=2
        Size of the code: the number of latent dimensions.
    beta : float, default=1.0
        Weight of the KL divergence. 1 gives the ELBO, more gives codes closer to the prior [2]_.
    kl_warmup : int, default=0
        Epochs in which that weight rises to ``beta``, evenly; the validation loss has all of it.
    noise_variance : float or None, default=None
        Variance of the normal likelihood. With ``output_activation="linear"`` the data are scaled
        inside the model, and its unit is the features' mean variance; otherwise it is in squared
        units of X. None uses the mean variance outside the first ``n_components`` principal
        components, as probabilistic PCA does.
    network : BaseNetwork or None, default=None
        Layers of encoder and decoder, such as :class:`ConvNetwork`. None uses
        :class:`DenseNetwork` with ``hidden_layer_sizes``.
    hidden_layer_sizes : int, sequence of int or None, default=None
        Units of the encoder's hidden layers, in order; the decoder mirrors them. Only with
        ``network=None``. None uses (256, 128).
    activation : str, callable, keras.layers.Layer or None, default=None
        Activation of the hidden layers. None keeps that of the network.
    output_activation, loss, init, optimizer, learning_rate, epochs, batch_size, shuffle, \
validation_split, early_stopping, callbacks, metrics, warm_start, random_state, verbose
        As in :class:`DenseAutoencoder`.

    Attributes
    ----------
    noise_variance_ : float or None
        Variance of the normal likelihood; None for the Bernoulli likelihood.
    active_units_ : ndarray of shape (n_components,), bool
        Which units of the code carry information: those whose mean μⱼ has a variance above 0.01
        over training samples (at most 8192 of them) [5]_.
    model_, encoder_, decoder_, history_, n_epochs_, best_epoch_, batch_size_, code_shape_, \
n_features_in_, feature_names_in_, mean_
        As in :class:`DenseAutoencoder` and :class:`ConvAutoencoder`; ``history_`` also has
        ``reconstruction_loss`` and ``kl_loss``.

    Raises
    ------
    ValueError
        From ``fit``, if ``loss`` is not a likelihood of such outputs, or if ``kl_warmup`` is
        used with early stopping and ``validation_split=0``.

    Warns
    -----
    UserWarning
        From ``fit``, if fewer than half of the units are active (posterior collapse).

    References
    ----------
    .. [1] Kingma, D. P. and Welling, M. (2014). Auto-encoding variational Bayes. ICLR.
    .. [2] Higgins, I. et al. (2017). beta-VAE: learning basic visual concepts with a constrained
       variational framework. ICLR.
    .. [3] Tipping, M. E. and Bishop, C. M. (1999). Probabilistic principal component analysis.
       Journal of the Royal Statistical Society B 61(3), 611-622.
    .. [4] Lucas, J., Tucker, G., Grosse, R. and Norouzi, M. (2019). Don't blame the ELBO! A linear
       VAE perspective on posterior collapse. NeurIPS.
    .. [5] Burda, Y. et al. (2016). Importance weighted autoencoders. ICLR.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import VariationalAutoencoder
    >>> X, _ = load_digits(return_X_y=True)
    >>> autoencoder = VariationalAutoencoder(n_components=4, epochs=5, random_state=0).fit(X)
    >>> autoencoder.sample(3, random_state=0).shape
    (3, 64)
    >>> mean, std = autoencoder.transform(X, return_std=True)
    >>> bool((std > 0).all())
    True
    """

    n_components: int = field(default=2, kw_only=False)
    beta: float = 1.0
    kl_warmup: int = 0
    noise_variance: float | None = None
    code_activation: Literal["linear"] = field(default="linear", init=False)

    _parameter_constraints: ClassVar[dict[str, list]] = {
        "beta": [Float32Interval(Real, 0, None, closed="left")],
        "kl_warmup": [Interval(Integral, 0, None, closed="left")],
        "noise_variance": [Float32Interval(Real, 0, None, closed="neither"), None],
    }

    # A loss other than the one that the noise variance was chosen for would be another likelihood.
    _changeable = ObjectiveAutoencoder._changeable - {"loss"} | {"kl_warmup"}

    def transform(self, X: ArrayLike, return_std: bool = False):
        r"""Return the means of the codes of X.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, \*row_shape)
        return_std : bool, default=False
            Whether to also return the standard deviations.

        Returns
        -------
        mean : ndarray of shape (n_samples, n_components), float32
        std : ndarray of the same shape, float32
            Only with ``return_std=True``.

        Raises
        ------
        ValueError
            If X has another number of features than at fit, or NaN or infinite values.
        TypeError
            If X is sparse.
        """
        if not return_std:
            return super().transform(X)
        used = self._in_use()
        mean, log_variance = used._posterior(used._samples(used._rows_in_use(X)))
        return mean, np.exp(0.5 * log_variance)

    def sample(self, n_samples: int = 1, random_state=None) -> np.ndarray:
        r"""Generate samples: the decoder's means for codes drawn from the prior.

        Parameters
        ----------
        n_samples : int, default=1
            Number of samples to generate.
        random_state : int, RandomState instance or None, default=None
            Seeds the draw of the codes.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features) or (n_samples, \*row_shape), float32
            In the units of the training data.

        Raises
        ------
        ValueError
            If ``n_samples`` is not an int of at least 1.
        """
        used = self._in_use()
        _check_positive("sample", n_samples=n_samples)
        rng = check_random_state(random_state)
        return used._decoded(rng.standard_normal((n_samples, self.n_components)))

    def interpolate(self, start: ArrayLike, stop: ArrayLike, n_steps: int = 10) -> np.ndarray:
        r"""Interpolate between samples, along the straight line between their codes.

        Parameters
        ----------
        start, stop : array-like of shape (n_samples, n_features) or (n_samples, \*row_shape)
            Pairs of samples.
        n_steps : int, default=10
            Steps for each pair, the reconstructions of both ends included.

        Returns
        -------
        X : ndarray of shape (n_samples, n_steps, n_features) or (n_samples, n_steps, \*row_shape)
            Decoded steps, float32.

        Raises
        ------
        ValueError
            If ``n_steps`` is not an int of at least 1, or ``start`` or ``stop`` not valid input
            of ``transform``.
        """
        _check_positive("interpolate", n_steps=n_steps)
        used = self._in_use()
        ends = np.asarray(used.transform(start)), np.asarray(used.transform(stop))
        lines = np.linspace(*ends, n_steps, axis=1)
        rows = used._decoded(lines.reshape(-1, used.n_components))
        return rows.reshape(len(lines), n_steps, *used._row_shape)

    def score_samples(self, X: ArrayLike, importance_samples: int | None = None) -> np.ndarray:
        r"""Return a lower bound of the log-likelihood of each sample, in nats.

        The bound is the ELBO with beta = 1, whose first term is averaged over
        2 max(8, n_components) balanced draws. With ``importance_samples`` it is the tighter bound
        log (1/m) Σ p(x, zₛ) / q(zₛ | x) of m draws (reference 5 of the class). The draws are fixed
        and the same for all samples, so that scores are comparable and reproducible.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, \*row_shape)
        importance_samples : int or None, default=None
            Number of draws m; None computes the ELBO.

        Returns
        -------
        scores : ndarray of shape (n_samples,), float64
            Log-density of X in its own units; higher is more likely.

        Raises
        ------
        ValueError
            If X has another number of features than at fit, or NaN or infinite values, or
            ``importance_samples`` is not an int of at least 1.
        TypeError
            If X is sparse.
        """
        if importance_samples is not None:
            _check_positive("score_samples", importance_samples=importance_samples)
        bounds = partial(self._in_use()._bounds, importance_samples=importance_samples)
        return over_blocks(bounds, X, (), dtype=np.float64, verbose=self.verbose)

    def _bounds(self, X, importance_samples):
        samples = self._samples(self._rows_in_use(X))
        check_same_scale(self.model_, self._scale)
        rng = np.random.RandomState(0)
        if importance_samples is None:
            draws, bound = balanced_draws(self.n_components, rng), evidence_bound
        else:
            draws = rng.standard_normal((importance_samples, self.n_components))
            bound = importance_weighted_bound
        scores = np.empty(len(samples))
        n_at_once = max(1, _ROWS_AT_ONCE // len(draws))
        means, log_variances = self._posterior(samples)
        for begin in range(0, len(samples), n_at_once):
            chunk = slice(begin, begin + n_at_once)
            posterior = means[chunk], log_variances[chunk]
            scores[chunk] = bound(
                self._log_likelihoods(samples[chunk], *posterior, draws), *posterior, draws
            )
        return scores

    # ---- the model ------------------------------------------------------------------------

    def regularize_code(self, seen, features, codes):
        """Return the mean of the code, in training a draw around it, with the KL penalty."""
        if len(features.shape) > 2:
            features = keras.layers.Flatten("channels_last", name="log_variance_flatten")(features)
        log_variance = keras.layers.Dense(
            self.n_components, kernel_initializer="zeros", name="log_variance"
        )(features)
        return GaussianCode(self.beta, name="kl")([codes, log_variance])

    def _train(self, training, held_out, rng):
        if self.kl_warmup and self.early_stopping is not False and held_out is None:
            raise ValueError(
                "With kl_warmup the training loss grows by design, so that its minimum means "
                "nothing: expected validation_split > 0, validation_data or early_stopping=False."
            )
        super()._train(training, held_out, rng)

    def _start(self, rows, rng):
        bernoulli = is_bernoulli(self.loss, self.output_activation)
        super()._start(rows, rng)
        if bernoulli:
            self.noise_variance_ = None
        elif not self._started_from_pca:
            if not self._standardizes():
                rows = rows.centred(self.mean_.astype(np.float32))
            n_axes = min(self.n_components, len(rows), self.n_features_in_)
            _, variances = principal_variances(rows, n_axes, rng)
            self.noise_variance_ = self._noise_beside(variances, rows)
        nats = 1.0 if self.noise_variance_ is None else 2 * self.noise_variance_
        self.encoder_.get_layer("kl").scale.assign(nats / self.n_features_in_)

    def _principal_start(self, rows, rng):
        """Return the maps of probabilistic PCA, to the posterior mean of the code and back.

        With variances λ and noise σ² they are (λ − σ²)^½ / λ · uᵀx and u (λ − σ²)^½ z for every
        axis u, and the posterior variance is σ² / λ.
        """
        axes, variances = principal_variances(rows, self.n_components, rng)
        self.noise_variance_ = self._noise_beside(variances, rows)
        variances = np.maximum(variances, self.noise_variance_)
        gains = np.sqrt(variances - self.noise_variance_)
        self._start_log_variance = np.log(self.noise_variance_ / variances)
        return axes.T * (gains / variances), axes * gains[:, None]

    def _noise_beside(self, variances, rows):
        """Return the given noise variance, or the mean variance outside the principal axes."""
        if self.noise_variance is not None:
            return self.noise_variance
        total = mean_of_squares(rows)
        n_rest = max(self.n_features_in_ - len(variances), 1)
        return float(max((total - variances.sum()) / n_rest, _SMALLEST_NOISE))

    def _built(self, principal):
        model = super()._built(principal)
        if principal is not None:
            bias = model.get_layer("encoder").get_layer("log_variance").bias
            bias.assign(self._start_log_variance)
        return model

    def _objective_callbacks(self):
        return [_Warmup(self.kl_warmup)] if self.kl_warmup else []

    def _run_epochs(self, training, validation, **settings):
        ended = super()._run_epochs(training, validation, **settings)
        self._report_activity(training)
        return ended

    def _report_activity(self, rows):
        some = rows.some(_ROWS_AT_ONCE)
        means = self._apply(engine.Mapping.ENCODE, some)
        self.active_units_ = means.var(axis=0, dtype=np.float64) > _ACTIVE_VARIANCE
        n_active = int(self.active_units_.sum())
        if 2 * n_active < self.n_components and len(some) > 1:
            warnings.warn(
                f"Posterior collapse: {n_active} of {self.n_components} units of the code carry "
                "information (variance of the mean above 0.01). Lower beta or noise_variance, use "
                "kl_warmup, or take fewer components.",
                stacklevel=2,
            )

    # ---- the bounds -----------------------------------------------------------------------

    def _posterior(self, samples):
        """Return means and log-variances of the codes of standardized samples."""
        parts = [
            self._apply(engine.Mapping.POSTERIOR, samples[chunk]) for chunk in chunks(len(samples))
        ]
        means, log_variances = np.split(np.concatenate(parts), 2, axis=1)
        return means, log_variances

    def _log_likelihoods(self, samples, means, log_variances, draws):
        """Return log p(x | z) of the drawn codes, of shape (n, m)."""
        codes = drawn_codes(means, log_variances, draws.astype(np.float32))
        outputs = self._apply(engine.Mapping.DECODE, codes.reshape(-1, codes.shape[2]))
        outputs = outputs.reshape(*codes.shape[:2], -1)
        return self._likelihood().log_density(samples.reshape(len(samples), 1, -1), outputs)

    def _likelihood(self):
        if self.noise_variance_ is None:
            return Bernoulli()
        return Normal(self.noise_variance_, self._scale.scale)


class _Warmup(keras.callbacks.Callback):
    """Raise the weight of the KL divergence in the training loss in equal steps."""

    def __init__(self, n_epochs):
        super().__init__()
        self._n_epochs = n_epochs

    def on_epoch_begin(self, epoch, logs=None):
        layer = self.model.get_layer("encoder").get_layer("kl")
        layer.warmup.assign(min(1.0, (epoch + 1) / self._n_epochs))


def _check_positive(caller, **numbers):
    """Raise if numbers are no ints of at least 1."""
    validate_parameter_constraints({name: [POSITIVE] for name in numbers}, numbers, caller)
