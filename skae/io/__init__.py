"""Files: autoencoders and detectors on disk, in formats for this library and for others."""

from importlib import import_module
from typing import Any


def __getattr__(name: str) -> Any:
    if name == "register_onnx_converters":
        return import_module("skae.io._onnx_pipelines").register_onnx_converters
    raise AttributeError(f"module 'skae.io' has no attribute {name!r}")
