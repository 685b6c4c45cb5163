"""Plots of autoencoders, in scikit-learn's Display convention.

A display is data plus ``plot(ax=None)``. ``from_estimator`` computes the data and plots them, and
``frame`` returns the numbers as a DataFrame. Displays use public methods of estimators only, so
that most of them also work with scikit-learn's PCA or with a Pipeline.

Classes are resolved on first use: importing this package does not import Matplotlib.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from skae._compat import check_matplotlib_support

_HOME_OF = {
    "CodeUsageDisplay": "_code_usage",
    "EncodedStateDisplay": "_encoded_state",
    "FeatureErrorDisplay": "_feature_error",
    "LatentManifoldDisplay": "_latent_manifold",
    "LatentSpaceDisplay": "_latent_space",
    "LatentTraversalDisplay": "_latent_traversal",
    "LayerActivationsDisplay": "_layer_activations",
    "MonitorDisplay": "_monitor",
    "ReconstructionDisplay": "_reconstruction",
    "ReconstructionErrorDisplay": "_reconstruction_error",
    "TrainingHistoryDisplay": "_training_history",
}

__all__ = sorted(_HOME_OF)

if TYPE_CHECKING:
    from skae.display._code_usage import CodeUsageDisplay as CodeUsageDisplay
    from skae.display._encoded_state import EncodedStateDisplay as EncodedStateDisplay
    from skae.display._feature_error import FeatureErrorDisplay as FeatureErrorDisplay
    from skae.display._latent_manifold import LatentManifoldDisplay as LatentManifoldDisplay
    from skae.display._latent_space import LatentSpaceDisplay as LatentSpaceDisplay
    from skae.display._latent_traversal import LatentTraversalDisplay as LatentTraversalDisplay
    from skae.display._layer_activations import LayerActivationsDisplay as LayerActivationsDisplay
    from skae.display._monitor import MonitorDisplay as MonitorDisplay
    from skae.display._reconstruction import ReconstructionDisplay as ReconstructionDisplay
    from skae.display._reconstruction_error import (
        ReconstructionErrorDisplay as ReconstructionErrorDisplay,
    )
    from skae.display._training_history import TrainingHistoryDisplay as TrainingHistoryDisplay


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'skae.display' has no attribute {name!r}")
    check_matplotlib_support(f"skae.display.{name}")
    value = getattr(import_module(f"skae.display.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
