"""Keras layers that networks and objectives are built from."""

from skae.layers._batch_normalization import FusedBatchNormalization, use_fused_kernels
from skae.layers._concrete_selection import ConcreteSelection
from skae.layers._corruption import (
    Corruption,
    GaussianCorruption,
    LayerCorruption,
    MaskingCorruption,
    SaltAndPepperCorruption,
    SwapCorruption,
)
from skae.layers._gaussian_code import GaussianCode
from skae.layers._objective_layer import (
    ObjectiveLayer,
    adjustable_hyperparameters,
    adopt_hyperparameters,
    held_variables,
    hold_hyperparameters,
    monitoring,
    sharing_rows,
)
from skae.layers._penalties import ContractionPenalty, SparsityPenalty
from skae.layers._random import inside_xla
from skae.layers._standardization import Standardization

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
    "adjustable_hyperparameters",
    "adopt_hyperparameters",
    "held_variables",
    "hold_hyperparameters",
    "inside_xla",
    "monitoring",
    "sharing_rows",
    "use_fused_kernels",
]
