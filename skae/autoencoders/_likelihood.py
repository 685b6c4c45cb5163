"""Likelihoods of a variational autoencoder, and bounds of the likelihood of its rows."""

from dataclasses import dataclass

import keras
import numpy as np
from scipy.special import logsumexp

from skae.engine import activation_name

_GAUSSIAN = {"mean_squared_error", "MeanSquaredError"}
_BERNOULLI = {"binary_crossentropy", "BinaryCrossentropy"}
_FEWEST_PAIRS = 8


def is_bernoulli(loss, output_activation) -> bool:
    """Return whether the likelihood of a loss is Bernoulli.

    Raises
    ------
    ValueError
        If the loss is not a likelihood of such outputs.
    """
    found = keras.losses.get(loss)
    name = getattr(found, "__name__", type(found).__name__)
    bounded = activation_name(output_activation) in {"sigmoid", "hard_sigmoid"}
    if name in _GAUSSIAN or (name in _BERNOULLI and bounded):
        return name in _BERNOULLI
    raise ValueError(
        "The loss of a variational autoencoder is a likelihood: expected loss='mse' (normal), "
        "or loss='binary_crossentropy' with output_activation='sigmoid' (Bernoulli), got "
        f"loss={loss!r} with output_activation={output_activation!r}."
    )


@dataclass(frozen=True)
class Bernoulli:
    """Bernoulli likelihood; the decoder returns the probabilities of 1."""

    def log_density(self, samples: np.ndarray, outputs: np.ndarray) -> np.ndarray:
        """Return log p(x | z) in nats, summed over the last axis."""
        outputs = np.clip(outputs, 1e-7, 1 - 1e-7)
        logs = samples * np.log(outputs) + (1 - samples) * np.log1p(-outputs)
        return logs.sum(axis=-1, dtype=np.float64)


@dataclass(frozen=True)
class Normal:
    """Normal likelihood; the decoder returns the means.

    Parameters
    ----------
    variance : float
        Variance of the standardized features.
    scale : float
        Scale that the data were divided by; densities are in units of X.
    """

    variance: float
    scale: float

    def log_density(self, samples: np.ndarray, outputs: np.ndarray) -> np.ndarray:
        """Return log p(x | z) in nats, summed over the last axis."""
        squares = np.square(samples - outputs).sum(axis=-1, dtype=np.float64)
        normalizer = samples.shape[-1] * np.log(2 * np.pi * self.variance * self.scale**2)
        return -0.5 * (squares / self.variance + normalizer)


def drawn_codes(means, log_variances, draws):
    """Return the codes mean + standard deviation × draw, of shape (n, m, k)."""
    return means[:, None] + np.exp(0.5 * log_variances)[:, None] * draws


def evidence_bound(log_likelihoods, means, log_variances, draws):
    """Return E[log p(x | z)] − KL(q(z | x) ‖ p(z)) of each row.

    Parameters
    ----------
    log_likelihoods : ndarray of shape (n, m)
        log p(x | z) for m codes of every row.
    means, log_variances : ndarray of shape (n, n_components)
        Of q(z | x).
    draws : ndarray of shape (m, n_components)
        Standard normal; the codes are mean + standard deviation × draw.

    Returns
    -------
    bounds : ndarray of shape (n,)
    """
    divergences = 0.5 * (np.exp(log_variances) + means**2 - 1 - log_variances).sum(axis=1)
    return log_likelihoods.mean(axis=1) - divergences


def importance_weighted_bound(log_likelihoods, means, log_variances, draws):
    """Return log (1/m) Σ p(x | zₛ) p(zₛ) / q(zₛ | x) of each row; parameters as above."""
    codes = drawn_codes(means, log_variances, draws)
    prior = -0.5 * np.square(codes).sum(axis=2)
    posterior = -0.5 * (np.square(draws).sum(axis=1) + log_variances.sum(axis=1)[:, None])
    return logsumexp(log_likelihoods + prior - posterior, axis=1) - np.log(len(draws))


def balanced_draws(n_components: int, rng) -> np.ndarray:
    """Return normal draws made symmetric and uncorrelated, exact for means of quadratics."""
    n_pairs = max(_FEWEST_PAIRS, n_components)
    axes, _ = np.linalg.qr(rng.standard_normal((n_pairs, n_components)))
    return np.sqrt(n_pairs) * np.concatenate([axes, -axes])
