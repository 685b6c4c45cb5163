"""Outlier detection by reconstruction: scores, thresholds, and the detector that joins them."""

from skae import _first_import as _first_import
from skae.outlier._detector import ReconstructionOutlierDetector
from skae.outlier._scores import (
    BaseScore,
    HiddenPath,
    LocalError,
    Mahalanobis,
    WorstFeaturesError,
)

__all__ = [
    "BaseScore",
    "HiddenPath",
    "LocalError",
    "Mahalanobis",
    "ReconstructionOutlierDetector",
    "WorstFeaturesError",
]
