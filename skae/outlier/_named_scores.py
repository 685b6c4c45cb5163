"""Scores by name."""

from collections.abc import Callable

from skae.outlier._distances import Isolation, NeighborDistance, ResidualDistance, RowDistance
from skae.outlier._ensemble import Mahalanobis, ScoreEnsemble
from skae.outlier._hidden_path import HiddenPath
from skae.outlier._passage import maps_rows_alone
from skae.outlier._scores import (
    AbsoluteError,
    BaseScore,
    Likelihood,
    LocalError,
    SquaredError,
    StandardizedError,
    WorstFeaturesError,
)


def table_score() -> ScoreEnsemble:
    """Return the norm that was chosen over 20 tables, most often also with any of them left out."""
    terms = [
        ("residual", ResidualDistance()),
        ("row", RowDistance()),
        ("neighbor", NeighborDistance(n_landmarks=512)),
        ("isolation", Isolation()),
    ]
    return ScoreEnsemble(terms, weights=[1.0, 1.0, 2.0, 1.0], p=4.0)


_ROW_BY_ROW = (
    AbsoluteError,
    Isolation,
    Likelihood,
    LocalError,
    NeighborDistance,
    ResidualDistance,
    RowDistance,
    SquaredError,
    StandardizedError,
    WorstFeaturesError,
)

SCORES: dict[str, Callable[[], BaseScore]] = {
    "ensemble": table_score,
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


def scores_rows_alone(score: BaseScore, autoencoder) -> bool:
    """Tell whether a fitted score of a row is known not to depend on the other rows."""
    if type(score) in (Mahalanobis, ScoreEnsemble):
        return all(scores_rows_alone(term, autoencoder) for term in score.scores_)
    if type(score) is HiddenPath:
        return maps_rows_alone(autoencoder)
    return type(score) in _ROW_BY_ROW
