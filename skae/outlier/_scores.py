"""Scores: how far a row is from what an autoencoder makes of it, higher the more anomalous."""

from abc import ABC, abstractmethod
from numbers import Real
from typing import ClassVar, Self

import keras
import numpy as np
from scipy.ndimage import gaussian_filter
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from skae._compat import Interval, validate_parameter_constraints
from skae.model._layer_outputs import hidden_path
from skae.outlier._passage import Passage
from skae.outlier._whitening import Whitening

_SMALLEST = np.finfo(np.float64).tiny
_RESIDUAL_AND_ROW = np.array([1.0, 2.0])  # weights, chosen over 20 tables
_NEGLIGIBLE = 1e-6  # float32's rounding
_DARK = 1e-3  # of the usual brightness; a black row has some error to be divided


class BaseScore(BaseEstimator, ABC):
    """What a detector asks of a score.

    Subclasses are parameter objects: ``__init__`` assigns, ``get_params``, ``set_params`` and
    ``clone`` come from scikit-learn. What ``fit`` learns it keeps in attributes that end in "_".

    Examples
    --------
    The largest error of a row, as a user would write it:

    >>> import numpy as np
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.decomposition import PCA
    >>> from skae import BaseScore, ReconstructionOutlierDetector
    >>> class LargestError(BaseScore):
    ...     def anomaly(self, passage):
    ...         return np.abs(passage.errors).max(axis=1)
    >>> X, y = load_digits(return_X_y=True)
    >>> detector = ReconstructionOutlierDetector(PCA(10), score=LargestError(), random_state=0)
    >>> detector.fit(X[y == 0]).score_samples(X[y == 1]).shape
    (182,)
    """

    _parameter_constraints: ClassVar[dict[str, list]] = {}

    def check_parameters(self) -> None:
        """Raise ``InvalidParameterError`` if a parameter is out of its range."""
        validate_parameter_constraints(
            self._parameter_constraints, self.get_params(deep=False), type(self).__name__
        )

    def fit(self, passage: Passage) -> Self:
        r"""Learn what is usual.

        Parameters
        ----------
        passage : Passage
            The rows that the autoencoder was trained on: ``samples`` of shape (n_samples,
            \*row_shape), ``rows`` and ``errors`` (x − x̂) of shape (n_samples, n_features),
            ``codes`` of shape (n_samples, n_components), all float64; ``autoencoder``, fitted.

        Returns
        -------
        self : object
        """
        return self

    @abstractmethod
    def anomaly(self, passage: Passage) -> np.ndarray:
        """Return how anomalous rows are.

        Parameters
        ----------
        passage : Passage
            Rows, with the attributes named above.

        Returns
        -------
        scores : ndarray of shape (n_samples,), float64
            Higher is more anomalous.
        """


class SquaredError(BaseScore):
    """Mean over the features of (x − x̂)²."""

    def anomaly(self, passage):
        """Return the mean squared error of each row."""
        return np.square(passage.errors).mean(axis=1)


class AbsoluteError(BaseScore):
    """Mean over the features of |x − x̂|, which one wild feature sways less."""

    def anomaly(self, passage):
        """Return the mean absolute error of each row."""
        return np.abs(passage.errors).mean(axis=1)


class StandardizedError(BaseScore):
    """Mean over the features of ((x − x̂) / s)², s the feature's usual error.

    A feature that is hard to reconstruct for every row then says no more than the others.
    """

    def fit(self, passage):
        """Learn the root mean squared error of each feature."""
        self.usual_errors_ = usual_errors(np.square(passage.errors).mean(axis=0))
        return self

    def anomaly(self, passage):
        """Return the mean squared standardised error of each row."""
        return np.square(passage.errors / self.usual_errors_).mean(axis=1)


class WorstFeaturesError(StandardizedError):
    """Mean squared standardised error over each row's worst features only.

    An anomaly in few of many features is lost in a mean over all of them.

    Parameters
    ----------
    share : float in (0, 1], default=0.1
        Share of the features, at least one of them.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.decomposition import PCA
    >>> from skae import ReconstructionOutlierDetector, WorstFeaturesError
    >>> X, y = load_digits(return_X_y=True)
    >>> detector = ReconstructionOutlierDetector(
    ...     PCA(10), score=WorstFeaturesError(share=0.05), random_state=0
    ... ).fit(X[y == 0])
    >>> detector.predict(X[y == 1]).shape
    (182,)
    """

    _parameter_constraints: ClassVar[dict[str, list]] = {
        "share": [Interval(Real, 0, 1, closed="right")]
    }

    def __init__(self, share=0.1):
        self.share = share

    def anomaly(self, passage):
        """Return the mean over each row's worst features."""
        squares = np.square(passage.errors / self.usual_errors_)
        n_worst = max(1, round(self.share * squares.shape[1]))
        return np.partition(squares, -n_worst, axis=1)[:, -n_worst:].mean(axis=1)


