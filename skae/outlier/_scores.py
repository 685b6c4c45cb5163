"""Anomaly scores: how far a sample is from its reconstruction; higher is more anomalous."""

from abc import ABC, abstractmethod
from numbers import Real
from typing import ClassVar, Self

import numpy as np
from scipy.ndimage import gaussian_filter
from sklearn.base import BaseEstimator

from skae._compat import Interval, validate_parameter_constraints
from skae.outlier._passage import Passage

_NEGLIGIBLE = 1e-6  # float32's rounding
_DARK = 1e-3  # of the usual brightness; a black row has some error to be divided


class BaseScore(BaseEstimator, ABC):
    """Base class of anomaly scores.

    Subclasses override :meth:`anomaly`, and :meth:`fit` if the score has to be learned. They are
    parameter objects: ``__init__`` only assigns, and ``get_params``, ``set_params`` and ``clone``
    come from scikit-learn. ``fit`` stores what it learns in attributes that end in "_".

    Examples
    --------
    The largest absolute error of a sample as a score:

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
        r"""Learn from the training samples; by default nothing.

        Parameters
        ----------
        passage : Passage
            The samples that the autoencoder was trained on: ``samples`` of shape (n_samples,
            \*row_shape), flat ``rows`` and ``errors`` (x − x̂) of shape (n_samples, n_features),
            ``codes`` of shape (n_samples, n_components), all float64; ``autoencoder``, fitted.

        Returns
        -------
        self : object
        """
        return self

    @abstractmethod
    def anomaly(self, passage: Passage) -> np.ndarray:
        """Return how anomalous samples are.

        Parameters
        ----------
        passage : Passage
            Samples, with the attributes described in :meth:`fit`.

        Returns
        -------
        scores : ndarray of shape (n_samples,), float64
            Higher is more anomalous.
        """

    def usual_anomaly(self, passage: Passage) -> np.ndarray:
        """Return ``anomaly`` of the samples passed to ``fit``, each compared with the others."""
        return self.anomaly(passage)

    def term_anomalies(self, passage: Passage) -> np.ndarray:
        """Return the terms of the anomaly, of shape (n_samples, n_terms); by default one."""
        return self.anomaly(passage)[:, None]

    def contributions(self, passage: Passage) -> np.ndarray:
        """Return how much each feature contributes to the anomaly of each sample.

        By default this is the decrease of the score if the feature is replaced by its
        reconstruction, which computes the score once for each feature.

        Parameters
        ----------
        passage : Passage
            Samples, as in :meth:`anomaly`.

        Returns
        -------
        contributions : ndarray of shape (n_samples, n_features), float64
            Not negative; they sum to the anomaly, if that is not negative.
        """
        whole, rows = self.anomaly(passage), passage.rows
        drops = np.empty(rows.shape)
        for feature in range(rows.shape[1]):
            mended = rows.copy()
            mended[:, feature] -= passage.errors[:, feature]
            samples = mended.reshape(passage.samples.shape)
            drops[:, feature] = whole - self.anomaly(Passage.through(passage.autoencoder, samples))
        return shared_out(whole, drops)


class SquaredError(BaseScore):
    """Mean over the features of (x − x̂)²."""

    def anomaly(self, passage):
        """Return the mean squared error of each row."""
        return np.square(passage.errors).mean(axis=1)

    def contributions(self, passage):
        """Return each feature's squared error over the number of features."""
        return np.square(passage.errors) / passage.errors.shape[1]


class AbsoluteError(BaseScore):
    """Mean over the features of ``|x − x̂|``, which is more robust to one extreme feature."""

    def anomaly(self, passage):
        """Return the mean absolute error of each row."""
        return np.abs(passage.errors).mean(axis=1)

    def contributions(self, passage):
        """Return each feature's absolute error over the number of features."""
        return np.abs(passage.errors) / passage.errors.shape[1]


