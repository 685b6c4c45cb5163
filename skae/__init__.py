"""scikit-learn-compatible autoencoder transformers on Keras.

Public names are resolved on first use: ``import skae`` imports neither Keras nor its backend.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from skae._quiet import quiet_first_import

__version__ = "0.1.0"

_HOME_OF = {
    "BaseAutoencoder": "skae.autoencoders._base",
    "BaseNetwork": "skae.networks",
    "BaseScore": "skae.outlier",
    "Blocks": "skae.data._blocks",
    "Checkpoint": "skae.io",
    "ConcreteAutoencoder": "skae.autoencoders._concrete",
    "ConformalMonitor": "skae.outlier",
    "ContractiveAutoencoder": "skae.autoencoders._contractive",
    "ConvAutoencoder": "skae.autoencoders._conv",
    "ConvNetwork": "skae.networks",
    "DenoisingAutoencoder": "skae.autoencoders._denoising",
    "DenseAutoencoder": "skae.autoencoders._dense",
    "DenseNetwork": "skae.networks",
    "HiddenPath": "skae.outlier",
    "Isolation": "skae.outlier",
    "KerasAutoencoder": "skae.autoencoders._keras",
    "KerasNetwork": "skae.networks",
    "LocalError": "skae.outlier",
    "Mahalanobis": "skae.outlier",
    "NeighborDistance": "skae.outlier",
    "ReconstructionOutlierDetector": "skae.outlier",
    "RecurrentNetwork": "skae.networks",
    "ResidualDistance": "skae.outlier",
    "RowDistance": "skae.outlier",
    "ScoreEnsemble": "skae.outlier",
    "SequenceAutoencoder": "skae.autoencoders._sequence",
    "SeriesOutlierDetector": "skae.outlier",
    "SlidingWindows": "skae.data._windows",
    "SparseAutoencoder": "skae.autoencoders._sparse",
    "VariationalAutoencoder": "skae.autoencoders._variational",
    "WorstFeaturesError": "skae.outlier",
    "clear_compiled_programs": "skae.engine",
    "config_context": "skae._config",
    "export_onnx": "skae.io._onnx",
    "get_config": "skae._config",
    "model_card": "skae.io._model_card",
    "load": "skae.io",
    "save": "skae.io",
    "set_config": "skae._config",
    "show_versions": "skae._versions",
}

__all__ = ["__version__", "display", *sorted(_HOME_OF)]

if TYPE_CHECKING:
    from skae import display as display
    from skae._config import config_context as config_context
    from skae._config import get_config as get_config
    from skae._config import set_config as set_config
    from skae._versions import show_versions as show_versions
    from skae.autoencoders._base import BaseAutoencoder as BaseAutoencoder
    from skae.autoencoders._concrete import ConcreteAutoencoder as ConcreteAutoencoder
    from skae.autoencoders._contractive import ContractiveAutoencoder as ContractiveAutoencoder
    from skae.autoencoders._conv import ConvAutoencoder as ConvAutoencoder
    from skae.autoencoders._denoising import DenoisingAutoencoder as DenoisingAutoencoder
    from skae.autoencoders._dense import DenseAutoencoder as DenseAutoencoder
    from skae.autoencoders._keras import KerasAutoencoder as KerasAutoencoder
    from skae.autoencoders._sequence import SequenceAutoencoder as SequenceAutoencoder
    from skae.autoencoders._sparse import SparseAutoencoder as SparseAutoencoder
    from skae.autoencoders._variational import VariationalAutoencoder as VariationalAutoencoder
    from skae.data._blocks import Blocks as Blocks
    from skae.data._windows import SlidingWindows as SlidingWindows
    from skae.engine import clear_compiled_programs as clear_compiled_programs
    from skae.io import Checkpoint as Checkpoint
    from skae.io import load as load
    from skae.io import save as save
    from skae.io._model_card import model_card as model_card
    from skae.io._onnx import export_onnx as export_onnx
    from skae.networks import BaseNetwork as BaseNetwork
    from skae.networks import ConvNetwork as ConvNetwork
    from skae.networks import DenseNetwork as DenseNetwork
    from skae.networks import KerasNetwork as KerasNetwork
    from skae.networks import RecurrentNetwork as RecurrentNetwork
    from skae.outlier import BaseScore as BaseScore
    from skae.outlier import ConformalMonitor as ConformalMonitor
    from skae.outlier import HiddenPath as HiddenPath
    from skae.outlier import Isolation as Isolation
    from skae.outlier import LocalError as LocalError
    from skae.outlier import Mahalanobis as Mahalanobis
    from skae.outlier import NeighborDistance as NeighborDistance
    from skae.outlier import ReconstructionOutlierDetector as ReconstructionOutlierDetector
    from skae.outlier import ResidualDistance as ResidualDistance
    from skae.outlier import RowDistance as RowDistance
    from skae.outlier import ScoreEnsemble as ScoreEnsemble
    from skae.outlier import SeriesOutlierDetector as SeriesOutlierDetector
    from skae.outlier import WorstFeaturesError as WorstFeaturesError


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
