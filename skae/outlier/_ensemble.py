"""Sums of scores that see different outliers."""

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
    """Scores as logarithms, standardized to u over the training rows; the sum of log(1 + exp(u)).

    Subclasses say which.
    """

    @abstractmethod
    def _terms(self) -> list[tuple[BaseScore, float]]:
        """Return the unfitted scores and their weights."""

    def check_parameters(self):
        """Raise ``ValueError`` if a parameter, or one of a score, is out of its range."""
        super().check_parameters()
        for score, _ in self._terms():
            score.check_parameters()

    def fit(self, passage):
        """Fit each score, and learn what is usual of its logarithm."""
        terms = self._terms()
        self.scores_ = [clone(score).fit(passage) for score, _ in terms]
        self.weights_ = np.array([weight for _, weight in terms])
        logarithms = _logarithms([score.usual_anomaly(passage) for score in self.scores_])
        low, self.center_, high = np.percentile(logarithms, (25, 50, 75), axis=0)
        self.spread_ = np.where(high > low, high - low, 1.0)
        return self

    def anomaly(self, passage):
        """Return the weighted sum of log(1 + exp(u)) of each row."""
        return self.summed([score.anomaly(passage) for score in self.scores_])

    def term_anomalies(self, passage) -> np.ndarray:
        """Return what each score adds for each row, of shape (n_samples, n_scores)."""
        return self._terms_of([score.anomaly(passage) for score in self.scores_])

    def summed(self, anomalies: list[np.ndarray]) -> np.ndarray:
        """Return the sum for what each score says of each row."""
        return self._terms_of(anomalies).sum(axis=1)

    def _terms_of(self, anomalies):
        standardized = (_logarithms(anomalies) - self.center_) / self.spread_
        return np.logaddexp(standardized, 0.0) * self.weights_

    def contributions(self, passage):
        """Return what each score adds, shared out as that score itself is."""
        terms = self.term_anomalies(passage).T
        parts = [score.contributions(passage) for score in self.scores_]
        return sum(shared_out(term, part) for term, part in zip(terms, parts, strict=True))


class ScoreEnsemble(SummedScore, BaseComposition):
    r"""Sum of several scores: an outlier to one of them is an outlier.

    Each score is taken as a logarithm and standardized to u by the median and the quartiles of the
    training rows; the sum is of log(1 + exp(u)). A score that is smaller than usual then does not
    make up for another that is larger.

    Parameters
    ----------
    scores : list of (str, BaseScore)
        Names and scores, whose values are not negative.
    weights : list of float, default=None
        How much each counts; None is 1.

    Attributes
    ----------
    scores_ : list of BaseScore
        The fitted scores.

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

    _parameter_constraints: ClassVar[dict[str, list]] = {"scores": [list], "weights": [list, None]}

    def __init__(self, scores, *, weights=None):
        self.scores = scores
        self.weights = weights

    def get_params(self, deep=True):
        """Return the parameters; those of the scores by name, two underscores and theirs."""
        return self._get_params("scores", deep)

    def set_params(self, **parameters):
        """Set parameters, those of the scores too."""
        return self._set_params("scores", **parameters)

    def check_parameters(self):
        """Raise ``ValueError`` if names, scores or weights are not as described."""
        are_scores = self.scores and all(isinstance(score, BaseScore) for _, score in self.scores)
        n_weights = len(self.scores) if self.weights is None else len(self.weights)
        if not are_scores or n_weights != len(self.scores):
            raise ValueError(
                "Expected scores as a list of names and BaseScore objects, and as many weights; "
                f"received scores={self.scores!r}, weights={self.weights!r}. Pass for instance "
                "[('residual', ResidualDistance())]."
            )
        self._validate_names([name for name, _ in self.scores])
        super().check_parameters()

    def _terms(self):
        weights = [1.0] * len(self.scores) if self.weights is None else self.weights
        return [(score, weight) for (_, score), weight in zip(self.scores, weights, strict=True)]


class Mahalanobis(SummedScore):
    """How unusual the residual is, together with how unusual the row is.

    Two squared Mahalanobis distances: that of the residual x − x̂ among the residuals of the
    training rows, and that of the row itself among the central ones of them, which is its distance
    along the code and across it together. The first sees what no bottleneck lets through, the
    second what a bottleneck lets through though it lies far out. Each is taken as a logarithm and
    standardized to u by the median and the quartiles of the training rows; the score is the sum of
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

    def _terms(self):
        return [(ResidualDistance(), 1.0), (RowDistance(self.support_fraction), 2.0)]


def _logarithms(anomalies):
    """Return logarithms of scores, of shape (n_samples, n_scores)."""
    return np.log(np.maximum(np.column_stack(anomalies), _SMALLEST))
