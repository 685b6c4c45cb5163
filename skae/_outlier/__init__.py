"""Outlier detection by reconstruction: scores, thresholds, and the detector that joins them."""

from skae._outlier._detector import ReconstructionOutlierDetector

__all__ = ["ReconstructionOutlierDetector"]
