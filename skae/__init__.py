"""scikit-learn-compatible autoencoder transformers on Keras.

Public names are resolved on first use, so that ``import skae`` loads neither Keras nor its
backend: a process that only passes estimators around pays nothing for them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from skae._quiet import quiet_first_import

__version__ = "0.1.0"

_HOME_OF = {
    "BaseAutoencoder": "skae._base",
    "BaseNetwork": "skae._networks",
    "BaseScore": "skae._outlier",
    "ConcreteAutoencoder": "skae._concrete",
    "ContractiveAutoencoder": "skae._contractive",
    "ConvAutoencoder": "skae._conv",
    "ConvNetwork": "skae._networks",
    "DenoisingAutoencoder": "skae._denoising",
    "DenseAutoencoder": "skae._dense",
    "DenseNetwork": "skae._networks",
    "HiddenPath": "skae._outlier",
    "KerasAutoencoder": "skae._keras",
    "KerasNetwork": "skae._networks",
    "LocalError": "skae._outlier",
    "Mahalanobis": "skae._outlier",
    "ReconstructionOutlierDetector": "skae._outlier",
    "RecurrentNetwork": "skae._networks",
    "SequenceAutoencoder": "skae._sequence",
    "SlidingWindows": "skae._windows",
    "SparseAutoencoder": "skae._sparse",
    "VariationalAutoencoder": "skae._variational",
    "WorstFeaturesError": "skae._outlier",
    "clear_compiled_programs": "skae._training",
    "show_versions": "skae._versions",
}

__all__ = ["__version__", "display", *sorted(_HOME_OF)]

if TYPE_CHECKING:
    from skae import display as display
    from skae._base import BaseAutoencoder as BaseAutoencoder
    from skae._concrete import ConcreteAutoencoder as ConcreteAutoencoder
    from skae._contractive import ContractiveAutoencoder as ContractiveAutoencoder
    from skae._conv import ConvAutoencoder as ConvAutoencoder
    from skae._denoising import DenoisingAutoencoder as DenoisingAutoencoder
    from skae._dense import DenseAutoencoder as DenseAutoencoder
    from skae._keras import KerasAutoencoder as KerasAutoencoder
    from skae._networks import BaseNetwork as BaseNetwork
    from skae._networks import ConvNetwork as ConvNetwork
    from skae._networks import DenseNetwork as DenseNetwork
    from skae._networks import KerasNetwork as KerasNetwork
    from skae._networks import RecurrentNetwork as RecurrentNetwork
    from skae._outlier import BaseScore as BaseScore
    from skae._outlier import HiddenPath as HiddenPath
    from skae._outlier import LocalError as LocalError
    from skae._outlier import Mahalanobis as Mahalanobis
    from skae._outlier import ReconstructionOutlierDetector as ReconstructionOutlierDetector
    from skae._outlier import WorstFeaturesError as WorstFeaturesError
    from skae._sequence import SequenceAutoencoder as SequenceAutoencoder
    from skae._sparse import SparseAutoencoder as SparseAutoencoder
    from skae._training import clear_compiled_programs as clear_compiled_programs
    from skae._variational import VariationalAutoencoder as VariationalAutoencoder
    from skae._versions import show_versions as show_versions
    from skae._windows import SlidingWindows as SlidingWindows


def __getattr__(name: str) -> Any:
    if name == "display":
        return import_module("skae.display")
    if name not in _HOME_OF:
        raise AttributeError(f"module 'skae' has no attribute {name!r}")
    with quiet_first_import():
        value = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
