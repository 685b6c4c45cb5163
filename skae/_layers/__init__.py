"""Keras layers that networks and objectives are built from."""

from skae._layers._batch_normalization import FusedBatchNormalization, use_fused_kernels
from skae._layers._concrete import ConcreteSelection
from skae._layers._corruption import (
    Corruption,
    GaussianCorruption,
    LayerCorruption,
    MaskingCorruption,
    SaltAndPepperCorruption,
    SwapCorruption,
)
from skae._layers._gaussian import GaussianCode
from skae._layers._objective import ObjectiveLayer, monitoring
from skae._layers._penalties import ContractionPenalty, SparsityPenalty
from skae._layers._random import inside_xla
from skae._layers._standardization import Standardization

__all__ = [
    "ConcreteSelection",
    "ContractionPenalty",
    "Corruption",
    "FusedBatchNormalization",
    "GaussianCode",
    "GaussianCorruption",
    "LayerCorruption",
    "MaskingCorruption",
    "ObjectiveLayer",
    "SaltAndPepperCorruption",
    "SparsityPenalty",
    "Standardization",
    "SwapCorruption",
    "inside_xla",
    "monitoring",
    "use_fused_kernels",
]
