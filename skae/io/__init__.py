"""Files: save and load estimators, and export them to other formats."""

from skae.io._checkpoint import Checkpoint
from skae.io._files import load, save
from skae.io._model_card import model_card
from skae.io._onnx import export_onnx, register_onnx_converters
from skae.io._trusted import trusted_types

__all__ = [
    "Checkpoint",
    "export_onnx",
    "load",
    "model_card",
    "register_onnx_converters",
    "save",
    "trusted_types",
]