class StandardizedError(BaseScore):
    """Mean over the features of ((x − x̂) / s)², where s is the per-feature RMSE.

    A feature that is hard to reconstruct in every sample then counts no more than the others.
    """

    def fit(self, passage):
        """Learn the root mean squared error of each feature."""
        self.usual_errors_ = usual_errors(np.square(passage.errors).mean(axis=0))
        return self

    def anomaly(self, passage):
        """Return the mean squared standardized error of each row."""
        return self.contributions(passage).sum(axis=1)

    def contributions(self, passage):
        """Return each feature's squared standardized error over the number of features."""
        return np.square(passage.errors / self.usual_errors_) / passage.errors.shape[1]


class WorstFeaturesError(StandardizedError):
    """Mean squared standardized error over the worst features of each sample.

    Errors are standardized by the per-feature RMSE. Use it for anomalies in few of many features,
    which a mean over all features hides.

    Parameters
    ----------
    share : float in (0, 1], default=0.1
        Fraction of the features that count as the worst; at least one feature.

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

    def contributions(self, passage):
        """Return the errors of the worst features over their number, and 0 for the others."""
        squares = np.square(passage.errors / self.usual_errors_)
        n_worst = max(1, round(self.share * squares.shape[1]))
        others = np.argpartition(squares, -n_worst, axis=1)[:, :-n_worst]
        np.put_along_axis(squares, others, 0.0, axis=1)
        return squares / n_worst


class LocalError(BaseScore):
    """Mean square of the smoothed residual, corrected for brightness; for images and signals.

    Autoencoders reconstruct edges and noise badly, and these errors change sign from pixel to
    pixel; the error of an extra stroke does not. A Gaussian filter smooths the residual before it
    is squared: this suppresses texture and keeps extra strokes. Bright samples have larger errors,
    so the mean square is divided by a power of the sample's brightness, its mean absolute value
    relative to that of the training samples.

    Samples with one axis are signals, with two images, with three images with channels last, which
    are smoothed separately. Do not use it for tables, whose columns have no neighbors.

    Parameters
    ----------
    smoothing : float, default=1.0
        Standard deviation of the Gaussian, in pixels or time steps; 0 does not smooth.
    brightness_power : float, default=0.5
        Power of the brightness in the divisor. 0 does not correct: bright samples then have larger
        scores. With large powers dark samples have larger scores.

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
        return self.over_brightness(self._smoothed(passage), passage.rows)

    def contributions(self, passage):
        """Return the part of each feature in the mean square of the smoothed residual."""
        return shared_out(self.anomaly(passage), np.square(self._smoothed(passage)))

    def over_brightness(self, residuals: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return the mean square of each row's residual, over a power of its brightness."""
        mean_squares = np.square(residuals).mean(axis=1)
        brightness = np.abs(rows).mean(axis=1) / self.usual_brightness_
        return mean_squares / np.maximum(brightness, _DARK) ** self.brightness_power

    def _smoothed(self, passage):
        errors = passage.errors.reshape(passage.samples.shape)
        axes = range(1, min(errors.ndim, 3))
        smooth = gaussian_filter(errors, self.smoothing, axes=tuple(axes), mode="reflect")
        return smooth.reshape(len(smooth), -1)


class Likelihood(BaseScore):
    """Minus the autoencoder's own ``score_samples``: for a VAE, minus its likelihood bound."""

    def anomaly(self, passage):
        """Return minus ``score_samples`` of the autoencoder."""
        return -passage.autoencoder_scores


def usual_errors(mean_squares: np.ndarray) -> np.ndarray:
    """Return the per-feature RMSE.

    Features that are always reconstructed exactly, such as constant ones, have no error of their
    own and use the RMSE over all features.
    """
    usual = np.sqrt(mean_squares)
    overall = np.sqrt(mean_squares.mean()) or 1.0
    return np.where(usual > _NEGLIGIBLE * overall, usual, overall)


def shared_out(whole: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """Scale parts so that each row of them sums to a whole.

    Parameters
    ----------
    whole : ndarray of shape (n_samples,)
    parts : ndarray of shape (n_samples, n_features)
        Negative ones count as 0.

    Returns
    -------
    shares : ndarray of shape (n_samples, n_features)
        Equal where no part is positive.
    """
    parts = np.maximum(parts, 0)
    largest = parts.max(axis=1, keepdims=True)
    parts = np.where(largest > 0, parts / np.where(largest > 0, largest, 1), 1.0)
    return parts * (whole / parts.sum(axis=1))[:, None]