class LocalError(BaseScore):
    """Mean square of the smoothed residual, in proportion to the root of the row's brightness.

    Images and signals are full of edges and noise that no autoencoder gives back, and these errors
    change their sign from pixel to pixel; a stroke that should not be there has one sign. The
    residual is smoothed by a Gaussian before it is squared, which leaves the second kind. Brighter
    rows have larger errors, normal or not: the mean square is divided by a power of the row's mean
    absolute value, relative to the usual one.

    Rows of one axis are signals, of two are images, of three are images with channels last, which
    are smoothed one by one. It means nothing for tables, whose columns have no neighbours.

    Parameters
    ----------
    smoothing : float, default=1.0
        Standard deviation of the Gaussian, in pixels or time steps; 0 does not smooth.
    brightness_power : float, default=0.5
        0 gives the absolute error; 1 or more favours bright rows as 0 does dark ones.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skae import DenseAutoencoder, LocalError, ReconstructionOutlierDetector
    >>> images, y = load_digits().images, load_digits().target
    >>> detector = ReconstructionOutlierDetector(
    ...     DenseAutoencoder(8, epochs=5), score=LocalError(smoothing=0.5), random_state=0
    ... ).fit(images[y == 0])
    >>> detector.predict(images[y == 1]).shape
    (182,)
    """

    _parameter_constraints: ClassVar[dict[str, list]] = {
        "smoothing": [Interval(Real, 0, None, closed="left")],
        "brightness_power": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(self, smoothing=1.0, brightness_power=0.5):
        self.smoothing = smoothing
        self.brightness_power = brightness_power

    def fit(self, passage):
        """Learn the mean absolute value of the rows."""
        self.usual_brightness_ = np.abs(passage.rows).mean() or 1.0
        return self

    def anomaly(self, passage):
        """Return the mean square of each row's smoothed residual, over its brightness."""
        errors = passage.errors.reshape(passage.samples.shape)
        axes = range(1, min(errors.ndim, 3))
        smooth = gaussian_filter(errors, self.smoothing, axes=tuple(axes), mode="reflect")
        return self.over_brightness(smooth.reshape(len(smooth), -1), passage.rows)

    def over_brightness(self, residuals: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return the mean square of each row's residual, over a power of its brightness."""
        mean_squares = np.square(residuals).mean(axis=1)
        brightness = np.abs(rows).mean(axis=1) / self.usual_brightness_
        return mean_squares / np.maximum(brightness, _DARK) ** self.brightness_power


class Mahalanobis(BaseScore):
    """How unusual the residual is, together with how unusual the row is.

    Two squared Mahalanobis distances: that of the residual x − x̂ among the residuals of the
    training rows, and that of the row itself among the central ones of them, which is its distance
    along the code and across it together. The first sees what no bottleneck lets through, the
    second what a bottleneck lets through though it lies far out. Each is taken as a logarithm and
    standardised to u by the median and the quartiles of the training rows; the score is the sum of
    log(1 + exp(u)), the row's counted twice, in which a distance that is smaller than usual does
    not make up for another that is larger.

    Parameters
    ----------
    support_fraction : float in (0, 1], default=0.75
        Share of the training rows that are central. Anomalies among the rest of them do not widen
        what counts as usual.

    References
    ----------
    P. C. Mahalanobis, "On the generalised distance in statistics", Proceedings of the National
    Institute of Sciences of India 2 (1936), 49-55.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.decomposition import PCA
    >>> from skae import Mahalanobis, ReconstructionOutlierDetector
    >>> X, y = load_digits(return_X_y=True)
    >>> detector = ReconstructionOutlierDetector(
    ...     PCA(10), score=Mahalanobis(support_fraction=0.9), random_state=0
    ... ).fit(X[y == 0])
    >>> detector.predict(X[y == 1]).shape
    (182,)
    """

    _parameter_constraints: ClassVar[dict[str, list]] = {
        "support_fraction": [Interval(Real, 0, 1, closed="right")]
    }

    def __init__(self, support_fraction=0.75):
        self.support_fraction = support_fraction

    def fit(self, passage):
        """Learn the covariances of residuals and rows, and the usual distances."""
        errors, rows = passage.errors, passage.rows
        self.residual_whitening_ = Whitening.of(errors)
        self.row_whitening_ = Whitening.of(rows, self.support_fraction)
        low, self.center_, high = np.percentile(self._distances(passage), (25, 50, 75), axis=0)
        self.spread_ = np.where(high > low, high - low, 1.0)
        return self

    def anomaly(self, passage):
        """Return the weighted sum of log(1 + exp(u)) over both distances of each row."""
        standardized = (self._distances(passage) - self.center_) / self.spread_
        return np.logaddexp(standardized, 0) @ _RESIDUAL_AND_ROW

    def _distances(self, passage):
        """Return the logarithms of both squared distances, of shape (n_samples, 2)."""
        residual = self.residual_whitening_.squared_distances(passage.errors)
        row = self.row_whitening_.squared_distances(passage.rows)
        return np.log(np.column_stack([residual, row]) + _SMALLEST)


class HiddenPath(BaseScore):
    r"""Distance between the ways of x and of x̂ through the encoder: SAP and NAP [1]_.

    With h₀(x) = x, hᵢ(x) the output of the encoder's i-th hidden layer with weights and, as the
    last of them, the code, SAP(x) = Σᵢ ‖hᵢ(x) − hᵢ(x̂)‖². NAP whitens the joined differences
    first, so that a layer of small numbers counts as much as one of large ones. It needs a Keras
    autoencoder, alone or as the last step of a Pipeline.

    Parameters
    ----------
    whiten : bool, default=True
        True gives NAP, False SAP.

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
            self.whitening_ = Whitening.of(_path_differences(passage))
        return self

    def anomaly(self, passage):
        """Return the squared length of the whitened or plain differences of each row."""
        return self.squared_length(_path_differences(passage))

    def squared_length(self, differences: np.ndarray) -> np.ndarray:
        """Return the squared length of each row of differences, whitened or plain."""
        if self.whiten:
            differences = self.whitening_.apply(differences)
        return np.square(differences).sum(axis=1)


class Likelihood(BaseScore):
    """Minus the autoencoder's own ``score_samples``: for a VAE, minus its likelihood bound."""

    def anomaly(self, passage):
        """Return the negative log-likelihood bound of each row, or what stands for it."""
        return -np.asarray(passage.autoencoder.score_samples(passage.samples), dtype=float)


def usual_errors(mean_squares: np.ndarray) -> np.ndarray:
    """Return the root of each feature's mean squared error.

    Features that are always given back exactly, such as constant ones, have no usual error of
    their own and take the root mean square of all.
    """
    usual = np.sqrt(mean_squares)
    overall = np.sqrt(mean_squares.mean()) or 1.0
    return np.where(usual > _NEGLIGIBLE * overall, usual, overall)


def _path_differences(passage):
    """Return [h₀(x) − h₀(x̂), h₁(x) − h₁(x̂), …], one row a sample."""
    autoencoder = passage.autoencoder
    samples, reconstructions = passage.samples, passage.reconstructions
    if isinstance(autoencoder, Pipeline):
        samples, reconstructions = map(autoencoder[:-1].transform, (samples, reconstructions))
        autoencoder = autoencoder[-1]
    try:
        encoder = autoencoder.encoder_
    except AttributeError as error:
        raise TypeError(
            "score 'sap' or 'nap' expects an autoencoder with hidden layers, alone or as the last "
            f"step of a Pipeline; received {type(autoencoder).__name__}. Use a skae autoencoder, "
            "or another score."
        ) from error
    ways = [_hidden_activations(encoder, part) for part in (samples, reconstructions)]
    return np.concatenate([x - y for x, y in zip(*ways, strict=True)], axis=1)


def _hidden_activations(encoder, samples):
    inputs = np.asarray(samples, dtype=np.float32).reshape(-1, *encoder.input.shape[1:])
    tensors = (*hidden_path(encoder)(inputs), encoder(inputs, training=False))
    way = (inputs, *map(keras.ops.convert_to_numpy, tensors))
    if not all(np.isfinite(part).all() for part in way):
        raise ValueError(
            "Expected rows whose hidden activations are finite in float32, for score 'sap' or "
            f"'nap'; received values up to {np.abs(samples).max():.1e}, for which they are not. "
            "Rescale the data, for instance with StandardScaler in a Pipeline, or use another "
            "score."
        )
    return [part.reshape(len(inputs), -1).astype(float) for part in way]


SCORES = {
    "squared_error": SquaredError,
    "absolute_error": AbsoluteError,
    "standardized_error": StandardizedError,
    "worst_features": WorstFeaturesError,
    "local_error": LocalError,
    "mahalanobis": Mahalanobis,
    "sap": lambda: HiddenPath(whiten=False),
    "nap": HiddenPath,
    "likelihood": Likelihood,
}
