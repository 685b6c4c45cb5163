"""Outlier detection by reconstruction: scores, thresholds, and the detectors that join them."""

from skae import _first_import as _first_import
from skae.outlier._detector import ReconstructionOutlierDetector
from skae.outlier._distances import Isolation, NeighborDistance, ResidualDistance, RowDistance
from skae.outlier._ensemble import Mahalanobis, ScoreEnsemble
from skae.outlier._hidden_path import HiddenPath
from skae.outlier._monitor import ConformalMonitor
from skae.outlier._scores import BaseScore, LocalError, WorstFeaturesError
from skae.outlier._series import SeriesOutlierDetector

__all__ = [
    "BaseScore",
    "ConformalMonitor",
    "HiddenPath",
    "Isolation",
    "LocalError",
    "Mahalanobis",
    "NeighborDistance",
    "ReconstructionOutlierDetector",
    "ResidualDistance",
    "RowDistance",
    "ScoreEnsemble",
    "SeriesOutlierDetector",
    "WorstFeaturesError",
]
