"""Sums of scores that find different outliers."""

from abc import abstractmethod
from numbers import Real
from typing import ClassVar

import numpy as np
from sklearn.base import clone

from skae._compat import BaseComposition, Interval
from skae.outlier._distances import ResidualDistance, RowDistance
from skae.outlier._scores import BaseScore, shared_out

_SMALLEST = np.finfo(np.float64).tiny


class SummedScore(BaseScore):
    """Scores as logarithms, standardized to u over the training rows; the norm of log(1 + exp(u)).

    Subclasses say which scores, and which norm: the sum if ``p`` is 1.
    """

    p = 1.0

    @abstractmethod
    def _terms(self) -> list[tuple[BaseScore, float]]:
        """Return the unfitted scores and their weights."""

    def check_parameters(self):
        """Raise ``ValueError`` if a parameter, or one of a score, is out of its range."""
        super().check_parameters()
        for score, _ in self._terms():
            score.check_parameters()

    def fit(self, passage):
        """Fit each score, and learn center and spread of its logarithm."""
        terms = self._terms()
        self.scores_ = [clone(score).fit(passage) for score, _ in terms]
        self.weights_ = np.array([weight for _, weight in terms])
        logarithms = _logarithms([score.usual_anomaly(passage) for score in self.scores_])
        low, self.center_, high = np.percentile(logarithms, (25, 50, 75), axis=0)
        self.spread_ = np.where(high > low, high - low, 1.0)
        return self

    def anomaly(self, passage):
        """Return the norm of log(1 + exp(u)) of each row."""
        return self.summed([score.anomaly(passage) for score in self.scores_])

    def term_anomalies(self, passage) -> np.ndarray:
        """Return the norm divided among the scores, of shape (n_samples, n_scores).

        The parts are as the terms of the weighted sum. Shares in the powers would leave all to the
        highest score, which is not always the one that names the right feature.
        """
        terms = self._terms_of([score.anomaly(passage) for score in self.scores_])
        return shared_out(self._norm(terms), terms * self.weights_)

    def summed(self, anomalies: list[np.ndarray]) -> np.ndarray:
        """Return the weighted norm of the scores of each row."""
        return self._norm(self._terms_of(anomalies))

    def _terms_of(self, anomalies):
        standardized = (_logarithms(anomalies) - self.center_) / self.spread_
        return np.logaddexp(standardized, 0.0)

    def _norm(self, terms):
        if self.p == 1:
            return (terms * self.weights_).sum(axis=1)
        largest = np.maximum(terms.max(axis=1), _SMALLEST)  # no power of a ratio is infinite
        powers = np.power(terms / largest[:, None], self.p) * self.weights_
        return largest * np.power(powers.sum(axis=1), 1 / self.p)

    def contributions(self, passage):
        """Return the part of each score, divided among the features as that score's own."""
        terms = self.term_anomalies(passage).T
        parts = [score.contributions(passage) for score in self.scores_]
        return sum(shared_out(term, part) for term, part in zip(terms, parts, strict=True))


class ScoreEnsemble(SummedScore, BaseComposition):
    r"""Norm of several scores: an outlier in one of them is an outlier.

    Each score is standardized: u is its logarithm minus the median, divided by a spread from the
    quartiles, both over the training samples. With t = log(1 + exp(u)), so that a low score does
    not compensate for a high one, and weights w, the result is (Σ w tᵖ) to the power of 1/p: the
    weighted sum for p = 1, and closer to the highest score the larger p is [1]_.

    Parameters
    ----------
    scores : list of (str, BaseScore)
        Names and scores. Their values must not be negative.
    weights : array-like of float, default=None
        Weight of each score; None weighs all equally.
    p : float, default=1.0
        Order of the norm, at least 1.

    Attributes
    ----------
    scores_ : list of BaseScore
        The fitted scores.

    References
    ----------
    .. [1] Aggarwal, C. C. and Sathe, S. (2015). Theoretical foundations and algorithms for outlier
       ensembles. ACM SIGKDD Explorations Newsletter 17(1), 24-47.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.decomposition import PCA
    >>> from skae import Isolation, ReconstructionOutlierDetector, ResidualDistance, ScoreEnsemble
    >>> X, y = load_digits(return_X_y=True)
    >>> score = ScoreEnsemble([("residual", ResidualDistance()), ("isolation", Isolation())])
    >>> detector = ReconstructionOutlierDetector(PCA(10), score=score, random_state=0)
    >>> detector.fit(X[y == 0]).predict(X[y == 1]).shape
    (182,)
    """

    _parameter_constraints: ClassVar[dict[str, list]] = {
        "scores": [list],
        "weights": ["array-like", None],
        "p": [Interval(Real, 1, None, closed="left")],
    }

    def __init__(self, scores, *, weights=None, p=1.0):
        self.scores = scores
        self.weights = weights
        self.p = p

    def get_params(self, deep=True):
        """Return the parameters, those of the scores as ``<name>__<parameter>``."""
        return self._get_params("scores", deep)

    def set_params(self, **parameters):
        """Set parameters, those of the scores as ``<name>__<parameter>``."""
        return self._set_params("scores", **parameters)

    def check_parameters(self):
        """Raise ``ValueError`` if names, scores or weights are not as described."""
        are_scores = self.scores and all(isinstance(score, BaseScore) for _, score in self.scores)
        weights = np.asarray(self._weights())
        are_weights = weights.shape == (len(self.scores),) and weights.dtype.kind in "iuf"
        if not (are_scores and are_weights and np.isfinite(weights).all() and weights.min() >= 0):
            raise ValueError(
                "Expected scores as a list of names and BaseScore objects, and as many weights, "
                "finite and not negative; "
                f"received scores={self.scores!r}, weights={self.weights!r}. Pass for instance "
                "[('residual', ResidualDistance())]."
            )
        self._validate_names([name for name, _ in self.scores])
        super().check_parameters()

    def _weights(self):
        return [1.0] * len(self.scores) if self.weights is None else self.weights

    def _terms(self):
        pairs = zip(self.scores, self._weights(), strict=True)
        return [(score, weight) for (_, score), weight in pairs]


class Mahalanobis(SummedScore):
    """Mahalanobis distances of the residual and of the sample, combined [1]_.

    The first is the squared distance of the residual x − x̂ from those of the training samples
    (:class:`ResidualDistance`), the second that of the sample itself from the central training
    samples (:class:`RowDistance`). They are combined as in :class:`ScoreEnsemble`; the second has
    twice the weight.

    Parameters
    ----------
    support_fraction : float in (0, 1], default=0.75
        Fraction of the training samples that count as central. Mean and covariance are estimated
        from these, so that anomalies among the others do not affect them.

    References
    ----------
    .. [1] Mahalanobis, P. C. (1936). On the generalised distance in statistics. Proceedings of the
       National Institute of Sciences of India 2, 49-55.

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

    def _terms(self):
        return [(ResidualDistance(), 1.0), (RowDistance(self.support_fraction), 2.0)]


def _logarithms(anomalies):
    """Return logarithms of scores, of shape (n_samples, n_scores)."""
    return np.log(np.maximum(np.column_stack(anomalies), _SMALLEST))
