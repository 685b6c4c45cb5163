"""Scores over the way of a row through the encoder."""

from typing import ClassVar

import numpy as np
from sklearn.pipeline import Pipeline

from skae.model._layer_outputs import hidden_outputs
from skae.outlier._scores import BaseScore
from skae.outlier._whitening import Whitening

_ROWS_IN_CACHE = 256


class HiddenPath(BaseScore):
    r"""Distance between the hidden activations of x and of x̂: SAP and NAP [1]_.

    Let h₀(x) = x, and let hᵢ(x) be the output of the i-th layer of the encoder that has weights;
    the last of them is the code. Then SAP(x) = Σᵢ ‖hᵢ(x) − hᵢ(x̂)‖². NAP whitens the concatenated
    differences first, so that layers with small activations count as much as others. The
    autoencoder must be one of skae's, alone or as the last step of a Pipeline.

    Parameters
    ----------
    whiten : bool, default=True
        Whether to whiten the differences: True gives NAP, False SAP.

    References
    ----------
    .. [1] Kim, K. H., Shim, S., Lim, Y., Jeon, J., Choi, J., Kim, B. and Yoon, A. S. (2020).
       RaPP: Novelty detection with reconstruction along projection pathway. ICLR.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import DenseAutoencoder, HiddenPath, ReconstructionOutlierDetector
    >>> X, y = load_digits(return_X_y=True)
    >>> detector = ReconstructionOutlierDetector(
    ...     DenseAutoencoder(8, epochs=5), score=HiddenPath(whiten=False), random_state=0
    ... ).fit(X[y == 0])
    >>> detector.predict(X[y == 1]).shape
    (182,)
    """

    _parameter_constraints: ClassVar[dict[str, list]] = {"whiten": ["boolean"]}

    def __init__(self, whiten=True):
        self.whiten = whiten

    def fit(self, passage):
        """Learn mean and covariance of the differences."""
        if self.whiten:
            self.whitening_ = Whitening.of(np.concatenate(list(_path_differences(passage))))
        return self

    def anomaly(self, passage):
        """Return the squared length of the whitened or plain differences of each row."""
        return np.concatenate([self.squared_length(part) for part in _path_differences(passage)])

    def squared_length(self, differences: np.ndarray) -> np.ndarray:
        """Return the squared length of each row of differences, whitened or plain."""
        if self.whiten:
            differences = self.whitening_.apply(differences)
        return np.square(differences).sum(axis=1)


def _path_differences(passage):
    """Yield [h₀(x) − h₀(x̂), h₁(x) − h₁(x̂), …], one row a sample, for some samples at a time."""
    autoencoder = passage.autoencoder
    samples, reconstructions = passage.samples, passage.reconstructions
    if isinstance(autoencoder, Pipeline):
        samples, reconstructions = map(autoencoder[:-1].transform, (samples, reconstructions))
        autoencoder = autoencoder[-1]
    if not hasattr(autoencoder, "encoder_"):
        raise TypeError(
            "score 'sap' or 'nap' expects an autoencoder with hidden layers, alone or as the last "
            f"step of a Pipeline; received {type(autoencoder).__name__}. Use a skae autoencoder, "
            "or another score."
        )
    for start in range(0, len(samples), _ROWS_IN_CACHE):
        some = slice(start, start + _ROWS_IN_CACHE)
        yield _way(autoencoder, samples[some]) - _way(autoencoder, reconstructions[some])


def _way(autoencoder, samples):
    """Return h₀(x), h₁(x), … side by side, one row a sample."""
    shape = autoencoder.encoder_.input.shape[1:]
    inputs = np.asarray(samples, dtype=np.float32).reshape(-1, *shape)
    hidden = hidden_outputs(autoencoder, inputs)
    way = np.concatenate([inputs.reshape(len(inputs), -1), hidden], axis=1, dtype=np.float64)
    if not np.isfinite(way).all():
        raise ValueError(
            "Expected rows whose hidden activations are finite in float32, for score 'sap' or "
            f"'nap'; received values up to {np.abs(samples).max():.1e}, for which they are not. "
            "Rescale the data, for instance with StandardScaler in a Pipeline, or use another "
            "score."
        )
    return way
