"""The engine: compiled epochs, their cache, and scikeras.

Estimators call four things: :func:`compile_model` gives a Keras model its loss and optimizer,
:func:`train_model` runs epochs, :func:`apply_model` maps rows through an encoder, a decoder or
both, and :func:`clear_compiled_programs` forgets what was compiled.
"""

from skae._training._arguments import compile_model, make_callbacks
from skae._training._inference import Mapping, apply_model
from skae._training._loop import DivergedError, Rows, TrainingResult, train_model
from skae._training._programs import clear_compiled_programs

__all__ = [
    "DivergedError",
    "Mapping",
    "Rows",
    "TrainingResult",
    "apply_model",
    "clear_compiled_programs",
    "compile_model",
    "make_callbacks",
    "train_model",
]
